import { expect, test } from 'vitest';
import { parseFrame } from '../../src/slack/deliveries/frame-client.ts';
import { startProcess } from '../app-process.ts';
import { openWorkspace, type Stage, setStage, settingsFor, temporaryFolder } from '../fixture.ts';
import { aClock, answerTo, soon } from './flows.ts';

const envelope_id = '11111111-2222-4333-8444-555555555555';
const BYTES_MAX = 1024 * 1024;
/** What Slack says of itself: https://docs.slack.dev/reference/events/app_rate_limited */
const RATE_LIMITED = {
  token: 'Jhj5dZrVaK7ZwHHjRyZWjbDl',
  type: 'app_rate_limited',
  team_id: 'T123456',
  minute_rate_limited: 1518467820,
  api_app_id: 'A123456',
};

/** All that a socket could carry, and what the app says to it. */
const FRAMES: readonly (readonly [string, string | Uint8Array, 'acked' | 'ignored'])[] = [
  [
    'app_rate_limited, which has no event',
    JSON.stringify({ envelope_id, type: 'events_api', payload: RATE_LIMITED }),
    'acked',
  ],
  ['without a type', JSON.stringify({ envelope_id, payload: { a: 1 } }), 'acked'],
  ['of a type that is a number', JSON.stringify({ envelope_id, type: 7, payload: { a: 1 } }), 'acked'],
  ['of a type that nobody knows', JSON.stringify({ envelope_id, type: 'new', payload: { a: 1 } }), 'acked'],
  ['interactive, without payload', JSON.stringify({ envelope_id, type: 'interactive' }), 'acked'],
  ['events_api, without payload', JSON.stringify({ envelope_id, type: 'events_api' }), 'acked'],
  ['slash_commands, without payload', JSON.stringify({ envelope_id, type: 'slash_commands' }), 'acked'],
  ['whose payload is null', JSON.stringify({ envelope_id, type: 'interactive', payload: null }), 'acked'],
  ['whose payload is a list', JSON.stringify({ envelope_id, type: 'interactive', payload: [1] }), 'acked'],
  ['whose payload is text', JSON.stringify({ envelope_id, type: 'interactive', payload: 'a' }), 'acked'],
  ['whose payload is empty', JSON.stringify({ envelope_id, type: 'interactive', payload: {} }), 'acked'],
  ...[null, 'event', [], 1, {}, { type: null }].map(
    (event) =>
      [
        `whose event is ${JSON.stringify(event)}`,
        JSON.stringify({ envelope_id, type: 'events_api', payload: { type: 'event_callback', event } }),
        'acked',
      ] as const,
  ),
  ...['close', 'error', 'connected', 'disconnected', 'ws_message', 'slack_event', 'item', 'toString'].map(
    (type) =>
      [
        `that carries an event called ${type}`,
        JSON.stringify({
          envelope_id,
          type: 'events_api',
          payload: { type: 'event_callback', event: { type, item: null, channel: null } },
        }),
        'acked',
      ] as const,
  ),
  ...['close', 'error', 'connected', 'disconnected', 'ws_message', 'slack_event', '__proto__'].map(
    (type) => [`called ${type}`, JSON.stringify({ envelope_id, type, payload: {} }), 'acked'] as const,
  ),
  [
    'with an event for functions, which Bolt leaves to a listener',
    JSON.stringify({
      envelope_id,
      type: 'events_api',
      payload: { type: 'event_callback', event: { type: 'function_executed', inputs: null } },
    }),
    'acked',
  ],
  [
    'with a press of nothing',
    JSON.stringify({ envelope_id, type: 'interactive', payload: { type: 'block_actions', actions: [] } }),
    'acked',
  ],
  [
    'with a press that is no list',
    JSON.stringify({ envelope_id, type: 'interactive', payload: { type: 'block_actions', actions: 7 } }),
    'acked',
  ],
  ['without an envelope', JSON.stringify({ type: 'interactive', payload: { type: 'shortcut' } }), 'ignored'],
  [
    'whose envelope is a number',
    JSON.stringify({ envelope_id: 7, type: 'interactive', payload: {} }),
    'ignored',
  ],
  ['an empty object', '{}', 'ignored'],
  ['a hello without fields', '{"type":"hello"}', 'ignored'],
  [
    'a hello whose fields are of other kinds',
    '{"type":"hello","debug_info":[],"num_connections":{}}',
    'ignored',
  ],
  ['no JSON', 'Service Unavailable', 'ignored'],
  ['half of JSON', '{"type":"hel', 'ignored'],
  ['empty text', '', 'ignored'],
  ['a JSON list', '[{"type":"hello"}]', 'ignored'],
  ['a JSON null', 'null', 'ignored'],
  ['a JSON number', '7', 'ignored'],
  ['a JSON text', '"hello"', 'ignored'],
  ['a list that is nested a hundred thousand times', '['.repeat(100_000), 'ignored'],
  ['binary', new TextEncoder().encode('{"type":"hello"}'), 'ignored'],
  ['binary that is no text', Uint8Array.of(0, 255, 254, 1), 'ignored'],
  [
    'longer than Slack may post',
    JSON.stringify({ envelope_id, type: 'interactive', payload: { text: 'x'.repeat(BYTES_MAX) } }),
    'ignored',
  ],
];

