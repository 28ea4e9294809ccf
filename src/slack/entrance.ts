import type { AllMiddlewareArgs, AnyMiddlewareArgs } from '@slack/bolt';
import { z } from 'zod';
import { type Actor, mayUseApp, type Standing } from '../tokens/policy.ts';
import { type Refusal, refuseByPolicy, sentenceFor } from '../tokens/refusal.ts';
import { CREATE_SHORTCUT_ID, MESSAGE_SHORTCUT_ID, PICK_TOKEN_ID } from './blocks/ids.ts';
import { type EphemeralKind, ephemeralKindOf, type LastingKind, lastingKindOf } from './blocks/marked.ts';
import { sentenceMessage } from './blocks/text.ts';
import type { ListenerDeps } from './listener.ts';
import { PRESSES, SUBMISSIONS } from './listeners/listeners.ts';
import { ackProblem, type RawAck } from './reply/submission.ts';
import { tell } from './reply/tell.ts';
import { type KnownVisit, parsePress, parseVisit, readDelivery, type Visit } from './visit.ts';

const visits = new WeakMap<object, KnownVisit>();

/** The visit that the entrance let in. Throws where nobody was let in. */
export function visitOf(body: object): KnownVisit {
  const visit = visits.get(body);
  if (visit === undefined) throw new Error('a listener was called without anybody being let in');
  return visit;
}

/**
 * The first thing that a command, action, shortcut, submission or search meets: finds out who it is, and lets nobody in who may
 * not use the app. All but submissions and searches were acknowledged as they came. Events of the workspace itself pass.
 */
export async function entrance(
  args: AnyMiddlewareArgs & Pick<AllMiddlewareArgs, 'next'>,
  deps: ListenerDeps,
): Promise<void> {
  if (!('ack' in args) || 'event' in args) return args.next();
  const { body } = args;
  const ack = args.ack as RawAck;
  const visit = parseVisit(body);
  const drawnIn = 'actions' in body ? pressedIn(body) : undefined;
  const actor = await deps.actors.find(visit.personId, visit.teamId);
  const refusal =
    actor === undefined
      ? ({ code: 'person_unknown' } as const)
      : await refusalFor(body, { ...visit, actor, pressedIn: drawnIn }, deps);
  if (actor === undefined || refusal !== undefined) {
    const sentence = sentenceFor(refusal ?? { code: 'person_unknown' });
    return tellRefused({ visit, actor, sentence }, body, ack, deps);
  }
  visits.set(body, { ...visit, actor, pressedIn: drawnIn });
  await args.next();
}

/** The app has no conversation with any of these, and can have none. */
export const UNREACHABLE: ReadonlySet<Standing | undefined> = new Set<Standing>([
  'stranger',
  'bot',
  'deactivated',
]);

async function tellRefused(
  { visit, actor, sentence }: { visit: Visit; actor: Actor | undefined; sentence: string },
  body: AnyMiddlewareArgs['body'],
  ack: RawAck,
  { client }: Pick<ListenerDeps, 'client'>,
): Promise<void> {
  if (body.type === 'view_submission') return ackProblem(ack, body, sentence);
  if (body.type === 'block_suggestion') return ack({ options: [] });
  const isPlaceless = visit.responseUrl === undefined && visit.triggerId === undefined;
  if (isPlaceless && UNREACHABLE.has(actor?.standing)) return;
  return tell(visit, sentenceMessage(sentence), client);
}

/** Not for them, or a button or dialog that this version does not know: it was drawn by another one, or made up. */
async function refusalFor(body: object, visit: KnownVisit, deps: ListenerDeps): Promise<Refusal | undefined> {
  const { actor } = visit;
  if (!mayUseApp(actor, deps.policy)) {
    const refusal = { code: 'app_not_permitted' } as const;
    await refuseByPolicy({ actor, attempted: 'use_app', tokenId: null, refusal }, deps);
    return refusal;
  }
  const isUnknown = !isOurs(body);
  if (!isUnknown && !isMisplaced(body, visit)) return undefined;
  const refusal = { code: 'press_unknown' } as const;
  const attempted = isUnknown ? 'unknown_press' : 'misplaced_press';
  await refuseByPolicy({ actor, attempted, tokenId: null, refusal }, deps);
  return refusal;
}

