import type { AuditEvent } from './audit.ts';
import type { PersonId, Token, TokenId } from './token.ts';

/**
 * What owners, and whoever created a token for them, are told of tokens that `actor` ended: one message each, however many
 * tokens. Whoever did it themselves is not told, nor the creator of what its owner ended.
 */
export function tellings(ended: readonly Token[], actor: PersonId, dueAt: number): Effect['sayings'] {
  const byOthers = ended.filter(({ owner }) => owner !== actor);
  const created = byOthers.filter(({ owner, createdBy }) => createdBy !== owner && createdBy !== actor);
  const sayings = [
    ...tellEach(byOthers, ({ owner }) => owner, 'revoked_by_other'),
    ...tellEach(created, ({ createdBy }) => createdBy, 'revoked_of_created'),
  ];
  return sayings.map((saying) => ({ saying, dueAt }));
}

/** One message to each person that `personOf` names, however many of the tokens are theirs. */
export function tellEach(
  tokens: readonly Token[],
  personOf: (token: Token) => PersonId,
  ofOne: 'revoked_by_other' | 'revoked_of_created' | 'owner_left',
): Saying[] {
  return [...Map.groupBy(tokens, personOf)].map(([person, [first, ...others]]) => {
    if (first === undefined) throw new Error('a group without a token');
    if (others.length === 0) return { kind: ofOne, tokenId: first.id };
    return { kind: 'several_revoked', person, tokenIds: [first, ...others].map(({ id }) => id) };
  });
}

/** The keys of the Slack delivery that asks for an effect. The effect happens once per key, whatever is delivered twice. */
export type Delivery = { readonly keys: readonly string[] };

/** What is still to be said in Slack. The state of the moment it is said counts, so none of these carries any. */
export type Saying =
  | { readonly kind: 'receipt'; readonly tokenId: TokenId }
  | { readonly kind: 'home'; readonly person: PersonId }
  | { readonly kind: 'revoked_by_other'; readonly tokenId: TokenId }
  /** To whoever created it for its owner, when a third person ended it. */
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
  | { readonly kind: 'board'; readonly channel: string };

/** What an owner is told without having asked. */
export const NOTICE_KINDS = [
  'expires_in_14_days',
  'expires_in_7_days',
  'expires_tomorrow',
  'reminder',
  'dead_presented',
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

/** The receipt and the owner's Home tab are to be drawn anew. */
export function sayingsAbout(token: Token, now: number) {
  return [
    { saying: { kind: 'receipt', tokenId: token.id }, dueAt: now },
    { saying: { kind: 'home', person: token.owner }, dueAt: now },
  ] as const;
}

/** Whoever created it for its owner is told when that one is shown its first value. */
export function claimedSayings({ id, owner, createdBy, claimedAt }: Token, now: number) {
  if (createdBy === owner || claimedAt !== null) return [];
  return [{ saying: { kind: 'claimed', tokenId: id }, dueAt: now }] as const;
}
