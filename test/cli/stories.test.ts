import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { startProcess } from '../app-process.ts';
import { openWorkspace, settingsFor, temporaryFolder } from '../fixture.ts';
import { createsToken, soon } from '../slack/flows.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const OPERATIONS = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const BACKUP = 'backup/apitoken-monday.db';

test('a backup as the document has it is whole, for its owner alone, and never overwritten', async () => {
  const place = await aPlace();

  place.types(...commandsUnder('## The database', 'backup'));

  expect(statSync(join(place.folder, BACKUP)).mode & 0o777).toBe(0o600);
  expect(place.types(...commandsUnder('## The database', 'backup'), { fails: true }).output).toContain(
    'is there already',
  );
});

test('the environment file is made for its owner alone', async () => {
  const place = await aPlace();
  rmSync(join(place.folder, '.env'));

  place.types(...commandsUnder('## The database', 'umask'));

  expect(statSync(join(place.folder, '.env')).mode & 0o777).toBe(0o600);
});

test('the disk is gone: the backup works, what was revoked since does not, and the chain holds', async () => {
  const place = await aPlace();
  const [dead, kept] = [await place.creates('dead-bot'), await place.creates('kept-bot')];
  place.types(...commandsUnder('## The database', 'backup'));
  place.types('npm run cli -- revoke dead-bot --reason leaked');
  await place.stops();
  const log = readFileSync(join(place.folder, 'data/revoked.log'));
  rmSync(join(place.folder, 'data'), { recursive: true });
  mkdirSync(join(place.folder, 'data'), { mode: 0o700 });
  writeFileSync(join(place.folder, 'data/revoked.log'), log);

  const { output } = place.types(...commandsUnder('### The disk is gone'));

  expect(output).toContain('Ended since the backup, and ended again now: 1 token and 0 old values.');
  expect(output).toMatch(/\d+ events hold\. Head: \d+:[0-9a-f]{64}/);
  await place.starts();
  expect(await place.verdicts(dead, kept)).toEqual([401, 200]);
});

test('the database is damaged: the start says so, the restore keeps it, and nothing is revived', async () => {
  const place = await aPlace();
  const [dead, kept] = [await place.creates('dead-bot'), await place.creates('kept-bot')];
  place.types(...commandsUnder('## The database', 'backup'));
  place.types('npm run cli -- revoke dead-bot --reason leaked');
  expect(
    place.types(...commandsUnder('### The database is damaged, or needs last night’s backup'), {
      fails: true,
    }).output,
  ).toContain('another apitoken app has this database open');
  await place.stops();
  truncateSync(join(place.folder, 'data/apitoken.db'), 3 * 4096);

  const { output } = place.types(
    ...commandsUnder('### The database is damaged, or needs last night’s backup'),
  );

  expect(output).toMatch(/dead-bot +U\w+ +revoked/);
  expect(
    readdirSync(join(place.folder, 'data')).some((name) => name.startsWith('apitoken.db.before-restore-')),
  ).toBe(true);
  await place.starts();
  expect(await place.verdicts(dead, kept)).toEqual([401, 200]);
});

test('the pepper is lost: a new one is made, and every token goes on working', async () => {
  const place = await aPlace();
  const value = await place.creates('deploy-bot');
  await place.stops();
  const [make = '', status = ''] = commandsUnder('### The pepper is lost');

  const pepper = lastLine(place.types(make).output);
  place.sets('TOKEN_PEPPER', pepper);

  expect(place.types(status).output).toMatch(/ 1 +not held\nWithout its pepper: 1 value\. /);
  await place.starts();
  await soon(async () => expect(await place.verdicts(value)).toEqual([200]));
  expect(place.types(status).output).toMatch(/ 1 +current/);
});

test('the pepper has leaked: the head is noted, a new pepper is made, and the old one counts no more', async () => {
  const place = await aPlace();
  const value = await place.creates('deploy-bot');
  await place.stops();

  const { output } = place.types(...commandsUnder('### The pepper has leaked'));

  expect(output).toMatch(/Head: \d+:[0-9a-f]{64}/);
  place.sets('TOKEN_PEPPER', lastLine(output));
  await place.starts();
  await soon(async () => expect(await place.verdicts(value)).toEqual([200]));
});

