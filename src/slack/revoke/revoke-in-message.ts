import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Button } from '@slack/types';
import { z } from 'zod';
import { counted } from '../../counted.ts';
import { oldEndOf, standingOf } from '../../tokens/check.ts';
import type { CheckHash } from '../../tokens/check-hash.ts';
import { findValues, SEARCHED_LENGTH_MAX } from '../../tokens/finder.ts';
import { areHeld, heldOldValue, heldProof, type LeakSource, recogniseValue } from '../../tokens/held.ts';
import { type Actor, may } from '../../tokens/policy.ts';
import { type Refusal, refuseByPolicy, sentenceFor } from '../../tokens/refusal.ts';
import type { StoredSecret } from '../../tokens/store.ts';
import { parseTokenId, type TokenId, type UsedToken, type WorkspaceId } from '../../tokens/token.ts';
import type { TokenValue } from '../../tokens/token-value.ts';
import { REVOKE_HELD_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, escaped, section, tellingDialog } from '../blocks/text.ts';
import type { ListenerDeps, PressListener } from '../listener.ts';
import { placeOf } from '../look/opened-from.ts';
import { type Answer, answerVisit, refusalAnswer, tellForged } from '../reply/tell.ts';
import { type KnownVisit, readDelivery } from '../visit.ts';
import { leakReasonOf, leakTextOf } from './leaked-message.ts';
import { presentedOf, revokeQuestion } from './revoke.ts';
import { type PresentedValue, REVOKE_TITLE } from './revoke-dialog.ts';
import { sheetFacts } from './revoke-several.ts';
import { SHEET_TOKENS_MAX, type SheetFacts, severalDialog } from './several-dialog.ts';

/** Values that are looked up, each by one indexed read: the text of a message holds some 700. */
const VALUES_MAX = 5000;

/** So many are looked up in one go; then whoever waits for something else has a turn. */
const AT_ONCE = 100;

/** How long values whose pepper is lost are checked by bcrypt: the trigger of the dialog is good for 3 s. */
const HASHING_MS_MAX = 500;

const NONE_FOUND =
  'No token value in this message. Its text, attachments and file previews were searched, but not inside its files.';

/** What the values of a message turned out to be. */
export type Found = {
  /** Live tokens, each once: as many as one dialog takes. */
  readonly tokens: readonly UsedToken[];
  /** Their values: of two of one token the newer, which works longer. */
  readonly values: readonly StoredSecret[];
  /** Those of which both values stand in it. */
  readonly withBoth: ReadonlySet<TokenId>;
  /** Live ones beside those. */
  readonly othersCount: number;
  readonly deadCount: number;
  /** Tokens of which values stand in it that worked once. */
  readonly ended: readonly TokenId[];
  /** Nobody can say just now whether they are live. */
  readonly unclearCount: number;
  /** More than are looked up. */
  readonly leftCount: number;
};

/** Asks whether the tokens whose values stand in a message shall be ended. No value is repeated. */
async function messageAnswer(actor: Actor, body: object, deps: ListenerDeps): Promise<Answer> {
  const { message } = readDelivery(shortcut, body);
  const values = await valuesInMessage(message);
  const asked = { source: 'shortcut', tokensMax: SHEET_TOKENS_MAX, workspace: actor.workspace } as const;
  const found = await lookUp(values, asked, deps);
  const note = noteOf(found);
  if (found.tokens.length === 0) return telling(note ?? NONE_FOUND);
  const held = heldProof({ actor: actor.id, values: found.values, at: deps.clock() }, deps.peppers.current);
  const told = { held, inMessage: leakTextOf(body), note, reason: leakReasonOf(body) };
  return foundQuestion(actor, found, told, deps);
}

/** Asks whether the tokens that were found shall be ended; there is one at least. */
export async function foundQuestion(
  actor: Actor,
  found: Pick<Found, 'tokens' | 'values' | 'withBoth'>,
  told: {
    readonly held?: string | undefined;
    readonly inMessage: string;
    readonly note?: string | undefined;
    readonly reason: string;
  },
  deps: ListenerDeps,
): Promise<Answer> {
  const { held, inMessage, note, reason } = told;
  const [first, ...others] = found.tokens;
  if (first === undefined) throw new Error('nothing was found that could be asked about');
  const now = deps.clock();
  if (others.length === 0) {
    const value = await presentedIn(found, first, now, deps);
    return revokeQuestion(actor, first, { held, inMessage, note, reason, value }, deps);
  }
  const view = severalDialog(found.tokens, {
    metadata: { held, inMessage },
    reader: actor,
    now,
    total: found.tokens.length,
    facts: await factsOf(actor, found.tokens, await oldEndsIn(found, now, deps), deps),
    note,
    reason: { typed: reason },
  });
  return { kind: 'dialog', view };
}

