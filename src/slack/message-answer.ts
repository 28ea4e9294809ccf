import { heldProof } from '../tokens/held.ts';
import type { Actor } from '../tokens/policy.ts';
import type { TokenId, UsedToken } from '../tokens/token.ts';
import type { TokenValue } from '../tokens/token-value.ts';
import { verifyValue } from '../tokens/verify.ts';
import type { Answer } from './answer.ts';
import { tellingDialog } from './blocks/dialog.ts';
import { REVOKE_TITLE } from './blocks/revoke-dialog.ts';
import { severalDialog } from './blocks/several-dialog.ts';
import { saying } from './blocks/text.ts';
import type { ListenerDeps } from './listener.ts';
import { revokeQuestion } from './revoke-answer.ts';
import { valuesInMessage } from './values-in-message.ts';

/** Values of one message that are looked up. */
const VALUES_MAX = 20;
const SEARCHED =
  'Its text, its blocks, its attachments and the titles and previews of its files were searched, not what is inside the files.';

/** What the values of a message turned out to be. */
type Found = {
  /** Live tokens, each once. */
  readonly tokens: readonly UsedToken[];
  readonly deadCount: number;
  /** Nobody can say just now whether they are live. */
  readonly unclearCount: number;
  /** More than are looked up. */
  readonly leftCount: number;
};

/** Asks whether the tokens whose values stand in a message shall be ended. No value is repeated. */
export async function messageAnswer(actor: Actor, message: unknown, deps: ListenerDeps): Promise<Answer> {
  const found = await lookUp(actor, distinct(valuesInMessage(message), deps), deps);
  const note = noteOf(found);
  const [first, ...others] = found.tokens;
  if (first === undefined) return telling(note ?? `There is no token value in this message. ${SEARCHED}`);
  const tokenIds = found.tokens.map(({ id }) => id);
  const proof = heldProof({ actor: actor.id, tokenIds, at: deps.clock() }, deps.peppers.current);
  if (others.length === 0) return revokeQuestion(actor, first, { held: proof, inMessage: true, note }, deps);
  const view = severalDialog(found.tokens, {
    metadata: { held: { proof, tokens: tokenIds }, inMessage: true },
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
  const tokens = new Map<TokenId, UsedToken>();
  let deadCount = 0;
  let unclearCount = 0;
  for (const value of values.slice(0, VALUES_MAX)) {
    const verdict = await verifyValue(value, deps);
    if (verdict.kind === 'good') {
      const token = await deps.store.findToken(actor.workspace, verdict.secret.tokenId);
      if (token !== undefined) tokens.set(token.id, token);
    } else if (verdict.kind === 'bad') deadCount += 1;
    else unclearCount += 1;
  }
  const leftCount = Math.max(0, values.length - VALUES_MAX);
  return { tokens: [...tokens.values()], deadCount, unclearCount, leftCount };
}

function noteOf({ tokens, deadCount, unclearCount, leftCount }: Found): string | undefined {
  const more = tokens.length > 0 ? ' more' : '';
  const notes = [
    ...(deadCount > 0
      ? [
          `${counted(deadCount, more)} in it ${deadCount === 1 ? 'is' : 'are'} not live: nothing accepts ${deadCount === 1 ? 'it' : 'them'}.`,
        ]
      : []),
    ...(unclearCount > 0
      ? [`${counted(unclearCount, more)} in it could not be looked up just now. Try again in a moment.`]
      : []),
    ...(leftCount > 0
      ? [
          `${counted(leftCount, ' more')} in it ${leftCount === 1 ? 'was' : 'were'} not looked up: use the shortcut again once these are revoked and out of the message.`,
        ]
      : []),
  ];
  return notes.length === 0 ? undefined : notes.join(' ');
}

function counted(count: number, more: string): string {
  return `${count}${more} ${count === 1 ? 'value' : 'values'}`;
}

function telling(sentence: string): Answer {
  return { kind: 'dialog', view: tellingDialog(REVOKE_TITLE, [saying(sentence)]) };
}
