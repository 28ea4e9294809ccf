import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { setStage, settingsFor, temporaryFolder } from '../fixture.ts';
import { createsToken, settled } from '../slack/flows.ts';
import { besides, type Ran, runs } from './a-command.ts';

/** What each command is called with; `FILE` holds a value, `COPY` is a file that is not there yet. */
const COMMANDS: readonly (readonly string[])[] = [
  ['list'],
  ['find', 'FILE'],
  ['audit', 'verify'],
  ['audit', 'export'],
  ['pepper', 'status'],
  ['clock', 'status'],
  ['doctor'],
  ['backup', 'COPY'],
  ['restore', 'COPY'],
  ['revoke', 'deploy-bot', '--reason', 'x'],
  ['find', 'FILE', '--revoke', '--reason', 'x'],
  ['revoke-person', 'U0BOB000001', '--reason', 'x', '--yes'],
  ['revoke-all', '--reason', 'x', '--yes'],
];

/** Those that write for machines at all. */
const FOR_MACHINES = COMMANDS.filter(([name]) => name !== 'backup' && name !== 'restore');

test('no command prints a value, a digest or a pepper', async () => {
  const { secrets, run } = await aPlace();

  for (const args of COMMANDS) {
    const { out, err } = await run(args);
    expect(out + err, args.join(' ')).not.toBe('');
    for (const secret of secrets) expect(out + err, args.join(' ')).not.toContain(secret);
  }
});

test('each command that has something to tell tells it to machines: one document, or a line an item', async () => {
  const { secrets, run } = await aPlace();

  for (const args of FOR_MACHINES) {
    const { out, err } = await run(args[1] === 'export' ? args : [...args, '--json']);
    expect(err, args.join(' ')).toBe('');
    for (const line of out.split('\n').filter((line) => line !== ''))
      expect(JSON.parse(line), args.join(' ')).toBeTypeOf('object');
    for (const secret of secrets) expect(out, args.join(' ')).not.toContain(secret);
  }
});

/** A workspace with tokens of two people, and all that stands for their values. */
async function aPlace() {
  const stage = await setStage();
  const [alice, bob] = [stage.workspace.person('alice'), stage.workspace.person('bob')];
  const values = [await createsToken(alice, 'deploy-bot'), await createsToken(bob, 'bobs-bot')];
  for (const value of values) expect((await stage.verify(value)).status).toBe(200);
  await settled(stage);
  const folder = temporaryFolder();
  const [file, copy] = [join(folder, 'build.log'), join(folder, 'copy.db')];
  writeFileSync(file, values.join('\n'));
  return {
    secrets: [
      ...values.map((value) => value.slice(18)),
      ...storedSecrets(join(stage.folder, 'apitoken.db')),
      besides(stage).TOKEN_PEPPER ?? '',
    ],
    async run(args: readonly string[]): Promise<Ran> {
      const named = args.map((arg) => (arg === 'FILE' ? file : arg === 'COPY' ? copy : arg));
      const env = args[0] === 'doctor' ? settingsFor(stage.workspace, stage.folder) : besides(stage);
      const ran = await runs(named, { env, folder });
      if (args[0] === 'backup') expect(existsSync(copy)).toBe(true);
      return ran;
    },
  };
}

/** Digests and hashes as they are kept, written in hex and base64. */
function storedSecrets(path: string): string[] {
  const sqlite = new Database(path, { readonly: true });
  const rows = sqlite.prepare<[], { digest: Buffer; hash: string }>('select digest, hash from secrets').all();
  sqlite.close();
  expect(rows.length).toBeGreaterThan(1);
  return rows.flatMap(({ digest, hash }) => [
    digest.toString('hex'),
    digest.toString('base64'),
    digest.toString('base64url'),
    hash,
  ]);
}
