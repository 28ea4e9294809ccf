import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { RichTextBlock } from '@slack/types';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { CallEntry, DeliveryEntry, Json, Message } from '../../sandbox/workspace/state.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { type AppProcess, startProcess } from '../app-process.ts';
import { deliverTo, openWorkspace, overHttp, settingsFor, temporaryFolder } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import {
  playCommands,
  playLeak,
  playLives,
  playPresenting,
  playRevoking,
  playTyping,
  type Scene,
  unsaid,
} from './fixtures/play.ts';
import {
  filesIn,
  findSecrets,
  type Heard,
  type Place,
  placeOf,
  placesInSlack,
  type Secret,
  showingsIn,
} from './fixtures/search.ts';

const CRASHES = resolve(import.meta.dirname, 'fixtures/crash-on-signal.cjs');

test.for([
  ['trace', 'sockets'],
  ['trace', 'http'],
  ['debug', 'sockets'],
  ['info', 'http'],
  ['warn', 'sockets'],
  ['error', 'http'],
  ['fatal', 'sockets'],
] as const)(
  'at the level %s, over %s, nothing that the app wrote or said holds a value but the message that shows it',
  async ([level, deliverBy]) => {
    const place = await aPlace(level, deliverBy);
    const strange = TokenValue.generate('apit').reveal();

    const scene = await place.starts();
    const { alices, bobs, caller } = await playLives(scene);
    await playTyping(scene, bobs);
    await playPresenting(scene, level === 'trace' ? strange : alices, caller);
    if (level === 'trace') await playPresenting(await place.startsVerifier(scene), strange, caller);
    await playLeak(scene, bobs);
    if (level === 'trace') await playCommands(scene, alices);
    await playRevoking(scene, caller);
    await vi.waitFor(() => expect(unsaid(scene)).toBe(0), PATIENT);
    const crashes = level === 'trace' ? (['thrown', 'rejected'] as const) : (['thrown'] as const);
    await place.crashes(alices, [...crashes, ...(level === 'trace' ? (['aborted'] as const) : [])]);

    const showings = showingsIn(scene.workspace);
    const shown = showings.map(({ value }) => value);
    expect(shown).toEqual(expect.arrayContaining([alices, bobs, caller]));
    expect(new Set(shown).size, 'each is shown once').toBe(shown.length);
    const values = [...shown, strange].map((text, index): Secret => ({ what: `value ${index + 1}`, text }));
    expect(findSecrets([...values, ...place.settings], place.written())).toEqual([]);
    // What stands in the settings of a process stands in its environment, and nothing else does.
    expect(findSecrets(values, place.ofProcesses())).toEqual([]);
    expect(place.log().match(/"level":"fatal".*cannot post apit_\w{4}…/g)).toHaveLength(crashes.length);
  },
);

/** How a value can be written, its beginning or end cut off or not. */
const WRITTEN: readonly (readonly [form: string, write: (value: string) => Buffer | string])[] = [
  ['as it is', (value) => value],
  ['in JSON', (value) => JSON.stringify({ text: `"${value}"` })],
  ['in JSON, its signs escaped', (value) => value.replaceAll('_', '\\u005f')],
  ['in a URL', (value) => value.replaceAll('_', '%5F')],
  ['in base64', (value) => Buffer.from(value).toString('base64')],
  ['in base64, one byte further', (value) => Buffer.from(`a${value}`).toString('base64')],
  ['in base64, two bytes further', (value) => Buffer.from(`ab${value}`).toString('base64')],
  ['in base64url', (value) => Buffer.from(`>?>${value}`).toString('base64url')],
  ['in hex', (value) => Buffer.from(value).toString('hex')],
  ['in capital hex', (value) => Buffer.from(value).toString('hex').toUpperCase()],
  ['in UTF-16', (value) => Buffer.from(value, 'utf16le')],
  ['reversed', (value) => [...value].reverse().join('')],
];

