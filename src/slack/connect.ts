import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { type Clock, SECOND_MS } from '../clock.ts';
import { every } from '../every.ts';
import type { Log } from '../log.ts';
import { SetupError } from '../setup-error.ts';
import type { LeaverPolicy, Owners } from '../tokens/leavers.ts';
import type { Outbox } from '../tokens/outbox.ts';
import { revokeUnclaimed } from '../tokens/revoke.ts';
import type { TokenStore, Visitors } from '../tokens/store.ts';
import type { WorkspaceId } from '../tokens/token.ts';
import { createSlackApp, createSlackClient, type SlackAppDeps } from './app.ts';
import { INSTALL_AGAIN, mendingSentence } from './blocks/mending.ts';
import { HttpReceiver, type SlackDoor } from './deliveries/http-receiver.ts';
import { createIntake, type Intake, type OnAck } from './deliveries/intake.ts';
import { SocketReceiver } from './deliveries/sockets.ts';
import { startOutbox } from './outbox.ts';
import { createOwnerLookUp, LOOK_UP_PACE_MS } from './people/owner-look-up.ts';
import { pause } from './reply/pause.ts';
import { sdkLogger } from './reply/sdk-logger.ts';
import { slackErrorOf } from './reply/slack-error.ts';
import { refreshBoards } from './status/board.ts';
import { paced } from './turns.ts';

/** Notices are to be said within 60 s. */
const NOTICES_MS = 20 * SECOND_MS;

/** Slack counts the calls of all processes: who is next is asked about no sooner than so much of the pace later. */
const PACE_LEFT = 0.8;

/** Tokens that nobody took are ended soon after their time is over: they have days. */
const UNCLAIMED_MS = 20 * SECOND_MS;

/** A board shows a change within 60 s, and is changed once in 60 s: what changed is known before it may be changed again. */
const BOARDS_MS = 15 * SECOND_MS;

export type SlackDeps = Omit<SlackAppDeps, 'workspace' | 'identity' | 'store' | 'receiver' | 'intake'> & {
  readonly onAck: OnAck;
  /** Whether we open sockets to Slack, or Slack posts to us. */
  readonly mode:
    | { readonly kind: 'socket'; readonly appToken: () => string; readonly sockets: number }
    | { readonly kind: 'http'; readonly signingSecret: () => string };
  readonly store: TokenStore &
    Outbox &
    Owners &
    Visitors & { bindWorkspace(id: WorkspaceId): Promise<WorkspaceId> };
  readonly leavers: LeaverPolicy;
  /** By which Slack's signatures are fresh, also while the app's own time is ahead of it. */
  readonly machineClock: Clock;
};

/** The app's side toward Slack, from before it is connected until it is stopped. */
export type Slack = {
  /** Where Slack posts to in HTTP mode, from the start: it refuses while we are not connected. */
  readonly door: SlackDoor | undefined;
  isConnected(): boolean;
  /** How many deliveries of Slack are in work. */
  inWork(): number;
  /** Rejects with a `SetupError` or fault when the app cannot be connected as it is set up; resolves when it was stopped. */
  readonly ended: Promise<void>;
  /** Refuses new deliveries and finishes those in work, `msMax` at most. */
  drain(msMax: number): Promise<void>;
  stop(): Promise<void>;
};

type DeliveryDeps = { readonly receiver: SocketReceiver | HttpReceiver; readonly intake: Intake };

type Connection = { stop(): Promise<void> };

/** Begins to connect to Slack and goes on trying while Slack cannot be reached. Returns at once. */
export function connectSlack(deps: SlackDeps): Slack {
  const stopping = new AbortController();
  const intake = createIntake(deps);
  const receiver = receiverFor(deps, intake);
  let connection: Connection | undefined;
  const connecting = connect({ ...deps, receiver, intake }, stopping.signal).then((connected) => {
    connection = connected;
  });
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve());
  });
  return {
    door: receiver instanceof HttpReceiver ? receiver.door : undefined,
    isConnected: () => receiver.isConnected(),
    inWork: intake.inWork,
    ended: Promise.all([connecting, stopped]).then(() => undefined),
    drain: async (msMax) => {
      await intake.drain(msMax);
    },
    stop: async () => {
      stopping.abort();
      await connecting.catch(() => undefined);
      await connection?.stop();
    },
  };
}

function receiverFor(
  { mode, apiUrl, clock, machineClock, log }: SlackDeps,
  intake: Intake,
): DeliveryDeps['receiver'] {
  return mode.kind === 'http'
    ? new HttpReceiver({ signingSecret: mode.signingSecret, intake, clock: machineClock, log })
    : new SocketReceiver({
        appToken: mode.appToken(),
        count: mode.sockets,
        apiUrl,
        clock,
        log,
        sdkLogger: sdkLogger(log),
        intake,
      });
}

