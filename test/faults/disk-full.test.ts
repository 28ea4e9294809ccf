import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { startProcess } from '../app-process.ts';
import { besides, type Ran, runs } from '../cli/a-command.ts';
import { openWorkspace, settingsFor, temporaryFolder } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { answerTo, createsToken, modalOf, modalSaying, opens, shownBy, soon } from '../slack/flows.ts';

/** Enough for the database and not for much more. */
const DISK = '2m';

/** What a submission or command that needs to write is answered. */
const CANNOT_WRITE =
  /^apitoken can't write to its database right now\. Nothing was changed\. Tell whoever runs apitoken, then try again\. Reference \w{8}$/;

/** The same where the dialog was answered before. */
const MAY_HAVE_WRITTEN =
  /^apitoken can't write to its database right now\. Tell whoever runs apitoken\. Then check \/apitoken list, and try again\. Reference \w{8}$/;

test('on a full disk values are verified and whoever wants a change is told; with room again all works, and nothing was lost', async ({
  skip,
}) => {
  const disk = aSmallDisk();
  if (disk === undefined) return skip('no small disk can be mounted here: that needs root');
  const place = await aPlace(disk.folder);
  const { alice } = place;
  const values = {
    kept: await createsToken(alice, 'kept-bot'),
    rotated: await createsToken(alice, 'rotated-bot'),
    dead: await createsToken(alice, 'dead-bot'),
  };
  await revokes(alice, 'dead-bot');
  await place.isClaimed('kept-bot', 'rotated-bot', 'dead-bot');
  const shown = place.shown();

  disk.fill();
  await vi.waitFor(
    async () => expect(await place.ready()).toMatchObject({ ready: true, writable: false }),
    PATIENT,
  );
  for (let round = 0; round < 3; round++)
    expect(await place.verdicts(values.kept, values.rotated, values.dead)).toEqual([200, 200, 401]);
  expect(await place.posted('/revoke', values.kept)).toBe(503);
  expect(await refusalOf(alice, '/apitoken create new-bot')).toMatch(CANNOT_WRITE);
  expect(await refusalOf(alice, '/apitoken rotate rotated-bot')).toMatch(MAY_HAVE_WRITTEN);
  expect(await refusalOf(alice, '/apitoken revoke kept-bot')).toMatch(CANNOT_WRITE);
  for (const args of [
    ['revoke', 'kept-bot', '--reason', 'leaked'],
    ['revoke-all', '--reason', 'leaked', '--yes'],
    ['backup', join(disk.folder, 'copy.db')],
  ]) {
    const ran = await place.cli(...args);
    expect(ran, args[0]).toMatchObject({ code: 1, out: '' });
    expect(ran.err, args[0]).toMatch(/^[^\n]*(disk|room)[^\n]*\n$/);
  }
  expect((await answerTo(alice, '/apitoken list')).text).toContain('kept-bot');
  expect(place.shown(), 'no value was shown that is not kept').toEqual(shown);

  disk.empty();
  await vi.waitFor(async () => expect(await place.ready()).toMatchObject({ writable: true }), PATIENT);
  const fresh = await createsToken(alice, 'new-bot');
  await revokes(alice, 'kept-bot');
  await opens(alice, '/apitoken rotate rotated-bot');
  await alice.fills({ 'Old value ends': 'Now' });
  const next = await shownBy(alice, () => alice.submits());
  await place.isClaimed('new-bot');
  await vi.waitFor(
    async () =>
      expect(await place.verdicts(values.kept, values.rotated, next, values.dead, fresh)).toEqual([
        401, 401, 200, 401, 200,
      ]),
    PATIENT,
  );
  await place.restarts();
  expect(await place.verdicts(values.kept, values.rotated, next, values.dead, fresh)).toEqual([
    401, 401, 200, 401, 200,
  ]);
  expect((await place.cli('audit', 'verify')).out).toMatch(/^\d+ events hold\. Head: /);
  expect(readdirSync(disk.folder).filter((name) => name.startsWith('copy'))).toEqual([]);
});

const NOBODY = 65_534;