/** Puts what was written into one kind of place, and looks there as the test above does. */
const PLANTED: readonly (readonly [kind: string, plant: (written: Buffer) => Place[]])[] = [
  [
    'a file somewhere',
    (written) =>
      inFolder((folder) => {
        mkdirSync(join(folder, 'tmp/deep'), { recursive: true });
        writeFileSync(join(folder, 'tmp/deep/.hidden'), Buffer.concat([Buffer.from('x\n'), written]));
      }),
  ],
  [
    'a row of a database',
    (written) => inFolder((folder) => void aDatabase(folder, written.toString('latin1')).close()),
  ],
  ['a row as bytes', (written) => inFolder((folder) => void aDatabase(folder, written).close())],
  [
    'a row that lies in several pieces',
    (written) =>
      inFolder(
        (folder) => void aDatabase(folder, `${'x'.repeat(4060)}${written.toString('latin1')}`).close(),
      ),
  ],
  [
    'a write-ahead log',
    (written) => {
      const folder = temporaryFolder();
      const open = aDatabase(folder, written);
      onTestFinished(() => void open.close());
      return filesIn(folder).filter(({ where }) => where.endsWith('-wal'));
    },
  ],
  [
    'a line of the log',
    (written) => [
      placeOf('the log', `${JSON.stringify({ level: 'trace', msg: written.toString('latin1') })}\n`),
    ],
  ],
  ['an answer', (written) => [placeOf('an answer', `HTTP/1.1 200 OK\r\nx: ${written.toString('latin1')}`)]],
  [
    'a call',
    (written) => inSlack({ traffic: [aCall('chat.postMessage', { text: written.toString('latin1') })] }),
  ],
  [
    'blocks in a form',
    (written) =>
      inSlack({
        traffic: [aCall('chat.update', { blocks: JSON.stringify([{ text: written.toString('latin1') }]) })],
      }),
  ],
  [
    'the answer to a call',
    (written) =>
      inSlack({ traffic: [{ ...aCall('users.info', {}), answer: { text: written.toString('latin1') } }] }),
  ],
  [
    'a file sent to Slack',
    (written) => inSlack({ traffic: [aCall('upload', { text: written.toString('latin1') })] }),
  ],
  [
    'the text of the message that shows a value',
    (written) =>
      inSlack({
        traffic: [
          aCall('chat.postEphemeral', {
            channel: 'D0ANN',
            user: 'U0ANN',
            text: written.toString('latin1'),
            blocks: [],
          }),
        ],
      }),
  ],
  [
    'a value shown elsewhere',
    (written) =>
      inSlack({
        traffic: [
          aCall('chat.postEphemeral', {
            channel: 'C0ALL',
            user: 'U0ANN',
            blocks: [aShownBlock(written.toString('latin1'))],
          }),
        ],
      }),
  ],
  [
    'a post to a response_url',
    (written) =>
      inSlack({
        traffic: [{ ...aCall('https://x.org/', { text: written.toString('latin1') }), kind: 'response-url' }],
      }),
  ],
  ['an ack', (written) => inSlack({ traffic: [anAck({ text: written.toString('latin1') })] })],
  [
    'a lasting message',
    (written) =>
      inSlack({
        messages: () => [aMessage({ channelId: 'D0ANN', blocks: [aShownBlock(written.toString('latin1'))] })],
      }),
  ],
];

test.for(WRITTEN)(
  'a value %s, whole or without its first or last character, is found in every kind of place',
  ([, write]) => {
    const value = TokenValue.generate('apit').reveal();
    for (const part of [value, value.slice(1), value.slice(0, -1)]) {
      for (const [kind, plant] of PLANTED) {
        const found = findSecrets([{ what: 'it', text: value }], plant(Buffer.from(write(part))));
        expect(found.length, `${kind}: ${part.length} characters`).toBeGreaterThan(0);
      }
    }
  },
);

test('settings are found in a log and a report, as they are and encoded; the message that shows a value is no find', () => {
  const secret = { what: 'the pepper', text: 'a pepper with spaces & signs' };
  for (const written of [
    secret.text,
    encodeURIComponent(secret.text),
    secret.text.slice(1),
    secret.text.slice(0, -1),
    Buffer.from(`a${secret.text}`).toString('base64'),
  ])
    expect(findSecrets([secret], [placeOf('the log', { environmentVariables: { X: written } })])).not.toEqual(
      [],
    );

  const value = TokenValue.generate('apit').reveal();
  const args = { channel: 'D0ANN', user: 'U0ANN', blocks: [aShownBlock(value)] };
  const shown = {
    traffic: [aCall('chat.postEphemeral', args)],
    messages: () => [aMessage({ channelId: 'D0ANN', onlyFor: 'U0ANN', blocks: args.blocks })],
  };
  expect(findSecrets([{ what: 'it', text: value }], inSlack(shown))).toEqual([]);
  expect(showingsIn({ ...shown, botUserId: BOT })).toEqual([{ value, owner: 'U0ANN' }]);
});

test('what a process was started with is found', async () => {
  const value = TokenValue.generate('apit').reveal();
  const child = spawn('sleep', ['60'], { argv0: value, env: { X: Buffer.from(value).toString('hex') } });
  onTestFinished(() => void child.kill());
  await vi.waitFor(() => {
    const found = findSecrets([{ what: 'it', text: value }], processPlaces(child.pid ?? 0));
    expect(found).toEqual(['it, as it is, in /proc/PID/cmdline', 'it, in hex, in /proc/PID/environ']);
  }, PATIENT);
});

const BOT = 'U0BOT';

function inFolder(plant: (folder: string) => void): Place[] {
  const folder = temporaryFolder();
  plant(folder);
  return filesIn(folder);
}

function aDatabase(folder: string, cell: string | Buffer): Database.Database {
  const sqlite = new Database(join(folder, 'any.db'));
  sqlite.pragma('journal_mode = WAL');
  sqlite.exec('create table rows (cell)');
  sqlite.prepare('insert into rows values (?)').run(cell);
  return sqlite;
}

function inSlack(heard: Partial<Heard>): Place[] {
  return placesInSlack({ traffic: [], messages: () => [], botUserId: BOT, ...heard });
}

