import type { ReceiverEvent } from '@slack/bolt';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { SocketReceiver, type SocketTime } from '../../src/slack/deliveries/sockets.ts';
import { sdkLogger } from '../../src/slack/reply/sdk-logger.ts';
import { openWorkspace } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { callsOf } from './flows.ts';

type Sleeper = { readonly ms: number; readonly at: number; wake(): void };

/** How long a greeting is waited for, and how long a socket stays that Slack wants closed. */
const GREETING_MS = 20 * SECOND_MS;
const LEAVE_MS = 10 * SECOND_MS;

/** Time that passes when the test says so. */
function aTime(): SocketTime & {
  moveBy(ms: number): void;
  moveTo(at: number): void;
  opensAt(): number | undefined;
} {
  let now = 0;
  const sleepers = new Set<Sleeper>();
  const moveTo = (at: number): void => {
    now = at;
    for (const sleeper of [...sleepers]) if (sleeper.at <= now) sleeper.wake();
  };
  return {
    now: () => now,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          ms,
          at: now + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        if (signal.aborted || ms <= 0) sleeper.wake();
        else signal.addEventListener('abort', sleeper.wake);
      }),
    moveBy: (ms) => moveTo(now + ms),
    moveTo,
    opensAt: () => [...sleepers].find(({ ms }) => ms !== GREETING_MS && ms !== LEAVE_MS)?.at,
  };
}

/** The sockets of an app that is nothing but sockets, and whose time the test moves. */
async function openSockets(prepare: (workspace: Workspace) => void = () => undefined, count = 2) {
  const workspace = await openWorkspace();
  prepare(workspace);
  const time = aTime();
  const lines: string[] = [];
  const log = createLog({ level: 'trace', stream: { write: (line) => void lines.push(line) } });
  const taken: ReceiverEvent[] = [];
  const receiver = new SocketReceiver(
    {
      appToken: workspace.appToken,
      count,
      apiUrl: workspace.apiUrl,
      log,
      sdkLogger: sdkLogger(log),
      intake: { open: () => undefined, take: async (event) => void taken.push(event) },
      clock: Date.now,
    },
    time,
  );
  await receiver.start();
  onTestFinished(() => receiver.stop());
  const opens = () => callsOf(workspace, 'apps.connections.open').length;
  /** Resolves when the app waits for another opening, at that instant. */
  const nextOpeningAt = async (): Promise<number> => {
    const waiting = await vi.waitUntil(
      () => {
        const at = time.opensAt();
        return at === undefined ? false : { at };
      },
      { ...PATIENT, interval: 2 },
    );
    return waiting.at;
  };
  /** Moves time to the next opening of an app that hears nothing, and waits for that. */
  const opensNext = async (): Promise<void> => {
    const isWaiting = () => !receiver.isConnected() && time.opensAt() !== undefined;
    await vi.waitUntil(isWaiting, { ...PATIENT, interval: 2 });
    const before = opens();
    time.moveTo(await nextOpeningAt());
    await vi.waitUntil(() => opens() > before, { ...PATIENT, interval: 2 });
  };
  return { workspace, time, receiver, taken, lines, opens, nextOpeningAt, opensNext };
}

/** With one socket that is older than a minute, so that its end is no failure. */
async function openOldSocket() {
  const sockets = await openSockets();
  await sockets.nextOpeningAt();
  sockets.time.moveBy(2 * MINUTE_MS);
  return sockets;
}

test.for([
  ['five minutes after the first, which will live for five hours', 18_060, 5 * MINUTE_MS],
  ['five minutes after one that tells nothing of its life', undefined, 5 * MINUTE_MS],
  ['half a life after one that lives for two minutes', 120, MINUTE_MS],
] as const)('the second socket is opened %s', async ([, life, at]) => {
  const { workspace, time, receiver, nextOpeningAt, opens } = await openSockets(({ sockets }) =>
    sockets.setLife(life),
  );

  expect(await nextOpeningAt()).toBe(at);
  expect(receiver.isConnected()).toBe(true);
  time.moveBy(at - 1);
  expect(opens()).toBe(1);
  time.moveBy(1);

  await workspace.waitForSockets(2);
  expect(opens()).toBe(2);
});