async function connect(deps: SlackDeps & DeliveryDeps, signal: AbortSignal): Promise<Connection | undefined> {
  const identity = await identify(createSlackClient(deps), deps.log, signal);
  if (identity === undefined) return undefined;
  const bound = await deps.store.bindWorkspace(identity.workspace);
  if (bound !== identity.workspace) {
    throw new SetupError(
      `This database belongs to workspace ${bound}, but SLACK_BOT_TOKEN to ${identity.workspace}. Set another DATABASE_URL, or the first workspace's token.`,
    );
  }
  const app = createSlackApp({ ...deps, workspace: bound, identity });
  await app.start();
  const { client, homes, receipts, actors, takeBoardTurn } = app;
  const { workspaceUrl } = identity;
  const drawing = { workspace: bound, workspaceUrl, client, homes, receipts, actors, takeBoardTurn };
  const outbox = startOutbox({ ...deps, ...drawing });
  const lookUpOwner = paced('owner look-up', LOOK_UP_PACE_MS * PACE_LEFT, {
    ...deps,
    job: createOwnerLookUp({ ...deps, workspace: bound, actors }),
  });
  const lookUpDue = async () => {
    if ((await deps.store.ownerToLookUp(bound, deps.clock())) !== undefined) await lookUpOwner();
  };
  const chores = [
    every(NOTICES_MS, 'finding due notices', () => deps.store.sendNotices(deps.clock()), deps.log),
    every(BOARDS_MS, 'looking at the boards', () => refreshBoards({ ...deps, workspace: bound }), deps.log),
    every(UNCLAIMED_MS, 'revoking unclaimed tokens', () => revokeUnclaimed(bound, deps), deps.log),
    every(LOOK_UP_PACE_MS, 'looking up who left', lookUpDue, deps.log),
  ];
  return {
    stop: async () => {
      await Promise.all(chores.map((chore) => chore.stop()));
      await outbox.stop();
      await deps.receiver.stop();
    },
  };
}

const RETRY_MS_MIN = 500;

const RETRY_MS_MAX = 30 * SECOND_MS;

/** What Slack says of our bot token. */
export type Identity = {
  readonly workspace: WorkspaceId;
  readonly botId: string | undefined;
  readonly botUserId: string | undefined;
  /** Where the workspace is in a browser, with a slash at its end. */
  readonly workspaceUrl: string | undefined;
  /** What the app was granted. */
  readonly scopes: ReadonlySet<string>;
};

/**
 * Asks Slack who we are, again and again while it cannot be reached, until `signal` aborts (then undefined). Throws a
 * `SetupError` when Slack refuses the token.
 */
export async function identify(
  client: WebClient,
  log: Log,
  signal: AbortSignal,
): Promise<Identity | undefined> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return identityIn(await client.auth.test());
    } catch (error) {
      if (error instanceof SetupError) throw error;
      const { code, isPassing, retryAfterMs } = slackErrorOf(error);
      if (!isPassing) {
        throw new SetupError(`Slack refuses SLACK_BOT_TOKEN (${code}). ${adviceOn(code)}`);
      }
      log.warn({ code, attempt }, 'Slack cannot be reached yet; trying again');
      await pause(retryAfterMs ?? Math.min(RETRY_MS_MIN * 2 ** Math.min(attempt, 10), RETRY_MS_MAX), signal);
    }
  }
  return undefined;
}

const authTest = z.object({
  team_id: z.string().nullish(),
  bot_id: z.string().nullish(),
  user_id: z.string().nullish(),
  url: z.string().nullish(),
  response_metadata: z.object({ scopes: z.array(z.string()).nullish() }).nullish(),
});

function identityIn(tested: unknown): Identity {
  const { team_id, bot_id, user_id, url, response_metadata } = authTest.parse(tested);
  if (team_id == null) throw new SetupError('Slack did not name the workspace of SLACK_BOT_TOKEN.');
  return {
    workspace: team_id as WorkspaceId,
    botId: bot_id ?? undefined,
    botUserId: user_id ?? undefined,
    workspaceUrl: url != null && /^https:\/\/[\w.-]+\/$/.test(url) ? url : undefined,
    scopes: new Set(response_metadata?.scopes ?? []),
  };
}

function adviceOn(code: string): string {
  const mending = mendingSentence(code);
  const isOther = mending !== undefined && mending !== INSTALL_AGAIN;
  return isOther ? mending : 'Install the app again and set the token it shows.';
}