/** Whether the app acknowledged the envelope since it was last asked. */
function wasAcked({ workspace }: Pick<Stage, 'workspace'>): boolean {
  return workspace.takeRefusals().some(({ kind, detail }) => kind === 'ack' && detail === envelope_id);
}

test.for(FRAMES)('a frame %s: the app goes on, on the same socket', async ([, frame, expected]) => {
  const stage = await setStage();
  const { workspace } = stage;
  const sockets = workspace.sockets.count();

  workspace.sockets.sendFrame(frame);
  // Whatever comes after it over the same sockets is answered after it.
  for (let turn = 0; turn < sockets; turn++) await answerTo(workspace.person('alice'), '/apitoken');

  expect(wasAcked(stage)).toBe(expected === 'acked');
  expect(workspace.sockets.count()).toBe(sockets);
});

test('no frame ends the process, nor all of them together', async () => {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const app = startProcess({ folder, env: settingsFor(workspace, folder) });
  const port = await app.ready;
  await workspace.waitForSockets(1);

  for (const [, frame] of FRAMES) workspace.sockets.sendFrame(frame);
  const answer = await answerTo(workspace.person('alice'), '/apitoken');

  expect(answer.text).toContain('My API Tokens');
  expect((await fetch(`http://127.0.0.1:${port}/verify`)).status).toBe(401);
  workspace.takeRefusals();
  app.signal('SIGTERM');
  expect(await app.ended).toBe(0);
});

test.for([
  ['sockets', 'sockets'],
  ['HTTP', 'http'],
] as const)('app_rate_limited is acknowledged over %s, and logged once a minute', async ([, deliverBy]) => {
  const clock = aClock();
  const stage = await setStage({ clock, deliverBy, workspace: await openWorkspace({ clock }) });
  const lines = () =>
    stage
      .log()
      .split('\n')
      .filter((line) => line.includes('Slack held back events'));
  const tells = () => stage.workspace.delivers({ type: 'events_api', payload: RATE_LIMITED });

  for (let turn = 0; turn < 5; turn++) expect(await tells()).toMatchObject({ acked: true });
  expect(lines().map((line) => JSON.parse(line))).toMatchObject([{ level: 'warn', times: 1 }]);
  await clock.moveBy(60_000);
  expect(await tells()).toMatchObject({ acked: true });

  expect(
    lines()
      .slice(1)
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ times: 5 }]);
});

test.for([
  ['a kind that nobody knows', { type: 'a_new_kind' }],
  ['nothing', {}],
  ['an event without a kind', { type: 'event_callback', event: {} }],
  ['a submission of old dialogs', { type: 'dialog_submission' }],
] as const)(
  'what carries %s is acknowledged over HTTP, and logged without its contents',
  async ([, payload]) => {
    const stage = await setStage({ deliverBy: 'http' });

    const outcome = await stage.workspace.delivers({
      type: 'events_api',
      payload: { ...payload, text: 'something private' },
    });

    expect(outcome).toMatchObject({ acked: true });
    await soon(() => expect(stage.log()).toContain('Slack delivered what this version does not know'));
    expect(stage.log()).not.toContain('something private');
  },
);

test('a greeting tells how long the socket will live, where it does', () => {
  const hello = { type: 'hello', debug_info: { approximate_connection_time: 18_060 } };

  expect(parseFrame(JSON.stringify(hello))).toEqual({ kind: 'hello', lifeMs: 18_060_000 });
  for (const life of [undefined, 0, -1, 'long', null]) {
    const debug_info = { approximate_connection_time: life };
    expect(parseFrame(JSON.stringify({ ...hello, debug_info }))).toEqual({
      kind: 'hello',
      lifeMs: undefined,
    });
  }
});
