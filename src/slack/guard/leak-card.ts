import { createHash } from 'node:crypto';
import type { WebClient } from '@slack/web-api';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { heldProof } from '../../tokens/held.ts';
import type { Leak, Outbox } from '../../tokens/outbox.ts';
import type { Peppers } from '../../tokens/pepper.ts';
import { type AccessPolicy, mayUseApp } from '../../tokens/policy.ts';
import { endByGuard, isWorking, leakedValues } from '../../tokens/revoke.ts';
import type { TokenStore } from '../../tokens/store.ts';
import type { Saying } from '../../tokens/telling.ts';
import type { PersonId, WorkspaceId } from '../../tokens/token.ts';
import type { Message } from '../blocks/message.ts';
import type { Actors } from '../people/actor.ts';
import { postDirectMessage, postMessage, whisper } from '../reply/direct-message.ts';
import { orInShort } from '../reply/in-short.ts';
import { fateOf, slackErrorOf } from '../reply/slack-error.ts';
import { leakPlaceOf } from '../revoke/leaked-message.ts';
import { HELD_TOKENS_MAX, heldButton } from '../revoke/revoke-in-message.ts';
import type { GuardSettings } from './guard.ts';
import {
  type LeakDrawing,
  type LeakForms,
  onCallMessage,
  ownerMessage,
  posterMessage,
} from './leak-blocks.ts';