/**
 * Whether a button was pressed where it is not drawn. Otherwise a made-up press on what everybody reads, as a board or a shared
 * page, would have its answer written over that, or take it away.
 */
function isMisplaced(body: object, visit: KnownVisit): boolean {
  const { actions } = readDelivery(called, body);
  return (actions ?? []).some((action) => {
    const { actionId } = parsePress(action);
    return PRESSES.has(actionId) && !drawnInOf(actionId).some((drawnIn) => drawnIn === visit.pressedIn);
  });
}

const called = z.object({
  type: z.string().nullish(),
  callback_id: z.string().nullish(),
  action_id: z.string().nullish(),
  view: z.object({ callback_id: z.string().nullish() }).nullish(),
  actions: z.array(z.unknown()).nullish(),
});

const SHORTCUTS: ReadonlySet<string> = new Set([CREATE_SHORTCUT_ID, MESSAGE_SHORTCUT_ID]);

/** Whether a listener answers it. Whoever pressed or chose what none does would wait for ever. */
function isOurs(body: object): boolean {
  const { type, callback_id, action_id, view, actions } = readDelivery(called, body);
  switch (type) {
    case 'view_submission':
      return SUBMISSIONS.has(view?.callback_id ?? '');
    case 'block_suggestion':
      return action_id === PICK_TOKEN_ID;
    case 'shortcut':
    case 'message_action':
      return SHORTCUTS.has(callback_id ?? '');
    default:
      if ('command' in body) return true;
      return (
        actions != null &&
        actions.length > 0 &&
        actions.every((action) => PRESSES.has(parsePress(action).actionId))
      );
  }
}

/**
 * What a button stands in: a message of ours by its kind, a Home tab or a dialog. `unread`: a message that does not tell what
 * it is, as one of an older version; whatever may stand there must not be written over.
 */
export type DrawnIn = EphemeralKind | LastingKind | 'home' | 'dialog' | 'unread';

const maybe = z.string().nullish();

const press = z.object({
  container: z.object({ view_id: maybe, is_ephemeral: z.boolean().nullish() }).nullish(),
  view: z.object({ type: maybe }).nullish(),
  message: z.object({ blocks: z.array(z.object({ block_id: maybe })).nullish() }).nullish(),
  actions: z.array(z.object({ action_id: maybe, block_id: maybe })).nullish(),
});

/**
 * What was pressed in, undefined when that is nothing in which we draw a button.
 *
 * Of a press, `action_id`, `block_id` and `value` come back from a client. What it was pressed in is Slack's own word: the view,
 * the lasting message with its blocks as Slack keeps them, or that a message was ephemeral, of which Slack keeps nothing. So a
 * lasting message is what its blocks say, and an ephemeral one what the pressed block says, or its blocks where they come along
 * after all, or, where none has an id, what the button is drawn in; whoever lies about that one writes over nothing but what
 * they alone see. The fields are those of the payloads that slackapi/bolt-python and slackapi/java-slack-sdk recorded;
 * https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
 */
function pressedIn(body: unknown): DrawnIn | undefined {
  const { container, view, message, actions } = readDelivery(press, body);
  if (view != null || container?.view_id) return view?.type === 'home' ? 'home' : 'dialog';
  const kept = message?.blocks?.flatMap(({ block_id }) => block_id || []);
  const lasting = kept?.flatMap((id) => lastingKindOf(id) ?? [])[0];
  if (lasting !== undefined || container?.is_ephemeral !== true) return lasting ?? 'unread';
  const ids = kept ?? actions?.flatMap(({ block_id }) => block_id || []) ?? [];
  if (ids.length > 0) return ids.flatMap((id) => ephemeralKindOf(id) ?? [])[0] ?? 'unread';
  return (
    drawnInOf(actions?.[0]?.action_id).flatMap((drawnIn) => ephemeralKindOf(drawnIn) ?? [])[0] ?? 'unread'
  );
}

function drawnInOf(actionId: string | null | undefined): readonly DrawnIn[] {
  return PRESSES.get(actionId ?? '')?.drawnIn ?? [];
}
