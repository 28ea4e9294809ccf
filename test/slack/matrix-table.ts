/** Which tokens somebody in a role can do a thing with. Where it concerns no token, `any` says that they may, `none` that not. */
type Reach = 'any' | 'own' | 'none';
type Column = 'member' | 'manager' | 'on-call' | 'admin';
type Rule = Readonly<Record<Column, Reach>>;

// DESIGN §3, "Who may do what", written out by hand: nothing of it comes from the code that it is compared with.
const EVERYONE: Rule = { member: 'any', manager: 'any', 'on-call': 'any', admin: 'any' };
const OWNER_ALONE: Rule = { member: 'own', manager: 'own', 'on-call': 'own', admin: 'own' };
const SEES_ALL: Rule = { member: 'own', manager: 'any', 'on-call': 'any', admin: 'any' };
const REVOKES_ANY: Rule = { member: 'own', manager: 'own', 'on-call': 'any', admin: 'any' };
/** What shows everybody's tokens at once is not there for a member. */
const OVERVIEW: Rule = { member: 'none', manager: 'any', 'on-call': 'any', admin: 'any' };
/** Even the own token is not found by its first characters. */
const RESPONDERS: Rule = { member: 'none', manager: 'none', 'on-call': 'any', admin: 'any' };
const ADMINS_ALONE: Rule = { member: 'none', manager: 'none', 'on-call': 'none', admin: 'any' };

/** Every way into the app, and who may take it: some are drawn for nobody who may not, and are forged. */
export const TABLE = {
  '/apitoken': EVERYONE,
  '/apitoken list all': EVERYONE,
  '/apitoken find TEXT': EVERYONE,
  '/apitoken help': EVERYONE,
  '/apitoken frobnicate': EVERYONE,
  '/apitoken create NAME': EVERYONE,
  '/apitoken info NAME': SEES_ALL,
  '/apitoken info, to pick': EVERYONE,
  '/apitoken history NAME': SEES_ALL,
  '/apitoken history, to pick': EVERYONE,
  '/apitoken rotate NAME': OWNER_ALONE,
  '/apitoken rotate, to pick': EVERYONE,
  '/apitoken revoke NAME': REVOKES_ANY,
  '/apitoken revoke tok_…': REVOKES_ANY,
  '/apitoken revoke VALUE': EVERYONE,
  '/apitoken revoke first characters': RESPONDERS,
  '/apitoken revoke @person': REVOKES_ANY,
  '/apitoken revoke, to pick': EVERYONE,
  '/apitoken check VALUE': REVOKES_ANY,
  '/apitoken status': OVERVIEW,
  '/apitoken status @person': OVERVIEW,
  '/apitoken status @nobody': OVERVIEW,
  '/apitoken board': OVERVIEW,

  'Create API Token, pressed': EVERYONE,
  'Did you mean /apitoken help': EVERYONE,
  'Did you mean /apitoken status, forged': OVERVIEW,
  'the list’s filter': EVERYONE,
  'the list’s search': EVERYONE,
  'the list’s search, cleared': EVERYONE,
  'the list’s next page': EVERYONE,
  'the list’s previous page': EVERYONE,
  'cog: Rotate': OWNER_ALONE,
  'cog: Revoke API Token': REVOKES_ANY,
  'cog: History': SEES_ALL,
  'cog: Info': SEES_ALL,
  'cog: Show value': OWNER_ALONE,
  'cog: Create again': OWNER_ALONE,
  'Home, Create API Token, pressed': EVERYONE,
  'Home, the list’s filter': EVERYONE,
  'Home, search': EVERYONE,
  'Home, All tokens': OVERVIEW,
  'Home, Revoke a leaked token': RESPONDERS,
  'Home, cog: Rotate': OWNER_ALONE,
  'Home, cog: Revoke API Token': REVOKES_ANY,
  'Home, cog: History': SEES_ALL,
  'Home, cog: Info': SEES_ALL,
  'Home, cog: Show value': OWNER_ALONE,
  'Home, cog: Create again': OWNER_ALONE,
  'value: Hide now': EVERYONE,
  'receipt: Rotate': OWNER_ALONE,
  'receipt: Revoke': REVOKES_ANY,
  'receipt: Show value': OWNER_ALONE,
  'receipt: Decline': OWNER_ALONE,
  'receipt: Issue new value': OWNER_ALONE,
  'receipt: End old value now': OWNER_ALONE,
  'receipt: Refresh': OWNER_ALONE,
  'notice: Remind me tomorrow': OWNER_ALONE,
  'leak card: Revoke': REVOKES_ANY,
  'leak card: Rotate': OWNER_ALONE,
  'dialog: End old value only': EVERYONE,
  'a typed value: Revoke it': EVERYONE,
  'a typed value: Revoke it, with another’s proof': REVOKES_ANY,
  'history: Newer': SEES_ALL,
  'history: Older': SEES_ALL,
  'card: Refresh': SEES_ALL,
  'card: It has stopped': REVOKES_ANY,
  'card: Copy timeline': SEES_ALL,
  'card: Share to channel': SEES_ALL,
  'card: Show the others': REVOKES_ANY,
  'status: Open NAME': SEES_ALL,
  'status: search': OVERVIEW,
  'status: filter': OVERVIEW,
  'status: person': OVERVIEW,
  'status: Everybody': OVERVIEW,
  'status: Next': OVERVIEW,
  'status: Previous': OVERVIEW,
  'status: Share to channel': OVERVIEW,
  'status: CSV': OVERVIEW,
  'board: Stop updating': OVERVIEW,

  'submitted: create for oneself': EVERYONE,
  'submitted: create for another': ADMINS_ALONE,
  'submitted: create with introspect': ADMINS_ALONE,
  'submitted: rotate': OWNER_ALONE,
  'submitted: revoke': REVOKES_ANY,
  'submitted: revoke after VALUE': EVERYONE,
  'submitted: revoke with another’s proof': REVOKES_ANY,
  'submitted: several of a person': REVOKES_ANY,
  'submitted: eleven of a person': REVOKES_ANY,
  'submitted: eleven of a person, not named': REVOKES_ANY,
  'submitted: several without a person': REVOKES_ANY,
  'submitted: pick for info': SEES_ALL,
  'submitted: pick for history': SEES_ALL,
  'submitted: pick for rotate': OWNER_ALONE,
  'submitted: pick for revoke': REVOKES_ANY,
  'submitted: person picked': REVOKES_ANY,
  'submitted: NAME that leaked': REVOKES_ANY,
  'submitted: VALUE that leaked': EVERYONE,

  'shortcut Create API Token': EVERYONE,
  'shortcut Revoke token in message': EVERYONE,
  'search in the picker': EVERYONE,
  'Home, opened': EVERYONE,
} as const satisfies Readonly<Record<string, Rule>>;

