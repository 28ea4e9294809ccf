import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startProcess } from '../app-process.ts';
import { openWorkspace, settingsFor, temporaryFolder } from '../fixture.ts';
import { createsToken } from '../slack/flows.ts';
import { besides, runs } from './a-command.ts';

test('a backup that is put over the database by hand revives nothing, and the start says so', async () => {
  const place = await aPlace();
  const [dead, kept] = [await place.creates('dead-bot'), await place.creates('kept-bot')];
  await place.cli('backup', place.at('copy.db'));
  await place.cli('revoke', 'dead-bot', '--reason', 'leaked');
  await place.ends('SIGTERM');
  copyFileSync(place.at('copy.db'), place.at('apitoken.db'));

  const app = await place.starts();

  expect(await place.verdicts(dead, kept)).toEqual([401, 200]);
  expect(app.output()).toMatch(
    /"tokens":1,"values":0,"expired":0,"msg":"what had ended was live in the database, and was ended again"/,
  );
  const events = (await place.cli('audit', 'export')).out;
  expect(events.match(/"action":"token\.revoked"/g)).toHaveLength(1);
  expect((await place.cli('audit', 'verify')).code).toBe(0);
});

test('after a kill -9 the app starts on the -wal that is left, and nothing is lost', async () => {
  const place = await aPlace();
  const [dead, kept] = [await place.creates('dead-bot'), await place.creates('kept-bot')];
  await place.cli('revoke', 'dead-bot', '--reason', 'leaked');
  // The command moved its part into the database as it ended; what the app writes from here on is in the log.
  const late = await place.creates('late-bot');
  await place.ends('SIGKILL');
  expect(statSync(place.at('apitoken.db-wal')).size).toBeGreaterThan(0);

  await place.starts();

  expect(await place.verdicts(dead, kept, late)).toEqual([401, 200, 200]);
});

test('a damaged database beside a left -wal is refused by name, no file is touched, and a restore mends it', async () => {
  const place = await aPlace();
  const [dead, kept] = [await place.creates('dead-bot'), await place.creates('kept-bot')];
  await place.cli('backup', place.at('copy.db'));
  await place.cli('revoke', 'dead-bot', '--reason', 'leaked');
  await place.ends('SIGTERM');
  const bytes = readFileSync(place.at('apitoken.db'));
  writeFileSync(place.at('apitoken.db'), bytes.fill(0xa5, 4096, Math.min(bytes.length, 20 * 4096)));
  writeFileSync(place.at('apitoken.db-wal'), Buffer.alloc(64));
  const before = place.files();

  expect(await place.failsToStart()).toMatch(
    /\/apitoken\.db: the database is damaged \(.+\); nothing was changed\. Put a backup back with \\"npm run cli -- restore FILE\\"\./,
  );
  expect(place.files()).toEqual(before);

  expect(await place.cli('restore', place.at('copy.db'))).toMatchObject({ code: 0, err: '' });
  await place.starts();
  expect(await place.verdicts(dead, kept)).toEqual([401, 200]);
});

test.for([
  ['missing', (path: string) => rmSync(path)],
  ['empty', (path: string) => writeFileSync(path, '')],
] as const)(
  'a database that is %s beside revoked.log is not replaced: init makes a new one, a restore brings it back',
  async ([, lose]) => {
    const place = await aPlace();
    const value = await place.creates('deploy-bot');
    await place.cli('backup', place.at('copy.db'));
    await place.ends('SIGTERM');
    lose(place.at('apitoken.db'));

    const said = await place.failsToStart();

    expect(said).toContain('the database is missing or empty');
    expect(said).toMatch(/"npm run cli -- restore FILE\\", or make a new one with \\"npm run cli -- init\\"/);
    expect(await place.cli('init')).toMatchObject({ code: 0, err: '' });
    await place.starts();
    expect(await place.verdicts(value)).toEqual([401]);
    await place.ends('SIGTERM');
    expect(await place.cli('restore', place.at('copy.db'))).toMatchObject({ code: 0, err: '' });
    await place.starts();
    expect(await place.verdicts(value)).toEqual([200]);
  },
);

/** The app as a process, with its database and the command line beside it. */
async function aPlace() {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  const env = settingsFor(workspace, folder);
  let app = startProcess({ folder, env });
  let port = await app.ready;
  await workspace.waitForSockets(1);

  return {
    at,
    creates: (name: string) => createsToken(workspace.person('alice'), name),
    cli: (...args: string[]) => runs(args, { env: besides({ folder }), folder }),
    async ends(signal: NodeJS.Signals): Promise<void> {
      app.signal(signal);
      expect(await app.ended).toBe(signal === 'SIGKILL' ? signal : 0);
    },
    async starts() {
      app = startProcess({ folder, env });
      port = await app.ready;
      return app;
    },
    /** What it wrote. */
    async failsToStart(): Promise<string> {
      app = startProcess({ folder, env });
      expect(await app.ended).toBe(1);
      return app.output();
    },
    files: () =>
      readdirSync(folder)
        .filter((name) => !/-shm$|\.lock/.test(name))
        .map((name) => [name, readFileSync(at(name), 'latin1')]),
    verdicts: (...values: string[]) =>
      Promise.all(
        values.map(async (value) => {
          const headers = { authorization: `Bearer ${value}` };
          return (await fetch(`http://127.0.0.1:${port}/verify`, { headers })).status;
        }),
      ),
  };
}
