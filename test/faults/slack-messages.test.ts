import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/clock.ts';
import { actionsOf, callsOf, receiptsOf, rowsOf, settled, toldTo, withStore } from '../slack/flows.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  areKnown,
  breaks,
  type Case,
  calms,
  eachDoes,
  expectWellKept,
  pressed,
  revokes,
  type Scene,
  saying,
  setScene,
} from './fixtures/each-fault.ts';
import { CODES_OF, faultsAtUrl, faultsOf, SILENCE, type SlackFault } from './fixtures/slack-faults.ts';

const failing = (method: string) => [...faultsOf(method), SILENCE];

/** Slack says of this one that it did not take it, and yet it did: then it is rather said twice. */
const TAKEN_AND_REFUSED = 'fatal_error after all';

test('whatever becomes of chat.postMessage, a revocation by somebody else is told, and a notice once at most', async () => {
  const method = 'chat.postMessage';
  const scene = await setScene(failing(method), { lifetimeDays: 30 });
  const { stage, cases, clock, workspace } = scene;
  for (const one of cases) {
    breaks(scene, method, one, saying(one.name, 'expires in 7 days'));
    breaks(scene, method, one, saying(one.name, 'revoked your token'));
  }

  await clock.moveTo(T0 + 23 * DAY_MS);
  await withStore(stage, (store) => store.sendNotices(stage.now()));
  await calms(scene);
  const dave = workspace.person('dave');
  await eachDoes(scene, ({ tokenId }) => revokes(dave, tokenId));
  await calms(scene);

  for (const one of cases) {
    const { what, effect } = one;
    const [notices, revocations] = [said(one, 'expires in 7 days'), said(one, 'revoked your token')];
    if (effect === 'refused') expect([notices, revocations], what).toEqual([1, 1]);
    // Whether it was said nobody knows: a notice is rather said never than twice, what somebody else did rather twice than never.
    else expect(notices, what).toBeLessThanOrEqual(what === TAKEN_AND_REFUSED ? 2 : 1);
    if (effect === 'done') expect(notices, what).toBeGreaterThan(0);
    expect([1, 2], what).toContain(revocations);
    expect(receiptsOf(one.person, one.name).at(-1)?.text, what).toContain('revoked');
  }
  expect(rowsOf(stage, 'select key from outbox where attempts > 0')).toEqual([]);
  expectWellKept(scene);
});

function said({ person, name }: Case, text: string): number {
  return toldTo(person).filter((one) => one.text.includes(name) && one.text.includes(text)).length;
}

test('whatever becomes of chat.update, the receipt says in the end that its token is revoked', async () => {
  const method = 'chat.update';
  const scene = await setScene(failing(method));
  const { stage, cases } = scene;
  await areKnown(scene);
  for (const one of cases) breaks(scene, method, one, saying(one.name));

  await eachDoes(scene, ({ person, tokenId }) => revokes(person, tokenId));
  await calms(scene);

  for (const { person, name, what } of cases) {
    // Where Slack does not take the whole of it, it says so in short.
    const receipt = person.sees('@apitoken').findLast((message) => message.text.includes(name));
    expect([receipt?.text, receipt?.buttons], what).toEqual([expect.stringContaining('revoked'), []]);
    expect(receiptsOf(person, name).length, what).toBeLessThanOrEqual(2);
  }
  expect(rowsOf(stage, 'select key from outbox where attempts > 0')).toEqual([]);
  expectWellKept(scene);
});

/** Who acts in what follows: Carol, who sees all, and Bob, who is in the group of on-call. */
const CAROL = { MANAGERS: 'U0CAROL0001', ONCALL: 'S0ONCALL001' };
const ONCE: SlackFault = { what: 'one', fault: {}, effect: 'refused' };

/** One thing after the other, by Carol; nothing tells whose call it is. */
async function setOne(): Promise<Scene & { carol: Case['person'] }> {
  const scene = await setScene([ONCE], {}, CAROL);
  return { ...scene, carol: scene.workspace.person('carol') };
}

/** What Carol newly sees in a place after what she did, as soon as all is done. */
async function told(scene: Scene, carol: Case['person'], place: string, act: () => Promise<unknown>) {
  const before = new Set(carol.sees(place).map(({ ts }) => ts));
  await act();
  await eachDoes({ ...scene, cases: [] }, async () => {});
  return carol.sees(place).filter(({ ts }) => !before.has(ts));
}