test('a database that may only be read: the command line and the start say so in a sentence, and nothing is changed', async ({
  skip,
}) => {
  if (process.getuid?.() !== 0) return skip('another user can be become by root alone');
  const folder = temporaryFolder();
  const place = await aPlace(folder);
  const value = await createsToken(place.alice, 'kept-bot');
  await place.isClaimed('kept-bot');
  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644);

  for (const args of [
    ['revoke', 'kept-bot', '--reason', 'leaked'],
    ['revoke-all', '--reason', 'x', '--yes'],
    ['init'],
    ['list'],
  ]) {
    const ran = asNobody(folder, 'cli', args);
    expect(ran, args[0]).toMatchObject({ status: 1, stdout: '' });
    expect(ran.stderr, args[0]).toMatch(/^[^\n]+\n$/);
  }

  expect(await place.verdicts(value)).toEqual([200]);
  await place.stops();
  const started = asNobody(folder, 'main', []);
  expect(started.status).toBe(1);
  expect(`${started.stdout}${started.stderr}`).toMatch(
    /apitoken\.db can't be written \(\w+\)\. Let this user write it/,
  );
  await place.restarts();
  expect(await place.verdicts(value)).toEqual([200]);
});

async function revokes(person: Person, name: string): Promise<void> {
  await opens(person, `/apitoken revoke ${name}`);
  await person.submits();
  await modalSaying(person, `${name} is revoked.`);
  await person.closes();
}

/** What a person is told who types a command and submits the dialog that it opens: in it, under a field, or where they typed. */
async function refusalOf(person: Person, command: string): Promise<string> {
  await opens(person, command);
  await person.submits();
  return soon(async () => {
    const { text, errors = {} } = await modalOf(person);
    const said = [...Object.values(errors), ...text.split('\n')].find((line) => line.includes('Reference'));
    if (said === undefined) throw new Error(`the dialog says: ${text}`);
    return said;
  }).finally(() => person.closes());
}

type Disk = { readonly folder: string; fill(): void; empty(): void };

/** A disk of its own, which is gone with the test; undefined where none can be mounted. */
function aSmallDisk(): Disk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'apitoken-disk-'));
  onTestFinished(() => rmdirSync(folder));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'none', folder]).status !== 0)
    return undefined;
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  const filler = join(folder, 'filler');
  return {
    folder,
    fill: () => {
      for (const bytes of [65_536, 4096, 1]) {
        try {
          for (;;) appendFileSync(filler, Buffer.alloc(bytes));
        } catch {
          // Not one byte more.
        }
      }
    },
    empty: () => rmSync(filler),
  };
}

/** The app as a process with its database in `folder`. */
async function aPlace(folder: string) {
  const workspace = await openWorkspace();
  const env = settingsFor(workspace, folder);
  const elsewhere = temporaryFolder();
  let app = startProcess({ folder: elsewhere, env });
  let port = await app.ready;
  await workspace.waitForSockets(1);
  const alice = workspace.person('alice');
  const cli = (...args: string[]): Promise<Ran> =>
    runs(args, { env: besides({ folder }), folder: elsewhere });
  const stops = async () => {
    app.signal('SIGTERM');
    expect(await app.ended).toBe(0);
  };
  return {
    alice,
    cli,
    stops,
    shown: () =>
      workspace.traffic.filter((entry) => 'method' in entry && entry.method === 'chat.postEphemeral').length,
    /** Waits until their values are kept as shown, a moment after they were seen. */
    isClaimed: (...names: string[]) =>
      vi.waitFor(async () => {
        const { out } = await cli('list', '--json');
        const rows = out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        for (const name of names)
          expect(rows.find((row) => row.name === name)).not.toMatchObject({ status: 'unclaimed' });
      }, PATIENT),
    ready: async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/readyz`)).json(),
    posted: async (path: string, token: string) =>
      (
        await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          body: new URLSearchParams({ token }),
        })
      ).status,
    async verdicts(...values: string[]): Promise<number[]> {
      const statuses: number[] = [];
      for (const value of values) {
        const headers = { authorization: `Bearer ${value}` };
        statuses.push((await fetch(`http://127.0.0.1:${port}/verify`, { headers })).status);
      }
      return statuses;
    },
    async restarts(): Promise<void> {
      await stops().catch(() => undefined);
      app = startProcess({ folder: elsewhere, env });
      port = await app.ready;
      await workspace.waitForSockets(1);
    },
  };
}

/** Runs the app or the command line as a user who may read the folder and not write it. */
function asNobody(folder: string, script: 'main' | 'cli', args: readonly string[]) {
  const root = resolve(import.meta.dirname, '../..');
  const env = {
    ...besides({ folder }),
    SLACK_BOT_TOKEN: 'xoxb-none',
    SLACK_APP_TOKEN: 'xapp-none',
    HTTP_PORT: '0',
  };
  return spawnSync(
    process.execPath,
    ['--require', join(root, 'require-node.cjs'), join(root, `src/${script}.ts`), ...args],
    {
      cwd: '/',
      env,
      encoding: 'utf8',
      uid: NOBODY,
      gid: NOBODY,
    },
  );
}
