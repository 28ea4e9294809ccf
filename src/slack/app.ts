import { App, type Receiver } from '@slack/bolt';
import type { WebClient, WebClientOptions } from '@slack/web-api';
import { type Clock, SECOND_MS } from '../clock.ts';
import { type Log, newReference } from '../log.ts';
import { rolesFor } from '../tokens/policy.ts';
import { createShowingTurns } from '../tokens/show.ts';
import { UNWRITABLE } from '../tokens/store.ts';
import { CREATE_SHORTCUT_ID, MESSAGE_SHORTCUT_ID, PICK_TOKEN_ID } from './blocks/ids.ts';
import { section, sentenceMessage, tellingDialog } from './blocks/text.ts';
import { onCreate } from './create/create.ts';
import { type Intake, kindOfDelivery, type OnFault } from './deliveries/intake.ts';
import { withOrigin } from './dialog-metadata.ts';
import { entrance, visitOf } from './entrance.ts';
import { createChannelNames, type GuardDeps, type GuardSettings, onOverheard } from './guard/guard.ts';
import type { DomainDeps, ListenerDeps } from './listener.ts';
import { onCommand } from './listeners/command.ts';
import { registerEvents } from './listeners/events.ts';
import { PRESSES, SUBMISSIONS } from './listeners/listeners.ts';
import { pickOptions } from './listeners/pick.ts';
import { createCheckLimit } from './look/check-limit.ts';
import { createHomes, type Homes } from './look/list.ts';
import { createOpenings } from './look/opened-from.ts';
import { createReceipts, type Receipts } from './notices/receipts.ts';
import { type Actors, createActors, type RoleSettings } from './people/actor.ts';
import { toldByAll } from './people/changes.ts';
import { PatientClient } from './reply/patient-client.ts';
import { createTables } from './reply/respond.ts';
import { sdkLogger } from './reply/sdk-logger.ts';
import { type AckSubmission, ackProblem, type RawAck } from './reply/submission.ts';
import { tell, updateDialog } from './reply/tell.ts';
import { onRevokeInMessage } from './revoke/revoke-in-message.ts';
import { valueDelivery } from './show/deliver-value.ts';
import { createLoopTurns, createOneAtATime, createSharedTurns, createTurns, type TakeTurn } from './turns.ts';
import {
  findDelivery,
  findReplyRoute,
  parseCommandText,
  parsePress,
  parseSearch,
  parseSubmission,
} from './visit.ts';

const CALL_MS_MAX = 5 * SECOND_MS;

/** Who somebody is must be known within a delivery's 3 s. */
const WHO_MS_MAX = 1 * SECOND_MS;

/** The Slack side, built but not yet connected. */
export type SlackApp = {
  readonly client: WebClient;
  readonly homes: Homes;
  readonly receipts: Receipts;
  readonly actors: Actors;
  readonly takeBoardTurn: TakeTurn;
  start(): Promise<void>;
};

export type SlackAppDeps = DomainDeps & {
  readonly apiUrl: string;
  readonly botToken: () => string;
  /** How deliveries come, and where the receiver puts them. */
  readonly receiver: Receiver;
  readonly intake: Pick<Intake, 'waitingAck' | 'tell' | 'fail'>;
  readonly roles: RoleSettings;
  readonly guard: GuardSettings;
  /** Of the app itself, so that Bolt ignores what it wrote, and what it was granted. */
  readonly identity: GuardDeps['identity'] & { readonly scopes: ReadonlySet<string> };
};

/** A client for Slack's Web API that gives up after `timeoutMs` and tries nothing twice: whoever calls decides on that. */
export function createSlackClient(
  options: {
    readonly botToken: () => string;
    readonly apiUrl: string;
    readonly clock: Clock;
    readonly log: Log;
  },
  timeoutMs = CALL_MS_MAX,
): WebClient {
  return new PatientClient(options.botToken(), clientOptions(options, timeoutMs), options.clock);
}