/** Something that is done once with each fault. `act` resolves when all is done. */
type Deed = readonly [
  method: string,
  faults: () => readonly SlackFault[],
  tries: (scene: Awaited<ReturnType<typeof setOne>>, one: SlackFault) => Promise<void>,
];

const MAYBE = /^Something went wrong, but this may already be done\./;
const NOT_DONE = /^Something went wrong before this was done\./;

const sendsFile =
  (method: string): Deed[2] =>
  async (scene, one) => {
    const { carol, workspace, ephemeral } = scene;
    const filesBefore = filesOf(scene);
    workspace.faults.add({ ...one.fault, method });

    const said = await told(scene, carol, '#general', () =>
      pressed(carol, 'status_csv', 'current:1', { message: ephemeral }, 'status:0'),
    );

    const sent = filesOf(scene) - filesBefore;
    expect(said, one.what).toHaveLength(1);
    // That it arrived is said where it did; that it did not, only where nobody can doubt it.
    const unsure = "Slack didn't say whether the file arrived.";
    expect(sent, one.what).toBe(one.effect === 'done' && method === 'files.completeUploadExternal' ? 1 : 0);
    if (one.effect !== 'refused' || method === 'upload') expect(said[0]?.text, one.what).toContain(unsure);
    else expect(said[0]?.text, one.what).not.toMatch(/is in your direct messages|didn't say whether/);
    expect(actionsOf(scene.stage).slice(-2), one.what).toEqual([
      'status.export_asked',
      'status.export_failed',
    ]);
  };

function filesOf({ workspace }: Scene): number {
  return workspace.messages().flatMap(({ files }) => files).length;
}

/** What is answered to an upload does not matter, so long as it is a 200. */
function faultsOfUpload(): SlackFault[] {
  return faultsAtUrl().filter(({ fault }) => fault.text === undefined || fault.status !== undefined);
}

const DEEDS: readonly Deed[] = [
  [
    'files.getUploadURLExternal',
    () => faultsOf('files.getUploadURLExternal'),
    sendsFile('files.getUploadURLExternal'),
  ],
  ['upload', faultsOfUpload, sendsFile('upload')],
  [
    'files.completeUploadExternal',
    () => faultsOf('files.completeUploadExternal'),
    sendsFile('files.completeUploadExternal'),
  ],
  [
    'chat.delete',
    () => faultsOf('chat.delete'),
    async ({ carol, workspace, stage }, one) => {
      workspace.faults.add({ ...one.fault, method: 'chat.delete' });
      const boards = callsOf(workspace, 'chat.delete').length;

      await carol.types('#oncall', '/apitoken board');
      await expect.poll(() => stage.app.inWork()).toBe(0);
      await settled(stage);

      expect(rowsOf(stage, "select channel from messages where kind = 'board'"), one.what).toHaveLength(1);
      expect(callsOf(workspace, 'chat.delete').length - boards, one.what).toBe(
        boardsBefore(stage) > 1 ? 1 : 0,
      );
      expect(carol.sees('#oncall').at(-1)?.text, one.what).toContain('Posted by');
    },
  ],
  [
    'views.push',
    () => faultsOf('views.push'),
    async (scene, one) => {
      const { carol, workspace } = scene;
      await carol.types('#general', '/apitoken create');
      await expect.poll(() => carol.modal()?.submit).toBe('Create Token');
      workspace.faults.add({ ...one.fault, method: 'views.push' });

      await pressed(carol, 'of_another_version', '', { view: carol.modal()?.id ?? '' });
      await expect.poll(() => scene.stage.app.inWork()).toBe(0);

      expect(carol.modal()?.text, one.what).toMatch(
        /This no longer works|Something went wrong before this was done/,
      );
      carol.reloads();
      // Where the first answer was lost, its dialog lies on top, and the trigger opens no other.
      const isUsed = one.effect === 'done' ? ['exchanged_trigger_id'] : [];
      expect(
        workspace.takeRefusals().map(({ error }) => error),
        one.what,
      ).toEqual(isUsed);
    },
  ],
  [
    'usergroups.users.list',
    () => faultsOf('usergroups.users.list'),
    async (scene, one) => {
      const { workspace, clock } = scene;
      const bob = workspace.person('bob');
      await clock.moveBy(6 * MINUTE_MS);
      workspace.faults.add({ ...one.fault, method: 'usergroups.users.list' });

      const [first] = await told(scene, bob, '#general', () => bob.types('#general', '/apitoken status'));
      // A group that is not there, or of which nobody tells, gives nobody a role.
      expect(first?.text, one.what).toMatch(/^(Only managers|Slack didn't confirm in time)/);
      await clock.moveBy(6 * MINUTE_MS);
      const [second] = await told(scene, bob, '#general', () => bob.types('#general', '/apitoken status'));
      expect(second?.text, one.what).toContain('API Tokens');
    },
  ],
  [
    'response_url',
    faultsAtUrl,
    async (scene, one) => {
      const { carol, workspace } = scene;
      workspace.faults.add({ ...one.fault, url: 'response_url' });
      const listed = await told(scene, carol, '#general', () => carol.types('#general', '/apitoken list'));
      expect(listed.at(-1)?.text, one.what).toMatch(
        /My API Tokens|^Something went wrong before this was done/,
      );

      const [page] = await told(scene, carol, '#general', () => carol.types('#general', '/apitoken status'));
      const isEveryones = ({ ephemeral }: { ephemeral: boolean }) => !ephemeral;
      workspace.faults.add({ ...one.fault, url: 'response_url' });
      const shared = await told(scene, carol, '#general', () =>
        carol.clicks('Share to channel', { in: '#general', ...(page === undefined ? {} : { near: '' }) }),
      );
      expect(shared.filter(isEveryones).length, one.what).toBeLessThanOrEqual(1);
      if (one.effect === 'done') expect(shared.filter(isEveryones), one.what).toHaveLength(1);
      for (const { text } of shared.filter((message) => !isEveryones(message))) {
        expect(text, one.what).toMatch(MAYBE);
        expect(text, one.what).not.toMatch(NOT_DONE);
      }
    },
  ],
];

function boardsBefore(stage: Scene['stage']): number {
  return actionsOf(stage).filter((action) => action === 'board.placed').length;
}

test.for(DEEDS)(
  'whatever becomes of %s, what the person reads is so, and nothing is done twice',
  async ([, faults, tries]) => {
    const scene = await setOne();
    for (const one of faults()) await tries(scene, one);
    expectWellKept(scene);
  },
);

test('whatever is never answered, what the person reads is so, and nothing is done twice', async () => {
  await Promise.all(
    // For an upload it waits four times as long as for all else.
    DEEDS.filter(([method]) => method !== 'upload').map(async ([, , tries]) => {
      const scene = await setOne();
      await tries(scene, SILENCE);
      expectWellKept(scene);
    }),
  );
});

/** What is called when the app connects, or for the name of a channel alone, and is held by its own tests. */
const HELD_ELSEWHERE = {
  'auth.test': 'boot.test.ts',
  'apps.connections.open': 'slack/sockets.test.ts',
  'conversations.info': 'slack/guard-warn.test.ts',
} as const;

test('every call that the app makes of Slack has its row here', () => {
  const called = new Set(
    sourcesIn('src/slack')
      .flatMap((text) => [...text.matchAll(/client\.(\w+(?:\.\w+)+)\(/g)])
      .map(([, method]) => method),
  );
  const rows = Object.keys(CODES_OF).filter((method) => !Object.hasOwn(HELD_ELSEWHERE, method));
  const tested = [
    readFileSync('test/faults/slack-calls.test.ts', 'utf8'),
    readFileSync('test/faults/slack-messages.test.ts', 'utf8'),
  ].join('\n');

  expect([...called].filter((method) => method !== 'apps.connections.open').sort()).toEqual(
    [...rows, 'auth.test', 'conversations.info'].sort(),
  );
  for (const method of rows) expect(tested, method).toContain(`'${method}'`);
  for (const [method, file] of Object.entries(HELD_ELSEWHERE))
    expect(readFileSync(join('test', file), 'utf8')).toMatch(
      new RegExp(`${method.replace('.', '\\.')}|refuseOpens`),
    );
});

/** But for what looks at a set-up for an operator, and speaks to nobody. */
function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('doctor'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
}
