import type { PersonId, Token, WorkspaceId } from './token.ts';

/** What somebody may do beyond their own tokens. A person may have several; everybody is a member. */
export type Role = 'manager' | 'on_call' | 'admin';

/** What Slack says a person is. Only a member, and by policy a guest, may use the app. */
export type Standing = 'member' | 'guest' | 'bot' | 'stranger' | 'deactivated';

/** Who is doing this now, with facts no older than 60 s (person) and 5 min (groups). */
export type Actor = {
  readonly id: PersonId;
  readonly workspace: WorkspaceId;
  readonly standing: Standing;
  /** Their time zone, as Slack names it (IANA). */
  readonly zone: string;
  readonly roles: ReadonlySet<Role>;
};

/** What one may want to do with a token, or (`create_for_others`, `grant_introspect`) with none. */
export type Action =
  | 'create'
  | 'see'
  | 'show_value'
  | 'rotate'
  | 'revoke'
  | 'revoke_held'
  | 'check'
  | 'create_for_others'
  | 'grant_introspect';

const NOBODY: readonly Role[] = [];

/** Who may do it with any token. Everything not listed under `OWNER_MAY` or `EVERYONE_MAY` needs one of these roles. */
const ROLES_FOR_ANY: Readonly<Record<Action, readonly Role[]>> = {
  create: NOBODY,
  see: ['manager', 'on_call', 'admin'],
  show_value: NOBODY,
  rotate: NOBODY,
  revoke: ['on_call', 'admin'],
  revoke_held: NOBODY,
  check: ['on_call', 'admin'],
  create_for_others: ['admin'],
  grant_introspect: ['admin'],
};

const OWNER_MAY: ReadonlySet<Action> = new Set(['see', 'show_value', 'rotate', 'revoke', 'check']);

const EVERYONE_MAY: ReadonlySet<Action> = new Set(['create', 'revoke_held']);

/** Whether the company lets guests in. */
export type AccessPolicy = { readonly allowGuests: boolean };

/** Whether `actor` may use the app at all. */
export function mayUseApp(actor: Pick<Actor, 'standing'>, policy: AccessPolicy): boolean {
  return actor.standing === 'member' || (actor.standing === 'guest' && policy.allowGuests);
}

/** What somebody may do beyond their own tokens, so that nothing else is offered to them. */
export type Rights = { readonly seesAll: boolean; readonly revokesAny: boolean };

/** The actor's rights. */
export function rightsOf(actor: Actor, policy: AccessPolicy): Rights {
  return {
    seesAll: may(actor, 'see', undefined, policy),
    revokesAny: may(actor, 'revoke', undefined, policy),
  };
}

/** The roles that give somebody the right to do it with what is not theirs; none where it hangs on no role. */
export function rolesFor(action: Action): readonly Role[] {
  return ROLES_FOR_ANY[action];
}

/** The whole table of who may do what. With no token: whether they may do it with everybody's. */
export function may(
  actor: Actor,
  action: Action,
  token: Pick<Token, 'owner' | 'workspace'> | undefined,
  policy: AccessPolicy,
): boolean {
  if (!mayUseApp(actor, policy)) return false;
  if (token !== undefined && token.workspace !== actor.workspace) return false;
  if (EVERYONE_MAY.has(action)) return true;
  if (token?.owner === actor.id && OWNER_MAY.has(action)) return true;
  return ROLES_FOR_ANY[action].some((role) => actor.roles.has(role));
}

/** The built-in scope: its holder may ask `/introspect` about any token. Granted by admins, never set in SCOPES. */
export const INTROSPECT_SCOPE = 'introspect';
