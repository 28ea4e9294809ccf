import { SECOND_MS } from '../clock.ts';
import type { AuditAction, AuditEvent } from './audit.ts';
import { noticesBefore } from './notices.ts';
import type { KeptMessage } from './outbox.ts';
import type { Doer, PersonId, Token, TokenId } from './token.ts';

/** Why the app itself ends a token, as the revocation's reason. */
export const NEVER_CLAIMED = 'never claimed';
export const OWNER_LEFT = 'owner left';
export const OWNER_BARRED = 'owner may not use apitoken';

/** Of what is ended once more, since a backup or a crash brought it back. */
export const PUT_BACK = 'ended before the database was put back';

const OWN_REASONS = [NEVER_CLAIMED, OWNER_LEFT, OWNER_BARRED] as const;

/** What somebody hears of: a new action does not compile until it is known who hears of it, or that nobody does. */
export type Told = Exclude<
  AuditAction,
  | 'value.checked'
  | 'values.sealed'
  | `${'card' | 'status' | 'board' | 'incident' | 'action' | 'refusals' | 'clock'}.${string}`
>;

/** What happened, as far as it decides who hears of it. */
export type Happened = {
  readonly action: Told;
  readonly actor: Doer;
  readonly at: number;
  readonly reason?: string | null;
};

type Hearing = {
  readonly owner?: 'revoked_by_other' | 'old_value_ended' | 'barred' | undefined;
  /** Whoever created it for somebody else. */
  readonly creator?: 'claimed' | 'revoked_of_created' | 'never_claimed' | 'owner_left';
  /** Whether its owner is told of its expiry beforehand: notices are to come. */
  readonly hasNotices?: true;
  /** How long the drawing waits, where it is the owner who did it. */
  readonly drawnAfterMs?: number;
};

const OF_NEW_VALUE = { creator: 'claimed', hasNotices: true } as const;

/**
 * Who hears of what. Beside it the receipts and the owner's Home tab are drawn anew, always. Nobody is told what they did
 * themselves. Whoever left cannot be told any more; who is barred can.
 */
export const HEARD: Readonly<Record<Told | (typeof OWN_REASONS)[number], Hearing>> = {
  // Its value is being shown to whoever creates for themselves: that comes before the receipt.
  'token.created': { drawnAfterMs: 2 * SECOND_MS },
  'value.shown': OF_NEW_VALUE,
  'value.replaced': OF_NEW_VALUE,
  'value.withdrawn': {},
  'token.rotated': OF_NEW_VALUE,
  'token.renewed': OF_NEW_VALUE,
  'old_value.ended': { owner: 'old_value_ended' },
  'token.revoked': { owner: 'revoked_by_other', creator: 'revoked_of_created' },
  [NEVER_CLAIMED]: { owner: 'revoked_by_other', creator: 'never_claimed' },
  [OWNER_LEFT]: { creator: 'owner_left' },
  [OWNER_BARRED]: { owner: 'revoked_by_other', creator: 'owner_left' },
  'token.expired': {},
  'owner.marked': { owner: 'barred' },
  'owner.unmarked': {},
};

function hearingOf({ action, actor, reason }: Happened): Hearing {
  const own = actor === 'system' ? OWN_REASONS.find((one) => one === reason) : undefined;
  const hearing = HEARD[action === 'token.revoked' ? (own ?? action) : action];
  // An owner hears of what the guard did by the card about the message.
  if (actor === 'guard') return { ...hearing, owner: undefined };
  return hearing;
}

/** Who is told of a message that holds live values: whoever is on call, its poster, each owner of theirs. */
export type LeakReader = 'oncall' | 'poster' | PersonId;

/** What is said of such a message to these people. */
export function leakSayings({ channel, ts }: KeptMessage, readers: Iterable<LeakReader>): Saying[] {
  return [...new Set(readers)].map((reader) => ({ kind: 'leak', channel, ts, reader }));
}

/** What is said of what happened to the tokens of `owners`: to each person one message, however many of the tokens are theirs. */
export function sayingsOf(
  happened: Happened,
  tokens: readonly Token[],
  owners: ReadonlySet<PersonId> = new Set(tokens.map(({ owner }) => owner)),
): Effect['sayings'] {
  const { actor, at } = happened;
  const { owner, creator, drawnAfterMs = 0 } = hearingOf(happened);
  const people = [...owners];
  const drawn: Saying[] = [
    ...tokens.map(({ id }) => ({ kind: 'receipt', tokenId: id }) as const),
    ...people.map((person) => ({ kind: 'home', person }) as const),
  ];
  const drawnAt = people.some((person) => person === actor) ? at + drawnAfterMs : at;
  const ofOthers = tokens.filter((token) => token.createdBy !== token.owner);
  const told: Saying[] = [
    ...(owner === 'barred'
      ? people.filter((person) => person !== actor).map((person) => ({ kind: owner, person }))
      : tellEach(tokens, (token) => token.owner, owner, actor)),
    ...tellEach(ofOthers, ({ createdBy }) => createdBy, creator, actor),
    ...(actor === 'github'
      ? [{ kind: 'found_in_public', tokenIds: tokens.map(({ id }) => id) } as const]
      : []),
  ];
  return [
    ...drawn.map((saying) => ({ saying, dueAt: drawnAt })),
    ...told.map((saying) => ({ saying, dueAt: at })),
  ];
}