test('a third is never opened', async () => {
  const { workspace, time, opens, nextOpeningAt } = await openOldSocket();
  time.moveBy(3 * MINUTE_MS);
  await workspace.waitForSockets(2);

  for (let hour = 0; hour < 5; hour++) {
    await nextOpeningAt();
    time.moveBy(HOUR_MS);
  }

  expect(opens()).toBe(2);
});

test('when the first is lost before the second was opened, another is opened at once', async () => {
  const { workspace, time, opens } = await openOldSocket();

  workspace.sockets.dropAll();

  await workspace.waitForSockets(1);
  expect(opens()).toBe(2);
  expect(time.now()).toBe(2 * MINUTE_MS);
});

test('when both are lost together, one is opened at once and the other five minutes later', async () => {
  const { workspace, time, opens, nextOpeningAt } = await openOldSocket();
  time.moveBy(3 * MINUTE_MS);
  await workspace.waitForSockets(2);
  await nextOpeningAt();
  time.moveBy(2 * MINUTE_MS);

  workspace.sockets.dropAll();
  await workspace.waitForSockets(1);

  expect(await nextOpeningAt()).toBe(time.now() + 5 * MINUTE_MS);
  expect(opens()).toBe(3);
});

test('when the older one ends, it is replaced at once: the other one is old enough', async () => {
  const { workspace, time, opens, nextOpeningAt } = await openOldSocket();
  time.moveBy(3 * MINUTE_MS);
  await workspace.waitForSockets(2);
  await nextOpeningAt();
  time.moveBy(5 * MINUTE_MS);

  workspace.sockets.dropOldest();
  await vi.waitFor(() => expect(opens()).toBe(3), PATIENT);

  await workspace.waitForSockets(2);
});

test.for([
  ['closes every socket after its greeting', 'close'],
  ['warns every socket after its greeting', { goodbye: 'warning', greeted: true }],
  ['sends every socket away after its greeting', { goodbye: 'refresh_requested', greeted: true }],
  ['sends every socket away without a greeting', { goodbye: 'refresh_requested', greeted: false }],
] as const)('while Slack %s, no more than some are opened a minute', async ([, how]) => {
  const { time, opens, opensNext } = await openSockets(({ sockets }) => sockets.mistreatNext(1000, how));

  await vi.waitUntil(() => opens() > 0, PATIENT);
  for (let opening = 1; opening < 20; opening++) await opensNext();

  // The back-off doubles from 0.4 s to 30 s; by chance each wait may be as short as half of that.
  expect(time.now()).toBeGreaterThan(3 * MINUTE_MS);
});

test('a socket that lives for a minute ends the back-off', async () => {
  const { workspace, time, opensNext, nextOpeningAt } = await openSockets(({ sockets }) =>
    sockets.mistreatNext(5, 'close'),
  );
  for (let opening = 1; opening < 6; opening++) await opensNext();
  await workspace.waitForSockets(1);
  await nextOpeningAt();
  // By chance the instant of its greeting is no whole number.
  time.moveBy(MINUTE_MS + 1);
  const before = time.now();

  workspace.sockets.dropAll();

  await workspace.waitForSockets(1);
  expect(time.now()).toBe(before);
});

test.for([
  ['90 s', 90, 90 * SECOND_MS],
  ['a second', 1, SECOND_MS],
  ['a day, for an hour', 86_400, HOUR_MS],
] as const)('when apps.connections.open answers 429, it is left alone for %s', async ([, retryAfter, ms]) => {
  const { workspace, opens, opensNext, time, nextOpeningAt } = await openSockets(({ sockets }) =>
    sockets.refuseOpens(1, { status: 429, retryAfter }),
  );
  await vi.waitFor(() => expect(opens()).toBe(1), PATIENT);

  expect(await nextOpeningAt()).toBe(ms);
  time.moveBy(ms - 1);
  expect(opens()).toBe(1);
  await opensNext();

  await workspace.waitForSockets(1);
});