export type LeakCardDeps = {
  readonly store: TokenStore & Outbox;
  readonly client: WebClient;
  readonly actors: Pick<Actors, 'onCall' | 'standing'>;
  readonly guard: GuardSettings;
  readonly peppers: Peppers;
  readonly policy: AccessPolicy;
  readonly workspace: WorkspaceId;
  readonly workspaceUrl: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

/** Card by card, whoever is on call is told; this one stands in the channel of the settings. */
const IN_CHANNEL = 'channel';

const ON_CALL = 'oncall:';

/** A channel in which the app cannot write, until somebody mends that. Slack says of a private one that it is not there. */
const CLOSED_CODES: ReadonlySet<string> = new Set([
  'channel_not_found',
  'is_archived',
  'not_in_channel',
  'posting_to_channel_denied',
]);

/** The poster cannot be told there. */
const UNREACHED_CODES: ReadonlySet<string> = new Set([...CLOSED_CODES, 'user_not_in_channel']);

/**
 * Tells one of the people of a message with live values, or brings what they were told up to date. What the guard was to end and
 * did not, because the process ended, is ended first. Resolves to the instant at which a value ends by itself, and the card with
 * it. Throws as `WebClient` does.
 */
export async function sayLeak(
  { channel, ts, reader }: Extract<Saying, { kind: 'leak' }>,
  deps: LeakCardDeps,
): Promise<number | undefined> {
  const leak = await deps.store.findLeak({ channel, ts });
  if (leak === undefined) return undefined;
  const drawing = await drawingOf(leak, deps);
  if (drawing.values.length === 0) return undefined;
  if (reader === 'poster') {
    await tellPoster(drawing, deps);
    return undefined;
  }
  if (reader === 'oncall') await tellOnCall(drawing, deps);
  else await tellOwner(drawing, reader, deps);
  const ends = drawing.values.flatMap((value) => (isWorking(value) ? (value.endsAt ?? []) : []));
  return ends.length === 0 ? undefined : Math.min(...ends);
}

async function drawingOf(leak: Leak, deps: LeakCardDeps): Promise<LeakDrawing> {
  const { workspace, store, clock } = deps;
  const now = clock();
  const url = urlOf(leak, deps.workspaceUrl);
  const values = await leakedValues(leak, workspace, now, store);
  const left = values.filter((value) => value.isThere && isWorking(value));
  if (leak.policy !== 'revoke' || left.length === 0) return { leak, values, url, now };
  await endByGuard(left, leak.reason, deps);
  return { leak, values: await leakedValues(leak, workspace, clock(), store), url, now };
}

/** https://docs.slack.dev/reference/methods/chat.getPermalink shows the form. */
function urlOf({ channel, ts, threadTs }: Leak, workspaceUrl: string | undefined): string | undefined {
  if (workspaceUrl === undefined) return undefined;
  const thread = threadTs === null || threadTs === ts ? '' : `?thread_ts=${threadTs}&cid=${channel}`;
  return `${workspaceUrl}archives/${channel}/p${ts.replace('.', '')}${thread}`;
}

/** In the channel of the settings or, without one or where the app cannot write there, each in their conversation with the app. */
async function tellOnCall(drawing: LeakDrawing, deps: LeakCardDeps): Promise<void> {
  const told = Object.keys(drawing.leak.cards).filter((key) => key === IN_CHANNEL || key.startsWith(ON_CALL));
  if (told.length > 0) {
    for (const key of told) await putCard(drawing, key, onCallCard(drawing, key), deps);
    return;
  }
  if (deps.guard.channel !== undefined && (await isToldInChannel(drawing, deps))) return;
  for (const person of await onCallOf(deps)) {
    const key = `${ON_CALL}${person}`;
    await unlessGone(putCard(drawing, key, onCallCard(drawing, key), deps));
  }
}

function onCallCard(drawing: LeakDrawing, key: string): LeakForms {
  return onCallMessage(drawing, key === IN_CHANNEL ? undefined : (key.slice(ON_CALL.length) as PersonId));
}

function isToldInChannel(drawing: LeakDrawing, deps: LeakCardDeps): Promise<boolean> {
  return isOpen(putCard(drawing, IN_CHANNEL, onCallCard(drawing, IN_CHANNEL), deps), deps);
}

/** Whether what is said in the channel of the settings could be said there. */
async function isOpen(saying: Promise<unknown>, { log }: LeakCardDeps): Promise<boolean> {
  try {
    await saying;
    return true;
  } catch (error) {
    const { code } = slackErrorOf(error);
    if (!CLOSED_CODES.has(code) && !code.startsWith('restricted_action')) throw error;
    log.warn({ code }, 'LEAK_CHANNEL cannot be written to: who is on call is told one by one');
    return false;
  }
}

/** Tells whoever is on call what stays so, where they are told of leaks. Throws as `WebClient` does. */
export async function tellOnCallOnce(message: Message, deps: LeakCardDeps): Promise<void> {
  const { channel } = deps.guard;
  if (channel !== undefined && (await isOpen(postMessage(deps.client, channel, message), deps))) return;
  for (const person of await onCallOf(deps)) {
    await unlessGone(postDirectMessage(deps, person, message).then(() => undefined));
  }
}

async function onCallOf({ actors, log }: LeakCardDeps): Promise<readonly PersonId[]> {
  const people = await actors.onCall();
  if (people.length === 0) log.warn('nobody on call could be told of a leak: set LEAK_CHANNEL or ONCALL');
  return people;
}

async function tellOwner(drawing: LeakDrawing, owner: PersonId, deps: LeakCardDeps): Promise<void> {
  const values = drawing.values.filter(({ token }) => token.owner === owner);
  if (values.length > 0) await putCard(drawing, owner, ownerMessage({ ...drawing, values }, owner), deps);
}

/** Posts a card or, where there is one that says something else, changes it. One that is gone stays so. */
async function putCard(
  { leak }: LeakDrawing,
  key: string,
  forms: LeakForms,
  deps: LeakCardDeps,
): Promise<void> {
  const drawing = createHash('sha256').update(JSON.stringify(forms)).digest('base64url');
  const kept = leak.cards[key];
  if (kept?.drawing === drawing) return;
  const place = kept === undefined ? await postCard(key, forms, deps) : await changeCard(kept, forms, deps);
  await deps.store.keepLeakCard(leak, key, { ...place, drawing });
}

async function postCard(key: string, [whole, short]: LeakForms, deps: LeakCardDeps) {
  const { client, guard, log } = deps;
  const channel = key === IN_CHANNEL ? guard.channel : undefined;
  const post = (form: Message) =>
    channel === undefined
      ? postDirectMessage(deps, key.replace(ON_CALL, ''), form)
      : postMessage(client, channel, form);
  return orInShort(whole, log, post, short);
}

async function changeCard(
  { channel, ts }: Leak['cards'][string],
  [whole, short]: LeakForms,
  { client, log }: LeakCardDeps,
) {
  try {
    await orInShort(whole, log, (form) => client.chat.update({ channel, ts, ...form }), short);
  } catch (error) {
    const { code } = slackErrorOf(error);
    if (code !== 'message_not_found' && !CLOSED_CODES.has(code)) throw error;
  }
  return { channel, ts };
}

/** So that they alone see it, where their message stands; if they are not there, in their conversation with the app. */
async function tellPoster(drawing: LeakDrawing, deps: LeakCardDeps): Promise<void> {
  const { leak } = drawing;
  const { poster } = leakPlaceOf(leak.place);
  const values = drawing.values.filter(({ isThere }) => isThere);
  if (poster === undefined || values.length === 0) return;
  const revokeIt = (await mayPress(poster, deps)) ? revokeItFor(poster, values, deps) : undefined;
  const message = posterMessage({ ...drawing, values }, poster, revokeIt);
  const thread = leak.threadTs === null ? {} : { thread_ts: leak.threadTs };
  try {
    await deps.client.chat.postEphemeral({ channel: leak.channel, user: poster, ...thread, ...message });
  } catch (error) {
    const { code, isLost } = slackErrorOf(error);
    if (UNREACHED_CODES.has(code)) return unlessGone(whisper(deps.client, poster, message));
    if (!isLost) throw error;
  }
}

async function mayPress(poster: PersonId, { actors, policy }: LeakCardDeps): Promise<boolean> {
  return actors.standing(poster).then(
    (standing) => mayUseApp({ standing }, policy),
    () => false,
  );
}

/** They wrote the values, so they may revoke them, whosever they are. */
function revokeItFor(poster: PersonId, values: LeakDrawing['values'], { clock, peppers }: LeakCardDeps) {
  const held = values.filter(isWorking).slice(0, HELD_TOKENS_MAX);
  if (held.length === 0) return undefined;
  const known = held.flatMap(({ token, lookupId }) =>
    lookupId === undefined ? [] : [{ tokenId: token.id, lookupId }],
  );
  const proof = heldProof({ actor: poster, values: known, at: clock() }, peppers.current);
  return heldButton({ tokenIds: held.map(({ token }) => token.id), proof, withBoth: false });
}

/** Nobody is left to read it: somebody left, or is a bot. */
async function unlessGone(telling: Promise<void>): Promise<void> {
  try {
    await telling;
  } catch (error) {
    if (fateOf(slackErrorOf(error).code) !== 'nobody_there') throw error;
  }
}
