import { setImmediate as nextTurn } from 'node:timers/promises';
import { counted } from '../counted.ts';
import type { CheckHash } from '../tokens/check-hash.ts';
import { type HeldValue, heldProof } from '../tokens/held.ts';
import type { Actor } from '../tokens/policy.ts';
import type { StoredSecret } from '../tokens/store.ts';
import type { TokenId, UsedToken } from '../tokens/token.ts';
import type { TokenValue } from '../tokens/token-value.ts';
import { verifyValue } from '../tokens/verify.ts';
import type { Answer } from './answer.ts';
import { tellingDialog } from './blocks/dialog.ts';
import { REVOKE_TITLE } from './blocks/revoke-dialog.ts';
import { SHEET_TOKENS_MAX, severalDialog } from './blocks/several-dialog.ts';
import { saying } from './blocks/text.ts';
import type { ListenerDeps } from './listener.ts';
import { revokeQuestion } from './revoke-answer.ts';
import { valuesInMessage } from './values-in-message.ts';

/** Values that are looked up, each by one indexed read: the text of a message holds some 700. */
const VALUES_MAX = 5000;
/** So many are looked up in one go; then whoever waits for something else has a turn. */
const AT_ONCE = 100;
/** How long values whose pepper is lost are checked by bcrypt: the trigger of the dialog is good for 3 s. */
const HASHING_MS_MAX = 500;
const SEARCHED =
  'Its text, its blocks, its attachments and the titles and previews of its files were searched, not what is inside the files.';

/** What the values of a message turned out to be. */
type Found = {
  /** Live tokens, each once: as many as one dialog takes. */
  readonly tokens: readonly UsedToken[];
  /** Their values: of two of one token the newer, which is honoured longer. */
  readonly values: readonly HeldValue[];
  /** Live ones beside those. */
  readonly othersCount: number;
  readonly deadCount: number;
  /** Nobody can say just now whether they are live. */
  readonly unclearCount: number;
  /** More than are looked up. */
  readonly leftCount: number;
};

/** Asks whether the tokens whose values stand in a message shall be ended. No value is repeated. */
export async function messageAnswer(actor: Actor, message: unknown, deps: ListenerDeps): Promise<Answer> {
  const found = await lookUp(actor, distinct(await valuesInMessage(message), deps), deps);
  const note = noteOf(found);
  const [first, ...others] = found.tokens;
  if (first === undefined) return telling(note ?? `There is no token value in this message. ${SEARCHED}`);
  const { values } = found;
  const proof = heldProof({ actor: actor.id, values, at: deps.clock() }, deps.peppers.current);
  if (others.length === 0) return revokeQuestion(actor, first, { held: proof, inMessage: true, note }, deps);
  const view = severalDialog(found.tokens, {
    metadata: { held: proof, inMessage: true },
    byOwner: found.tokens.every(({ owner }) => owner === actor.id),
    now: deps.clock(),
    total: found.tokens.length,
    note,
  });
  return { kind: 'dialog', view };
}

function distinct(values: readonly TokenValue[], { peppers }: ListenerDeps): TokenValue[] {
  return [
    ...new Map(values.map((value) => [value.digest(peppers.current.key).toString('hex'), value])).values(),
  ];
}

async function lookUp(actor: Actor, values: readonly TokenValue[], deps: ListenerDeps): Promise<Found> {
  const bounded = { ...deps, checkHash: checkHashFor(HASHING_MS_MAX, deps.checkHash) };
  const live = new Map<TokenId, StoredSecret>();
  let deadCount = 0;
  let unclearCount = 0;
  for (const [index, value] of values.slice(0, VALUES_MAX).entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await nextTurn();
    const verdict = await verifyValue(value, bounded);
    if (verdict.kind === 'good') keepNewer(live, verdict.secret);
    else if (verdict.kind === 'bad') deadCount += 1;
    else unclearCount += 1;
  }
  const drawn = [...live.keys()].slice(0, SHEET_TOKENS_MAX);
  const tokens = await deps.store.findTokens(actor.workspace, drawn);
  return {
    tokens: [...tokens.values()].toSorted((a, b) => drawn.indexOf(a.id) - drawn.indexOf(b.id)),
    values: drawn.flatMap((id) => live.get(id) ?? []),
    othersCount: live.size - drawn.length,
    deadCount,
    unclearCount,
    leftCount: Math.max(0, values.length - VALUES_MAX),
  };
}

function keepNewer(live: Map<TokenId, StoredSecret>, secret: StoredSecret): void {
  const known = live.get(secret.tokenId);
  if (known === undefined || known.createdAt < secret.createdAt) live.set(secret.tokenId, secret);
}

/** Begins no check after `ms`. What was found out by then is found at once the next time. */
function checkHashFor(ms: number, checkHash: CheckHash): CheckHash {
  const deadline = performance.now() + ms;
  return async (value, secret) => (performance.now() < deadline ? checkHash(value, secret) : 'busy');
}

function noteOf(found: Found): string | undefined {
  const { tokens, othersCount, deadCount, unclearCount, leftCount } = found;
  const more = tokens.length > 0 ? ' more' : '';
  const notes = [
    noteFor(othersCount, (one) =>
      one
        ? 'The value of 1 more live token stands in it: use the shortcut again once these are revoked.'
        : `The values of ${othersCount} more live tokens stand in it: use the shortcut again once these are revoked.`,
    ),
    noteFor(deadCount, (one) =>
      one
        ? `1${more} value in it is not live: nothing accepts it.`
        : `${deadCount}${more} values in it are not live: nothing accepts them.`,
    ),
    noteFor(
      unclearCount,
      () =>
        `${counted(unclearCount, `${more} value`.trim())} in it could not be looked up just now. Try again in a moment.`,
    ),
    noteFor(
      leftCount,
      (one) =>
        `${counted(leftCount, 'more value')} in it ${one ? 'was' : 'were'} not looked up: use the shortcut again once these are revoked and out of the message.`,
    ),
  ].filter((note) => note !== undefined);
  return notes.length === 0 ? undefined : notes.join(' ');
}

function noteFor(count: number, sentenceOf: (isOne: boolean) => string): string | undefined {
  return count === 0 ? undefined : sentenceOf(count === 1);
}

function telling(sentence: string): Answer {
  return { kind: 'dialog', view: tellingDialog(REVOKE_TITLE, [saying(sentence)]) };
}