/** Builds the Bolt app with all its listeners. It takes no delivery before `start`. */
export function createSlackApp(deps: SlackAppDeps): SlackApp {
  const client = createSlackClient(deps);
  const app = new App({
    receiver: deps.receiver,
    authorize: async () => ({
      botToken: deps.botToken(),
      ...(deps.identity.botId === undefined ? {} : { botId: deps.identity.botId }),
      ...(deps.identity.botUserId === undefined ? {} : { botUserId: deps.identity.botUserId }),
    }),
    clientOptions: clientOptions(deps, CALL_MS_MAX),
    logger: sdkLogger(deps.log),
    convoStore: false,
    deferInitialization: true,
    extendedErrorHandler: true,
  });
  const listenerDeps = listenerDepsOf(deps, client);
  register(app, listenerDeps);
  registerFaults(app, deps.intake, listenerDeps);
  registerGuard(deps, listenerDeps);
  const { homes, receipts, actors, takeBoardTurn } = listenerDeps;
  const start = async () => {
    await app.init();
    await app.start();
  };
  return { client, homes, receipts, actors, takeBoardTurn, start };
}

/** Listeners get no more than this: neither the bot token nor what takes deliveries in. */
function listenerDepsOf(deps: SlackAppDeps, client: WebClient): ListenerDeps {
  const { store, policy, workspace, roles, clock, log } = deps;
  const { hasher, prefix, peppers, redigests, checkHash, usage, leaks } = deps;
  const impatient = createSlackClient(deps, WHO_MS_MAX);
  const actors = toldByAll(createActors({ client: impatient, workspace, roles, clock, log }), deps);
  const drawing = { store, policy, workspace, clock, log, client };
  return {
    ...drawing,
    hasher,
    prefix,
    peppers,
    redigests,
    checkHash,
    usage,
    leaks,
    actors,
    findPerson: (id, freshness) =>
      freshness === 'anew'
        ? actors.findAnew(id, undefined, rolesFor('grant_introspect'))
        : actors.find(id, undefined),
    openedFrom: createOpenings({ peppers, clock }),
    checkLimit: createCheckLimit('check', deps),
    writtenLimit: createCheckLimit('written', deps),
    takeWrittenTurn: createSharedTurns('written', deps),
    homes: createHomes(drawing),
    receipts: createReceipts(drawing),
    tables: createTables(clock),
    takeBoardTurn: createSharedTurns('board', deps),
    takeShareTurn: createSharedTurns('share', deps),
    exportOneAtATime: createOneAtATime('export', deps),
    deliver: valueDelivery(client, log),
    showingTurns: createShowingTurns(clock),
  };
}

function register(app: App, deps: ListenerDeps): void {
  app.use((args) => entrance(args, deps));
  const loopTurn = createLoopTurns();
  // Who waited for the same answer of Slack goes on here.
  app.use(({ next }) => loopTurn().then(next));
  app.command('/apitoken', ({ body }) => onCommand(visitOf(body), parseCommandText(body), deps));
  for (const [actionId, { listener }] of PRESSES) {
    app.action(actionId, ({ body, payload }) => listener(visitOf(body), parsePress(payload).value, deps));
  }
  for (const [callbackId, listener] of SUBMISSIONS) {
    app.view({ callback_id: callbackId, type: 'view_submission' }, ({ body, view, ack }) => {
      const visit = visitOf(body);
      const ackWithOrigin: AckSubmission = (response) =>
        ack('view' in response ? { ...response, view: withOrigin(response.view, visit.origin) } : response);
      return listener(visit, { ...parseSubmission(view), ack: ackWithOrigin }, deps);
    });
  }
  app.options(PICK_TOKEN_ID, async ({ body, payload, ack }) =>
    ack({ options: await pickOptions(visitOf(body).actor, parseSearch(payload), deps) }),
  );
  app.shortcut(CREATE_SHORTCUT_ID, ({ body }) => onCreate(visitOf(body), '', deps));
  app.shortcut({ callback_id: MESSAGE_SHORTCUT_ID, type: 'message_action' }, ({ body }) =>
    onRevokeInMessage(visitOf(body), body, deps),
  );
  registerEvents(app, deps);
}