/** What breaks with each; `oldEnds` tells whose value is the old one of two, and until when that works. */
async function factsOf(
  actor: Actor,
  tokens: readonly UsedToken[],
  oldEnds: ReadonlyMap<TokenId, number>,
  deps: ListenerDeps,
): Promise<ReadonlyMap<TokenId, SheetFacts>> {
  const facts = await sheetFacts(actor, tokens, deps.clock(), deps);
  for (const [id, oldEndsAt] of oldEnds) facts.set(id, { radius: facts.get(id)?.radius, oldEndsAt });
  return facts;
}

/** Those of which the old value of two stands in a message, with until when that works. */
async function oldEndsIn(
  { tokens, values }: Pick<Found, 'tokens' | 'values'>,
  now: number,
  { store }: ListenerDeps,
): Promise<ReadonlyMap<TokenId, number>> {
  const ids = tokens.map(({ id }) => id);
  const standing = await store.standingValues(ids, now);
  return new Map(
    values.flatMap(({ tokenId, lookupId, endsAt }) => {
      const [newest = lookupId] = standing.get(tokenId) ?? [];
      return lookupId === newest || endsAt === null ? [] : [[tokenId, endsAt] as const];
    }),
  );
}

/** What stands in the message of the two values that the token may have. */
async function presentedIn(
  { values, withBoth }: Pick<Found, 'values' | 'withBoth'>,
  { id }: UsedToken,
  now: number,
  { store }: ListenerDeps,
): Promise<PresentedValue | undefined> {
  const value = values.find(({ tokenId }) => tokenId === id);
  const presented = value && presentedOf(await standingOf(value, now, store));
  return presented !== undefined && withBoth.has(id) ? { ...presented, is: 'both' } : presented;
}

function distinct(values: readonly TokenValue[], { peppers }: ListenerDeps): TokenValue[] {
  return [
    ...new Map(values.map((value) => [value.digest(peppers.current.key).toString('hex'), value])).values(),
  ];
}

/** Looks up the values, each once, which came by `source`. Of the tokens found live, `tokensMax` are told. */
export async function lookUp(
  all: readonly TokenValue[],
  asked: {
    readonly workspace: WorkspaceId;
    readonly source: LeakSource;
    readonly tokensMax: number;
    readonly hashingMsMax?: number;
  },
  deps: ListenerDeps,
): Promise<Found> {
  const { workspace, source, tokensMax, hashingMsMax = HASHING_MS_MAX } = asked;
  const values = distinct(all, deps);
  const bounded = { ...deps, checkHash: checkHashFor(hashingMsMax, deps.checkHash) };
  const live = new Map<TokenId, StoredSecret>();
  const [dead, ended] = [new Set<TokenValue>(), new Set<TokenId>()];
  const withBoth = new Set<TokenId>();
  let unclearCount = 0;
  for (const [index, value] of values.slice(0, VALUES_MAX).entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await nextTurn();
    const verdict = await recogniseValue(value, source, bounded);
    if (verdict.kind === 'good') keepNewer(live, withBoth, verdict.secret);
    // Values of one token that have ended are told as one. Whose any other is, its lookup id does not prove.
    else if (verdict.kind === 'busy') unclearCount += 1;
    else if (verdict.why === 'ended') ended.add(verdict.secret.tokenId);
    else dead.add(value);
  }
  const endedAlone = [...ended].filter((id) => !live.has(id));
  const drawn = [...live.keys()].slice(0, tokensMax);
  const tokens = await deps.store.findTokens(workspace, drawn);
  return {
    tokens: [...tokens.values()].toSorted((a, b) => drawn.indexOf(a.id) - drawn.indexOf(b.id)),
    values: drawn.flatMap((id) => live.get(id) ?? []),
    withBoth,
    othersCount: live.size - drawn.length,
    deadCount: dead.size + endedAlone.length,
    ended: endedAlone,
    unclearCount,
    leftCount: Math.max(0, values.length - VALUES_MAX),
  };
}