/** A way into the app. */
export type Way = keyof typeof TABLE;
/** Who comes, as Slack and the settings have them; nobody but the first four is let in, or guests where the company says so. */
export type Comer = Column | 'guest' | 'bot' | 'stranger' | 'deactivated';
export const LET_IN: readonly Column[] = ['member', 'manager', 'on-call', 'admin'];
export const KEPT_OUT = ['guest', 'bot', 'stranger', 'deactivated'] as const;

/** Whose token a way is taken with: `none` where it concerns none, `own` where nobody else's can be named. */
export type Whose = 'own' | 'others' | 'none';

/** What the table says of that: everything that is not allowed is refused. */
export function expected(column: Column, way: Way, whose: Whose): 'works' | 'refused' {
  const reach: Reach = TABLE[way][column];
  return reach === 'any' || (reach === 'own' && whose !== 'others') ? 'works' : 'refused';
}

/**
 * By which facts a way is decided where it hangs on a role, written out by hand: by what is remembered (a person 60 s, a group
 * 5 minutes) where it only shows something to whoever comes, by what Slack answers now where it changes what is another's or
 * takes the knowledge of it out of their own sight, and where a dialog that was submitted shows another's.
 */
export const FRESHNESS = {
  '/apitoken info NAME': 'remembered',
  '/apitoken history NAME': 'remembered',
  '/apitoken revoke NAME': 'remembered',
  '/apitoken revoke tok_…': 'remembered',
  '/apitoken revoke first characters': 'remembered',
  '/apitoken revoke @person': 'remembered',
  '/apitoken check VALUE': 'remembered',
  '/apitoken status': 'remembered',
  '/apitoken status @person': 'remembered',
  '/apitoken status @nobody': 'remembered',
  '/apitoken board': 'asked anew',
  'Did you mean /apitoken status, forged': 'remembered',
  'cog: Revoke API Token': 'remembered',
  'cog: History': 'remembered',
  'cog: Info': 'remembered',
  'Home, cog: Revoke API Token': 'remembered',
  'Home, cog: History': 'remembered',
  'Home, cog: Info': 'remembered',
  'Home, All tokens': 'remembered',
  'Home, Revoke a leaked token': 'remembered',
  'receipt: Revoke': 'remembered',
  'leak card: Revoke': 'remembered',
  'a typed value: Revoke it, with another’s proof': 'remembered',
  'history: Newer': 'remembered',
  'history: Older': 'remembered',
  'card: Refresh': 'remembered',
  'card: It has stopped': 'asked anew',
  'card: Copy timeline': 'remembered',
  'card: Share to channel': 'asked anew',
  'card: Show the others': 'remembered',
  'status: Open NAME': 'remembered',
  'status: search': 'remembered',
  'status: filter': 'remembered',
  'status: person': 'remembered',
  'status: Everybody': 'remembered',
  'status: Next': 'remembered',
  'status: Previous': 'remembered',
  'status: Share to channel': 'asked anew',
  'status: CSV': 'asked anew',
  'board: Stop updating': 'asked anew',
  'submitted: create for another': 'asked anew',
  'submitted: create with introspect': 'asked anew',
  'submitted: revoke': 'asked anew',
  'submitted: revoke with another’s proof': 'asked anew',
  'submitted: several of a person': 'asked anew',
  'submitted: eleven of a person': 'asked anew',
  'submitted: eleven of a person, not named': 'asked anew',
  'submitted: several without a person': 'asked anew',
  'submitted: pick for info': 'asked anew',
  'submitted: pick for history': 'asked anew',
  'submitted: pick for revoke': 'asked anew',
  'submitted: person picked': 'asked anew',
  'submitted: NAME that leaked': 'asked anew',
} as const satisfies Partial<Readonly<Record<Way, 'remembered' | 'asked anew'>>>;