test.for(['warning', 'refresh_requested', 'a reason of tomorrow', ''])(
  'when Slack says goodbye for the reason "%s", another socket is opened, and the old one still acknowledges what it brought',
  async (reason) => {
    const { workspace, receiver, taken, time } = await openOldSocket();
    const outcome = workspace.delivers({ type: 'interactive', payload: { type: 'shortcut' } });
    await vi.waitFor(() => expect(taken).toHaveLength(1), PATIENT);

    workspace.sockets.disconnectAll(reason);
    await workspace.waitForSockets(1);
    await taken[0]?.ack();

    expect(await outcome).toMatchObject({ acked: true });
    expect(receiver.isConnected()).toBe(true);
    expect(workspace.sockets.connections()).toBe(2);
    time.moveBy(LEAVE_MS);
    await vi.waitFor(() => expect(workspace.sockets.connections()).toBe(1), PATIENT);
  },
);

test('no more sockets are opened than the settings say, and one that ends is replaced at once where it was the only one', async () => {
  const { workspace, time, opens, nextOpeningAt } = await openSockets(undefined, 1);
  await nextOpeningAt();
  expect(await nextOpeningAt()).toBeGreaterThanOrEqual(time.now() + HOUR_MS);
  time.moveBy(10 * MINUTE_MS);
  expect(opens()).toBe(1);

  workspace.sockets.disconnectAll('refresh_requested');

  await vi.waitFor(() => expect(opens()).toBe(2), PATIENT);
  await workspace.waitForSockets(1);
});

test('of three sockets each is opened minutes after the one before', async () => {
  const { workspace, time, opens, nextOpeningAt } = await openSockets(undefined, 3);
  for (let open = 1; open < 3; open++) {
    expect(await nextOpeningAt()).toBe(time.now() + 5 * MINUTE_MS);
    time.moveBy(5 * MINUTE_MS);
    await workspace.waitForSockets(open + 1);
  }
  expect(opens()).toBe(3);
});

test.for([
  ['link_disabled', 'Socket Mode is turned off for this app. Turn it on'],
  [
    'too_many_websockets',
    'The app has ten sockets open, as many as Slack allows. Stop other processes with this SLACK_APP_TOKEN, or set SLACK_SOCKETS=1',
  ],
] as const)(
  'for the goodbye %s the log says what to do, and another try waits for half a minute',
  async ([reason, advice]) => {
    const { workspace, lines, opens, nextOpeningAt, time } = await openOldSocket();

    workspace.sockets.disconnectAll(reason);
    await vi.waitFor(() => expect(workspace.sockets.connections()).toBe(0), PATIENT);

    expect(await nextOpeningAt()).toBe(time.now() + 30 * SECOND_MS);
    expect(opens()).toBe(1);
    expect(lines.filter((line) => line.includes(advice))).toHaveLength(1);
  },
);

test('the eleventh socket of an app waits for half a minute, and says why', async () => {
  const { lines, nextOpeningAt, time, opens } = await openSockets(({ sockets }) =>
    sockets.mistreatNext(1, { goodbye: 'too_many_websockets', greeted: false }),
  );
  await vi.waitFor(() => expect(lines.join('')).toContain('too_many_websockets'), PATIENT);

  expect(await nextOpeningAt()).toBe(time.now() + 30 * SECOND_MS);
  expect(opens()).toBe(1);
});

test('a socket that opens and stays silent is given up after 20 s', async () => {
  const { workspace, time, lines, opensNext } = await openSockets(({ sockets }) =>
    sockets.mistreatNext(1, 'silence'),
  );
  await vi.waitFor(() => expect(workspace.sockets.connections()).toBe(1), PATIENT);

  time.moveBy(GREETING_MS);
  await vi.waitFor(() => expect(lines.join('')).toContain('Slack opened a socket and said nothing'), PATIENT);
  await opensNext();

  await workspace.waitForSockets(1);
});