function keepNewer(live: Map<TokenId, StoredSecret>, withBoth: Set<TokenId>, secret: StoredSecret): void {
  const known = live.get(secret.tokenId);
  if (known !== undefined) withBoth.add(secret.tokenId);
  if (known === undefined || known.createdAt < secret.createdAt) live.set(secret.tokenId, secret);
}

/** Begins no check after `ms`. What was found out by then is found at once the next time. */
function checkHashFor(ms: number, checkHash: CheckHash): CheckHash {
  const deadline = performance.now() + ms;
  return async (value, secret) => (performance.now() < deadline ? checkHash(value, secret) : 'busy');
}

/** What else is in the message, in short. */
function noteOf({ tokens, othersCount, deadCount, unclearCount, leftCount }: Found): string | undefined {
  const notes = [
    ...(othersCount === 0
      ? []
      : [
          `${counted(othersCount, 'more live token')} ${areOrIs(othersCount)} in this message. Revoke these first, then use the shortcut again.`,
        ]),
    ...(deadCount === 0 ? [] : [deadSentence(deadCount, tokens.length > 0, unclearCount + leftCount > 0)]),
    ...(unclearCount === 0
      ? []
      : [`${counted(unclearCount, 'value')} couldn't be checked. Try again in 10 seconds.`]),
    ...(leftCount === 0
      ? []
      : [
          `${counted(leftCount, 'more value')} ${leftCount === 1 ? "wasn't" : "weren't"} checked. Remove the others from the message, then use the shortcut again.`,
        ]),
  ];
  return notes.length === 0 ? undefined : notes.join(' ');
}

function areOrIs(count: number): string {
  return count === 1 ? 'is' : 'are';
}

function deadSentence(count: number, isBesideLive: boolean, isUnclear: boolean): string {
  const dont = count === 1 ? "doesn't work" : "don't work";
  const end = isBesideLive || isUnclear ? '.' : ", so there's nothing to revoke.";
  return `${counted(count, isBesideLive ? 'other value' : 'value')} in this message ${dont}${end}`;
}

function telling(sentence: string): Answer {
  return { kind: 'dialog', view: tellingDialog(REVOKE_TITLE, [section(sentence)]) };
}

const shortcut = z.object({ message: z.object({}).loose() });

/** *Revoke token in message*: `body` holds the whole message. */
export async function onRevokeInMessage(visit: KnownVisit, body: object, deps: ListenerDeps): Promise<void> {
  await answerVisit(visit, await messageAnswer(visit.actor, body, deps), deps, placeOf(visit));
}

/** So many ids, each with its part of the proof, fit into the 2,000 characters that a button may carry. */
export const HELD_TOKENS_MAX = 40;

/** What *Revoke it* carries: tokens, and the note that the person presented their values. Never a value. */
type Held = {
  readonly tokenIds: readonly TokenId[];
  readonly proof: string;
  /** Both values of the one token. */
  readonly withBoth: boolean;
};

/**
 * Tells `refusal` of a command that holds values where none belongs. Whoever typed one that works may revoke it by a button, and
 * so may whoever may revoke the token of one that worked once: what `/apitoken revoke VALUE` tells of a value, and no more.
 */
export async function heldAnswer(
  actor: Actor,
  values: readonly TokenValue[],
  refusal: Refusal,
  deps: ListenerDeps,
): Promise<Answer> {
  const message = await heldMessageOf(actor, values, refusal, deps);
  return message === undefined ? refusalAnswer(refusal) : { kind: 'message', message };
}

/** The same with the button; undefined where there is nothing to revoke, or not by them. */
export async function heldMessageOf(
  actor: Actor,
  values: readonly TokenValue[],
  refusal: Refusal,
  deps: ListenerDeps,
): Promise<Message | undefined> {
  const asked = { source: 'command', tokensMax: HELD_TOKENS_MAX, workspace: actor.workspace } as const;
  const found = await lookUp(values, asked, deps);
  const tokens = found.tokens.length > 0 ? found.tokens : await revocable(actor, found.ended, deps);
  if (tokens.length === 0) return undefined;
  const proof = heldProof({ actor: actor.id, values: found.values, at: deps.clock() }, deps.peppers.current);
  const withBoth = tokens.some(({ id }) => found.withBoth.has(id));
  const offered = refusal.code === 'several_values' ? { ...refusal, areOffered: true } : refusal;
  const held = { tokenIds: tokens.map(({ id }) => id), proof, withBoth };
  return heldMessage(sentenceFor(offered), held);
}