/** What is said in channels comes past Bolt, of which each event costs more than the looking. */
function registerGuard(deps: SlackAppDeps, listenerDeps: ListenerDeps): void {
  const { guard, identity, clock } = deps;
  const channelNames = createChannelNames({
    client: createSlackClient(deps, WHO_MS_MAX),
    clock,
    scopes: identity.scopes,
  });
  const turns = { takeLeakTurn: createTurns(), shareLeakTurn: createSharedTurns('leak', deps) };
  const guardDeps = { ...listenerDeps, guard, identity, channelNames, ...turns };
  deps.intake.tell({ onOverheard: (body) => onOverheard(body, guardDeps) });
}

/** One of the two places where faults end: logged once, told once, both with the same reference. */
function registerFaults(app: App, intake: SlackAppDeps['intake'], deps: ListenerDeps): void {
  const onFault: OnFault = async (fault, body) => {
    const reference = newReference();
    deps.log.error({ err: fault, reference }, 'a delivery of Slack failed');
    try {
      await tellFault(body, { fault, reference }, intake.waitingAck(body), deps);
    } catch (untold) {
      deps.log.warn(
        { reference, reason: untold instanceof Error ? untold.name : 'unknown' },
        'and nobody could be told',
      );
    }
  };
  intake.tell({ onFault });
  app.error(({ error, body }: { error: Error; body: object }) => intake.fail(error, body));
}

function clientOptions(
  options: { readonly apiUrl: string; readonly log: Log },
  timeoutMs: number,
): WebClientOptions {
  return {
    slackApiUrl: options.apiUrl,
    timeout: timeoutMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: sdkLogger(options.log),
  };
}

/** Whether what was delivered changed something before the fault, or nobody knows: then it is not said that it did not. */
async function hadEffect(body: object, { store }: Pick<ListenerDeps, 'store'>): Promise<boolean> {
  try {
    return await store.isAnswered(findDelivery(body));
  } catch {
    return true;
  }
}

/**
 * Tells a person that something broke, with the reference that finds it in the log: under the first field while the
 * dialog still waits for its answer (`ack`), in the dialog when it was answered, else where they pressed or typed. A search
 * finds nothing. Behind an event or a closed dialog stands nobody who waits.
 */
async function tellFault(
  body: object,
  { fault, reference }: { readonly fault: unknown; readonly reference: string },
  waitingAck: RawAck | undefined,
  deps: Pick<ListenerDeps, 'client' | 'store'>,
): Promise<void> {
  const fields: Readonly<Record<string, unknown>> = { ...body };
  const kind = kindOfDelivery(fields);
  if (kind === 'event' || fields.type === 'view_closed') return;
  if (kind === 'search') return waitingAck?.({ options: [] });
  const mayBeDone = await hadEffect(body, deps);
  if (waitingAck !== undefined && kind === 'submission') {
    return ackProblem(
      waitingAck,
      body,
      faultSentence(fault, mayBeDone ? 'maybe_done' : 'nothing_done', reference),
    );
  }
  const sentence = faultSentence(fault, mayBeDone ? 'maybe_done' : 'unclear', reference);
  const route = findReplyRoute(body);
  if (kind === 'submission' && route.viewId !== undefined) {
    return updateDialog(route, tellingDialog('apitoken', [section(sentence)]), deps.client);
  }
  return tell(route, sentenceMessage(sentence), deps.client);
}

/** `unclear`: it broke before the end. `maybe_done`: it broke after something was done, or nobody knows. */
function faultSentence(
  fault: unknown,
  how: 'nothing_done' | 'unclear' | 'maybe_done',
  reference: string,
): string {
  const isUnwritable = fault instanceof Error && 'code' in fault && fault.code === UNWRITABLE;
  const what = isUnwritable ? CANNOT_WRITE : WENT_WRONG;
  return `${what[how]} Reference ${reference}`;
}

const WENT_WRONG = {
  nothing_done: 'Something went wrong. Nothing was changed. Try again.',
  unclear: 'Something went wrong before this was done. Check /apitoken list, then try again.',
  maybe_done: 'Something went wrong, but this may already be done. Check before you try again.',
};

const CANNOT_WRITE = {
  nothing_done:
    "apitoken can't write to its database right now. Nothing was changed. Tell whoever runs apitoken, then try again.",
  unclear:
    "apitoken can't write to its database right now. Tell whoever runs apitoken. Then check /apitoken list, and try again.",
  maybe_done:
    "apitoken can't write to its database right now. This may already be done. Tell whoever runs apitoken, then check.",
};