function aCall(method: string, args: Json): CallEntry {
  return { kind: 'call', at: 0, method, args, answer: { ok: true }, status: 200, fault: undefined };
}

function anAck(ackBody: Json): DeliveryEntry {
  return {
    kind: 'delivery',
    at: 0,
    type: 'interactive',
    envelopeId: 'e',
    payload: {},
    retryAttempt: 0,
    acked: true,
    timedOut: false,
    ackBody,
    ackMs: 1,
  };
}

function aMessage(fields: Partial<Message>): Message & { visibleTo: string[] } {
  return {
    ts: '1.0',
    channelId: 'C0ALL',
    from: BOT,
    text: '',
    blocks: [],
    attachments: [],
    files: [],
    onlyFor: undefined,
    vanished: false,
    edited: false,
    threadTs: undefined,
    values: {},
    visibleTo: [],
    ...fields,
  };
}

function aShownBlock(text: string): RichTextBlock {
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text }] }],
  };
}

type Crash = 'thrown' | 'rejected' | 'aborted';

/** A workspace and a folder in which the app is started, and everything that it writes there. */
async function aPlace(level: string, deliverBy: 'sockets' | 'http') {
  const workspace = await openWorkspace();
  const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()];
  mkdirSync(join(folder, 'tmp'));
  const crashFile = join(elsewhere, 'crash.json');
  const env = {
    ...settingsFor(workspace, folder),
    ...(deliverBy === 'http' ? overHttp(workspace) : {}),
    LOG_LEVEL: level,
    MANAGERS: workspace.person('carol').id,
    ONCALL: workspace.person('bob').id,
    TOKEN_PEPPERS_OLD: 'an old pepper of the tests that nobody uses elsewhere',
    TMPDIR: join(folder, 'tmp'),
    CRASH_FILE: crashFile,
    // As whoever looks for a fault may set it.
    NODE_OPTIONS: '--report-on-signal --report-uncaught-exception --report-on-fatalerror',
  };
  const apps: AppProcess[] = [];
  const verifiers: AppProcess[] = [];
  const processes: Place[] = [];
  const answers: Place[] = [];

  async function starts(): Promise<Scene> {
    const app = startProcess({ folder, env, preload: CRASHES });
    apps.push(app);
    const port = await app.ready;
    if (deliverBy === 'http') await deliverTo(port, workspace);
    else await workspace.waitForSockets(1);
    return { workspace, folder, elsewhere, port, answers };
  }

  /** The process that only verifies, beside the app. */
  async function startsVerifier(scene: Scene): Promise<Scene> {
    const verifier = startProcess({ folder, env, script: 'verifier' });
    verifiers.push(verifier);
    const port = await verifier.ready;
    processes.push(...processPlaces(verifier.pid));
    return { ...scene, port };
  }

  /** Breaks the app in each way, and starts it again after each. */
  async function crashes(text: string, ways: readonly Crash[]): Promise<void> {
    const slack = env.SLACK_BOT_TOKEN;
    for (const how of ways) {
      const app = apps.at(-1);
      if (app === undefined) throw new Error('nothing was started');
      processes.push(...processPlaces(app.pid));
      app.signal('SIGUSR2');
      await vi.waitFor(() => expect(reportsIn(folder)).toHaveLength(apps.length), PATIENT);
      writeFileSync(crashFile, JSON.stringify({ text: `${text} ${slack}`, how }));
      app.signal(how === 'aborted' ? 'SIGABRT' : 'SIGWINCH');
      expect(await app.ended).toBe(how === 'aborted' ? 'SIGABRT' : 1);
      await vi.waitUntil(() => workspace.sockets.count() === 0, PATIENT);
      await starts();
    }
    const last = apps.at(-1);
    last?.signal('SIGTERM');
    expect(await last?.ended).toBe(0);
    workspace.takeRefusals();
  }

  return {
    starts,
    startsVerifier,
    crashes,
    settings: [
      ['the pepper', env.TOKEN_PEPPER],
      ['the old pepper', env.TOKEN_PEPPERS_OLD],
      ['the bot token', workspace.botToken],
      ['the app token', workspace.appToken],
      ['the signing secret', workspace.signingSecret],
    ].map(([what = '', text = '']): Secret => ({ what, text })),
    log: () => apps.map((app) => app.output()).join(''),
    written: (): Place[] => [
      ...apps.map((app, index) => placeOf(`the log of start ${index + 1}`, app.output())),
      ...verifiers.map((verifier) => placeOf('the log of the verifier', verifier.output())),
      ...filesIn(folder),
      ...placesInSlack(workspace),
      ...answers,
    ],
    ofProcesses: () => processes,
  };
}

function reportsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('report.'));
}

/** What anybody on the machine, or its owner alone, can read of a process. */
function processPlaces(pid: number): Place[] {
  return ['cmdline', 'comm', 'environ'].map((name) => ({
    where: `/proc/PID/${name}`,
    bytes: readFileSync(`/proc/${pid}/${name}`),
  }));
}