/** Those of the tokens that the actor may revoke, whatever they hold. */
async function revocable(
  actor: Actor,
  ids: readonly TokenId[],
  { store, policy }: ListenerDeps,
): Promise<readonly UsedToken[]> {
  const tokens = await store.findTokens(actor.workspace, ids.slice(0, HELD_TOKENS_MAX));
  return [...tokens.values()].filter(
    (token) => token.revokedAt === null && may(actor, 'revoke', token, policy),
  );
}

/** `sentence`, with the button that asks whether those tokens shall be revoked. */
export function heldMessage(sentence: string, held: Held): Message {
  return marked('held', {
    text: escaped(sentence),
    blocks: [section(sentence), { type: 'actions', elements: [heldButton(held)] }],
  });
}

/** *Revoke it*, for whoever had the values. */
export function heldButton({ tokenIds, proof, withBoth }: Held): Button {
  const value = [proof, withBoth ? 'both' : 'one', ...tokenIds].join(' ');
  return { ...button(REVOKE_HELD_ID, 'Revoke it', value), style: 'danger' };
}

function parseHeld(text: string): Held | undefined {
  const [proof = '', which, ...ids] = text.split(' ', HELD_TOKENS_MAX + 2);
  const tokenIds = ids.map(parseTokenId).filter((id) => id !== undefined);
  const isOurs = tokenIds.length > 0 && tokenIds.length === ids.length;
  return isOurs ? { tokenIds, proof, withBoth: which === 'both' } : undefined;
}

/** *Revoke it* was pressed: asks about the tokens whose values the person typed less than 30 minutes ago. */
export const onRevokeHeld: PressListener = async (visit, value, deps) => {
  const held = parseHeld(value);
  if (held === undefined) return tellForged(visit, 'revoke_held', deps);
  await answerVisit(visit, await askAboutHeld(visit.actor, held, deps), deps, placeOf(visit));
};

async function askAboutHeld(
  actor: Actor,
  { tokenIds, proof, withBoth }: Held,
  deps: ListenerDeps,
): Promise<Answer> {
  const isHeld = (ids: readonly TokenId[]) => areHeld(proof, { actor: actor.id, tokenIds: ids }, deps);
  if (!(await isHeld([]))) return refusalAnswer({ code: 'no_longer_held' });
  const there = await deps.store.findTokens(actor.workspace, tokenIds);
  const tokens: UsedToken[] = [];
  for (const id of tokenIds) {
    const token = there.get(id);
    if (token !== undefined && (await isHeld([id]))) tokens.push(token);
  }
  if (tokens.length > 0) return heldQuestion(actor, tokens, { proof, withBoth }, deps);
  // By nothing but their right. Of tokens of others somebody made this up, or their values have ended since.
  const theirs = [...there.values()].filter((token) => may(actor, 'revoke', token, deps.policy));
  if (theirs.length > 0) return heldQuestion(actor, theirs, { note: ENDED_VALUE_NOTE }, deps);
  const [tokenId = null] = there.keys();
  const refusal = { code: 'no_longer_held' } as const;
  await refuseByPolicy({ actor, attempted: 'revoke_held', tokenId, refusal }, deps);
  return refusalAnswer(refusal);
}

const ENDED_VALUE_NOTE = 'The value you typed no longer works. Revoking ends the token and all its values.';

/** The dialog about those of the tokens that are not revoked meanwhile. */
async function heldQuestion(
  actor: Actor,
  tokens: readonly UsedToken[],
  by: { readonly proof?: string; readonly withBoth?: boolean; readonly note?: string },
  deps: ListenerDeps,
): Promise<Answer> {
  const { proof: held, note } = by;
  const left = tokens.filter(({ revokedAt }) => revokedAt === null);
  const [first = tokens[0], ...others] = left;
  if (first === undefined || (left.length === 0 && tokens.length > 1)) {
    return refusalAnswer({ code: 'all_already_revoked' });
  }
  const oldEnds = held === undefined ? new Map() : await provenOldEnds(actor, left, held, deps);
  if (others.length === 0) {
    const is = by.withBoth === true ? 'both' : oldEnds.has(first.id) ? 'old' : 'new';
    const value = held === undefined ? undefined : await besideAnother(first, is, deps);
    return revokeQuestion(actor, first, { held, note, value }, deps);
  }
  const facts = await factsOf(actor, left, oldEnds, deps);
  const now = deps.clock();
  const asked = { metadata: { held }, reader: actor, now, total: left.length, facts, note };
  return { kind: 'dialog', view: severalDialog(left, asked) };
}