/** `claimed` is told of the first value alone. */
function tellEach(
  tokens: readonly Token[],
  personOf: (token: Token) => PersonId,
  kind: Exclude<Hearing['owner' | 'creator'], 'barred'>,
  actor: Doer,
): Saying[] {
  if (kind === undefined) return [];
  const news = kind === 'claimed' ? tokens.filter(({ claimedAt }) => claimedAt === null) : tokens;
  return [...Map.groupBy(news, personOf)].flatMap(([person, [first, ...others]]): Saying[] => {
    if (person === actor || first === undefined) return [];
    if (others.length === 0) return [{ kind, tokenId: first.id }];
    return [{ kind: 'several_revoked', person, tokenIds: [first, ...others].map(({ id }) => id) }];
  });
}

/** The event of what happened to the token, and all that it brings along. */
export function effectOf(
  { action, actor, at }: Happened,
  token: Token,
  detail: AuditEvent['detail'] = {},
): Omit<Effect, 'delivery'> {
  const { hasNotices = false } = HEARD[action];
  return {
    event: { at, actor, action, tokenId: token.id, detail: { name: token.name, ...detail } },
    sayings: sayingsOf({ action, actor, at }, [token]),
    notices: hasNotices ? noticesBefore(token.expiresAt, at) : [],
  };
}

/** The keys of the Slack delivery that asks for an effect. The effect happens once per key, whatever is delivered twice. */
export type Delivery = { readonly keys: readonly string[] };

/** What is still to be said in Slack. The state of the moment it is said counts, so none of these carries any. */
export type Saying =
  | { readonly kind: 'receipt'; readonly tokenId: TokenId }
  | { readonly kind: 'home'; readonly person: PersonId }
  | { readonly kind: 'revoked_by_other'; readonly tokenId: TokenId }
  /** To its owner, when somebody else, who held it, ended its old value. */
  | { readonly kind: 'old_value_ended'; readonly tokenId: TokenId }
  /** To whoever created it for its owner, when somebody else ended it, its owner too. */
  | { readonly kind: 'revoked_of_created'; readonly tokenId: TokenId }
  /** To their owner or creator: all of them were ended at once, so it is one message. */
  | { readonly kind: 'several_revoked'; readonly person: PersonId; readonly tokenIds: readonly TokenId[] }
  /** To whoever created it for somebody else: its owner has taken it. */
  | { readonly kind: 'claimed'; readonly tokenId: TokenId }
  /** To the same: its owner did not take it in time. */
  | { readonly kind: 'never_claimed'; readonly tokenId: TokenId }
  /** To the same: it was revoked, because its owner left or may not use the app any more. */
  | { readonly kind: 'owner_left'; readonly tokenId: TokenId }
  /** To somebody who may not use the app any more: what becomes of their tokens. */
  | { readonly kind: 'barred'; readonly person: PersonId }
  | { readonly kind: 'notice'; readonly notice: NoticeKind; readonly tokenId: TokenId }
  | { readonly kind: 'board'; readonly channel: string }
  /** Of the message at this place, which holds live values or did. */
  | { readonly kind: 'leak'; readonly channel: string; readonly ts: string; readonly reader: LeakReader }
  /** To whoever is on call: values of these were found in public, and ended. */
  | { readonly kind: 'found_in_public'; readonly tokenIds: readonly TokenId[] };

/** What an owner is told without having asked. */
export const NOTICE_KINDS = [
  'expires_in_14_days',
  'expires_in_7_days',
  'expires_tomorrow',
  'reminder',
  'dead_presented',
  'revoked_presented',
  'retired_presented',
] as const;

export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** A notice to come. It is dropped when the token has ended or was rotated by then. */
export type Notice = { readonly kind: NoticeKind; readonly dueAt: number };

/** What every change brings along, written in the same transaction as the change. */
export type Effect = {
  readonly event: AuditEvent;
  readonly delivery: Delivery;
  readonly sayings: readonly { readonly saying: Saying; readonly dueAt: number }[];
  /** Notices to come, of the token in its new generation. */
  readonly notices?: readonly Notice[];
};

/** What happened to an effect: `repeated` means that this delivery had it before, and nothing was written now. */
export type Repeated = { readonly kind: 'repeated'; readonly tokenId: TokenId };