test('Slack is down: tokens are listed, and end by name, by value and by log', async () => {
  const place = await aPlace();
  const [named, presented, logged] = [
    await place.creates('deploy-bot'),
    await place.creates('second-bot'),
    await place.creates('third-bot'),
  ];
  writeFileSync(join(place.folder, 'value.txt'), presented);
  writeFileSync(join(place.folder, 'build.log'), `one\ntwo ${logged}\n`);
  place.workspace.faults.add({ url: '/api/', status: 503, times: 1000 });

  const { output } = place.types(...commandsUnder('### Slack is down'));

  expect(output).toMatch(/deploy-bot +U\w+ +active/);
  expect(await place.verdicts(named, presented, logged)).toEqual([401, 401, 401]);
  for (const value of [named, presented, logged]) expect(output).not.toContain(value.slice(18));
  place.workspace.faults.clear();
});

test('the wrong people were deactivated: whom to tell is listed', async () => {
  const place = await aPlace();
  await place.creates('deploy-bot');
  const alice = place.workspace.person('alice');
  place.types(`npm run cli -- revoke-person ${alice.id} --reason "left" --yes`);
  const [list = ''] = commandsUnder('### The wrong people were deactivated');

  expect(place.types(list.replace('U012ABCDEF', alice.id)).output).toMatch(/deploy-bot +U\w+ +revoked/);
});

/** The commands of the shell blocks under a heading; of the block that has `word` in it, where one is named. */
function commandsUnder(heading: string, word = ''): string[] {
  const plain = heading.replace('’', "'");
  const [, section = ''] = OPERATIONS.split(`\n${plain}\n`);
  if (section === '') throw new Error(`there is no ${plain} in the document`);
  const end = section.search(plain.startsWith('###') ? /^##/m : /^## /m);
  const blocks = [...section.slice(0, end === -1 ? undefined : end).matchAll(/```sh\n([\s\S]*?)```/g)];
  return blocks
    .map(([, block = '']) => block)
    .filter((block) => block.includes(word))
    .flatMap((block) => block.trim().split('\n'));
}

/** A folder as a clone of the project has it, with `.env`, the app running in it and a shell to type into. */
async function aPlace() {
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  for (const name of ['src', 'drizzle', 'docs', 'node_modules', 'require-node.cjs'])
    symlinkSync(join(ROOT, name), join(folder, name));
  for (const name of ['package.json', '.env.example']) cpSync(join(ROOT, name), join(folder, name));
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  const settings: Record<string, string> = {
    ...settingsFor(workspace, folder),
    DATABASE_URL: 'file:data/apitoken.db',
  };
  writeSettings();

  function writeSettings(): void {
    const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'`);
    writeFileSync(join(folder, '.env'), `${lines.join('\n')}\n`, { mode: 0o600 });
  }

  let app = startProcess({ folder, env: {} });
  let port = await app.ready;
  await workspace.waitForSockets(1);

  return {
    workspace,
    folder,
    /** Types these lines into a shell, one after the other; all must succeed, or the first must fail. */
    types(...typed: (string | { readonly fails: true })[]): { output: string } {
      const fails = typed.some((each) => typeof each !== 'string');
      const script = typed.filter((each) => typeof each === 'string').join('\n');
      const { status, stdout, stderr } = spawnSync('bash', ['-ec', script], {
        cwd: folder,
        encoding: 'utf8',
        env: shellEnvironment(),
      });
      expect(status === 0, `${script}\n${stdout}\n${stderr}`).toBe(!fails);
      return { output: stdout + (fails ? stderr : '') };
    },
    creates: (name: string) => createsToken(workspace.person('alice'), name),
    sets(name: string, value: string): void {
      settings[name] = value;
      writeSettings();
    },
    async stops(): Promise<void> {
      app.signal('SIGTERM');
      expect(await app.ended).toBe(0);
    },
    async starts(): Promise<void> {
      app = startProcess({ folder, env: {} });
      port = await app.ready;
    },
    verdicts: (...values: string[]) =>
      Promise.all(
        values.map(async (value) => {
          const headers = { authorization: `Bearer ${value}` };
          return (await fetch(`http://127.0.0.1:${port}/verify`, { headers })).status;
        }),
      ),
  };
}

/** What a shell needs to find npm, and nothing of our settings. */
function shellEnvironment(): NodeJS.ProcessEnv {
  const { status, stdout } = spawnSync('bash', ['-lc', 'echo $PATH'], { encoding: 'utf8' });
  if (status !== 0) throw new Error('there is no bash');
  return {
    PATH: stdout.trim(),
    HOME: '/tmp',
    npm_config_update_notifier: 'false',
    npm_config_loglevel: 'error',
  };
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
