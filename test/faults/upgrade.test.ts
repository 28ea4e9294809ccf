import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { createChainCheck, eventsAfter, macOf } from '../../src/tokens/audit.ts';
import { pepperFrom } from '../../src/tokens/pepper.ts';
import { lostRows, makeEarlier, migrationCount, type Rows, rowsIn } from '../store/fixtures/earlier.ts';
import {
  aKeptVersion,
  answersOf,
  type KeptVersion,
  keptVersions,
  peppersOf,
} from '../store/fixtures/kept-version.ts';
import { aFolder } from '../store/fixtures/temp-store.ts';
import { hasStrace } from './fixtures/recorded-calls.ts';
import { drawChance, IS_LONG, LONG_MS_MAX } from './programme.ts';

const KILLS = IS_LONG ? 200 : 20;
/** Of each kind: a token, its secret, use, delivery and event. */
const TOKENS = 4000;
const OPEN_ONCE = resolve(import.meta.dirname, '../store/fixtures/open-once.ts');
/** What SQLite does to the disk. */
const CALLS = ['pwrite64', 'fdatasync', 'fsync', 'ftruncate', 'unlink'] as const;

test.skipIf(!hasStrace())(
  `an upgrade that is killed at ${KILLS} moments is done by the next start`,
  { timeout: LONG_MS_MAX },
  async () => {
    const chance = drawChance('killed upgrade');
    const kept = aKeptVersion(keptVersions()[0] ?? '');
    const folder = aFolder();
    const before = join(folder, 'before.db');
    // One migration of all: the others are pending.
    makeEarlier(before, 1, manyMore(rowsIn(kept.path), kept));
    const rows = rowsIn(before);
    expect([...rows.values()].flat().length).toBeGreaterThan(20_000);
    const calls = callsOfUpgrade(before, folder);
    const moments = Array.from({ length: KILLS }, (_, kill) => {
      // In every part of it, its first and its last call among them.
      const part = calls.length / (KILLS - 1);
      return Math.min(
        Math.max(Math.round(kill * part) - chance.between(0, Math.ceil(part / 2)), 0),
        calls.length - 1,
      );
    });

    const found: number[] = [];
    for (const moment of [0, ...moments.slice(1, -1), calls.length - 1]) {
      const path = join(folder, 'killed', 'apitoken.db');
      mkdirSync(join(folder, 'killed'));
      cpSync(before, path);
      const call = calls[moment] ?? 'fsync';
      const number = calls.slice(0, moment + 1).filter((one) => one === call).length;

      expect(upgraded(path, ['-e', `inject=${call}:signal=SIGKILL:when=${number}`]).signal).toBe('SIGKILL');

      found.push(migrationsIn(path, folder));
      const where = `killed at call ${moment} of ${calls.length}, the ${number}. ${call}`;
      await expectUpgraded(path, kept, rows, where);
      rmSync(join(folder, 'killed'), { recursive: true });
    }
    // All or nothing, and both.
    expect(new Set(found)).toEqual(new Set([1, migrationCount()]));
  },
);

/** The calls with which the upgrade of a copy of `before` changes its file, in their order. */
function callsOfUpgrade(before: string, folder: string): string[] {
  const path = join(folder, 'whole.db');
  cpSync(before, path);
  const output = join(folder, 'calls');
  expect(upgraded(path, [], output).status).toBe(0);
  const names = readFileSync(output, 'utf8').matchAll(/^(\w+)\(/gm);
  return [...names].map(([, name = '']) => name);
}

/** A process that opens the database at `path`, under strace with these options. */
function upgraded(path: string, options: readonly string[], output = '/dev/null') {
  const paths = [path, `${path}-wal`, `${path}-shm`].flatMap((file) => ['-P', file]);
  return spawnSync(
    'strace',
    [
      '-o',
      output,
      '-e',
      `trace=${CALLS.join()}`,
      ...options,
      ...paths,
      process.execPath,
      OPEN_ONCE,
      `file:${path}`,
    ],
    { stdio: 'pipe' },
  );
}

/** How many migrations a killed upgrade left, seen in a copy: to look moves the log into the file. */
function migrationsIn(path: string, folder: string): number {
  const seen = join(folder, 'seen');
  mkdirSync(seen);
  for (const file of ['apitoken.db', 'apitoken.db-wal']) {
    cpSync(join(path, '..', file), join(seen, file), { force: true });
  }
  const sqlite = new Database(join(seen, 'apitoken.db'));
  const count = sqlite.prepare<[], number>('select count(*) from migrations').pluck().get() ?? 0;
  sqlite.close();
  rmSync(seen, { recursive: true });
  return count;
}

/** The next start of the app brings it to this version: nothing is lost, every answer is the same. */
async function expectUpgraded(path: string, kept: KeptVersion, before: Rows, where: string): Promise<void> {
  const peppers = peppersOf(kept);
  const store = await openStore({
    url: `file:${path}`,
    pepper: peppers.current,
    peppers,
    use: 'app',
    clock: () => kept.at,
  });
  try {
    expect(await answersOf(kept, store, peppers), where).toEqual(kept.answers);
    const check = createChainCheck(peppers);
    for await (const event of eventsAfter(0, store)) if (!check.add(event)) break;
    expect(check.report().flaw, where).toBeUndefined();
    // And that the values were sealed: by this start, or before the kill.
    expect(check.report().events, where).toBe((before.get('audit_events')?.length ?? 0) + 1);
  } finally {
    await store.close();
  }
  expect(lostRows(before, rowsIn(path)), where).toEqual([]);
  const sqlite = new Database(path, { readonly: true });
  expect(sqlite.pragma('integrity_check', { simple: true }), where).toBe('ok');
  expect(sqlite.prepare('select count(*) from migrations').pluck().get(), where).toBe(migrationCount());
  sqlite.close();
}

/** The same rows and thousands like them. */
function manyMore(rows: Rows, kept: KeptVersion): Rows {
  const more = new Map([...rows].map(([table, ofTable]) => [table, [...ofTable]]));
  const model = (table: string) => rows.get(table)?.[0] ?? {};
  const pepper = pepperFrom(kept.peppers[0]);
  const [last, macText = ''] = kept.head.split(':');
  let sequence = Number(last);
  let mac: Buffer = Buffer.from(macText, 'hex');
  for (let number = 0; number < TOKENS; number++) {
    const id = `tok_more${String(number).padStart(12, '0')}`;
    const name = `more ${number}`;
    more.get('tokens')?.push({ ...model('tokens'), id, name, name_key: name });
    more.get('secrets')?.push({ ...model('secrets'), lookup_id: id.slice(-12), token_id: id, name });
    more.get('token_usage')?.push({ ...model('token_usage'), token_id: id, last_used_at: kept.at });
    more.get('deliveries')?.push({ key: id, at: kept.at, token_id: id });
    sequence += 1;
    const event = {
      sequence,
      at: kept.at,
      actor: 'system',
      action: 'token.created',
      tokenId: id,
      detail: {},
    } as const;
    mac = macOf(event as Parameters<typeof macOf>[0], mac, pepper);
    const { tokenId: token_id, detail: _, ...same } = event;
    more.get('audit_events')?.push({ ...same, token_id, detail: '{}', pepper_id: pepper.id, mac });
  }
  return more;
}