/** What was presented of a token that has two values; undefined where it has one. */
async function besideAnother(
  { id }: UsedToken,
  is: PresentedValue['is'],
  { store, clock }: ListenerDeps,
): Promise<PresentedValue | undefined> {
  const oldEndsAt = await oldEndOf(id, clock(), store);
  return oldEndsAt === undefined ? undefined : { is, oldEndsAt };
}

/** Those of the tokens of which `proof` notes the old value of two, with until when that works. */
async function provenOldEnds(
  actor: Actor,
  tokens: readonly UsedToken[],
  proof: string,
  deps: ListenerDeps,
): Promise<ReadonlyMap<TokenId, number>> {
  const ends = new Map<TokenId, number>();
  for (const { id } of tokens) {
    const old = await heldOldValue(proof, { actor: actor.id, tokenId: id }, deps);
    const endsAt = old.kind === 'held' ? await oldEndOf(id, deps.clock(), deps.store) : undefined;
    if (endsAt !== undefined) ends.set(id, endsAt);
  }
  return ends;
}

/** Parts of a message that are looked at; Slack's largest has some thousands. */
const PARTS_MAX = 50_000;

/** Characters of all its parts that are looked at: a text comes again in its blocks, and attachments have as much once more. */
const CHARACTERS_MAX = 4 * SEARCHED_LENGTH_MAX;

/** So much is looked at in one go, a millisecond or two; then whoever waits for something else has a turn. */
const PARTS_AT_ONCE = 2000;

const CHARACTERS_AT_ONCE = SEARCHED_LENGTH_MAX / 4;

/** No shorter text holds a value. A message of thousands of parts is full of them: what kind of part each is. */
const SHORTEST = 40;

/**
 * Every value in what Slack delivers of a message, wherever it stands: text, blocks however deep, attachments, titles and
 * previews of files. Pieces of one line that are formatted apart are read as one. The same value may come several times. Of
 * 50,000 parts and 262,144 characters, the first ones; a value must stand in one part, or one line.
 */
export async function valuesInMessage(message: unknown): Promise<TokenValue[]> {
  const values: TokenValue[] = [];
  for (const texts of inTurns(await textsIn(message))) {
    values.push(...findValues(texts));
    await nextTurn();
  }
  return values;
}

/** The texts of a message in their order, each once. */
async function textsIn(message: unknown): Promise<Set<string>> {
  const texts = new Set<string>();
  const waiting: unknown[] = [message];
  let left = CHARACTERS_MAX;
  for (let seen = 1; waiting.length > 0 && seen <= PARTS_MAX && left > 0; seen++) {
    if (seen % PARTS_AT_ONCE === 0) await nextTurn();
    const part = waiting.pop();
    const text = Array.isArray(part) ? lineOf(part) : part;
    if (typeof text === 'string' && text.length >= SHORTEST && !texts.has(text)) {
      texts.add(text.slice(0, left));
      left -= text.length;
    }
    if (typeof part === 'object' && part !== null) pushReversed(Object.values(part), waiting);
  }
  return texts;
}

/** The first is taken next, so that values come in the order in which they stand. */
function pushReversed(children: readonly unknown[], waiting: unknown[]): void {
  for (let at = Math.min(children.length, PARTS_MAX) - 1; at >= 0; at--) waiting.push(children[at]);
}

/** What the elements of a line draw, one after the other; nothing where only one does, which is looked at by itself. */
function lineOf(elements: readonly unknown[]): string {
  const pieces: string[] = [];
  for (const element of elements.slice(0, PARTS_MAX)) {
    const piece = pieceOf(element);
    if (piece !== undefined) pieces.push(piece);
  }
  return pieces.length > 1 ? pieces.join('') : '';
}

function pieceOf(element: unknown): string | undefined {
  if (typeof element !== 'object' || element === null) return undefined;
  if ('text' in element && typeof element.text === 'string') return element.text;
  return 'url' in element && typeof element.url === 'string' ? element.url : undefined;
}

/** `texts` in their order, as many at a time as are looked at in one go; a longer one by itself. */
function inTurns(texts: Iterable<string>): string[][] {
  const turns: string[][] = [];
  let length = CHARACTERS_AT_ONCE;
  for (const text of texts) {
    length += text.length;
    if (length > CHARACTERS_AT_ONCE) {
      turns.push([]);
      length = text.length;
    }
    turns.at(-1)?.push(text);
  }
  return turns;
}
