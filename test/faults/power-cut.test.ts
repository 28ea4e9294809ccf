import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openStore, type Store } from '../../src/store/store.ts';
import { createChainCheck, eventsAfter } from '../../src/tokens/audit.ts';
import { verifyToken } from '../../src/tokens/verify.ts';
import { aFolder, PEPPER } from '../store/fixtures/temp-store.ts';
import { aShownValue, aStoredToken, NOW } from '../store/fixtures/tokens.ts';
import { underOnly } from '../tokens/a-token.ts';
import { type Call, diskOf, hasStrace, record } from './fixtures/recorded-calls.ts';
import { type Chance, drawChance, IS_LONG, LONG_MS_MAX } from './programme.ts';

const CUTS = IS_LONG ? 300 : 60;
const ROUNDS = IS_LONG ? 12 : 4;
const RUN = resolve(import.meta.dirname, 'fixtures/a-run.ts');
const FILES = ['apitoken.db', 'apitoken.db-wal', 'revoked.log', 'told'];

/** A line of `told`. */
type Told = {
  readonly shown?: string;
  readonly of?: string;
  readonly revoked?: string;
  readonly ended?: string;
};

test.skipIf(!hasStrace())(
  `the power is cut at ${CUTS} moments: nothing acknowledged is lost, and no revocation`,
  async () => {
    const chance = drawChance('power cut');
    const folder = aFolder();
    const running = join(folder, 'running');
    mkdirSync(running);
    // What better-sqlite3 is set to by itself differs at the second start.
    const first = await openStore({ url: `file:${running}/apitoken.db`, pepper: PEPPER, forApp: 'forApp' });
    await aShownValue(first, await aStoredToken(first));
    await first.close();
    const before = join(folder, 'before');
    cpSync(running, before, { recursive: true });
    const calls = record(running, FILES, [process.execPath, RUN, running, String(ROUNDS)]);
    const moments = momentsIn(calls, chance);
    const disk = diskOf(before);
    let taken = 0;
    for (const [number, moment] of moments.entries()) {
      for (const call of calls.slice(taken, moment)) disk.take(call);
      taken = moment;
      const told: Told[] = linesOf(disk.read('told'));
      const after = join(folder, `cut-${number}`);
      disk.loseThePower(after, chance);
      await expectKept(after, told, `cut ${number} after call ${moment} of ${calls.length}`);
      rmSync(after, { recursive: true });
    }
  },
  IS_LONG ? LONG_MS_MAX : undefined,
);

/** When the power goes: a third of the times at any moment, beside a wait for the disk, and beside what `revoked.log` gets. */
function momentsIn(calls: readonly Call[], chance: Chance): number[] {
  const numbersOf = (isOne: (call: Call) => boolean) =>
    calls.flatMap((call, number) => (isOne(call) ? [number] : []));
  const syncs = numbersOf(({ kind }) => kind === 'synced');
  const logged = numbersOf(({ file }) => file === 'revoked.log');
  const anywhere = calls.map((_, number) => number);
  const places = [anywhere, syncs, logged];
  return Array.from({ length: CUTS }, (_, cut) => {
    const near = chance.oneOf(places[cut % places.length] ?? anywhere) + chance.between(-1, 3);
    return Math.min(Math.max(near, 0), calls.length);
  }).sort((a, b) => a - b);
}

async function expectKept(folder: string, told: readonly Told[], where: string): Promise<void> {
  const log = join(folder, 'revoked.log');
  const logged = existsSync(log) ? readFileSync(log, 'utf8') : '';
  const inDatabase = revokedIn(folder);
  for (const id of inDatabase)
    expect(logged.includes(id), `${where}: ${id} is not in revoked.log`).toBe(true);

  const store = await openStore({ url: `file:${folder}/apitoken.db`, pepper: PEPPER, forApp: 'forApp' });
  try {
    const revoked = new Set(revokedIn(folder));
    const lines = linesOf<{ token: string; endsAt?: number }>(logged);
    const mustBe = [
      ...told.flatMap((line) => line.revoked ?? []),
      ...lines.filter(({ endsAt }) => endsAt === undefined).map(({ token }) => token),
    ];
    for (const id of mustBe) expect(revoked.has(id), `${where}: ${id} is revoked`).toBe(true);
    await expectVerdicts(store, told, revoked, where);
    const check = createChainCheck(underOnly(PEPPER).peppers);
    for await (const event of eventsAfter(0, store)) if (!check.add(event)) break;
    expect(check.report().flaw, where).toBeUndefined();
  } finally {
    await store.close();
  }
}

async function expectVerdicts(
  store: Store,
  told: readonly Told[],
  revoked: ReadonlySet<string>,
  where: string,
): Promise<void> {
  for (const { shown, of = '', ended } of told) {
    if (shown !== undefined) {
      expect(await verdictOn(store, shown), where).toBe(revoked.has(of) ? 'bad' : 'good');
    }
    if (ended !== undefined) expect(await verdictOn(store, ended), where).toBe('bad');
  }
}

/** What was revoked as far as the database itself knows. */
function revokedIn(folder: string): string[] {
  const sqlite = new Database(join(folder, 'apitoken.db'), { readonly: true });
  try {
    return sqlite.prepare<[], string>('select id from tokens where revoked_at is not null').pluck().all();
  } finally {
    sqlite.close();
  }
}

async function verdictOn(store: Store, value: string): Promise<string> {
  return (await verifyToken(value, { store, clock: () => NOW + 10, ...underOnly(PEPPER) })).kind;
}

/** The whole lines of a file of JSON lines. */
function linesOf<T>(text: string): T[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as T];
    } catch {
      return [];
    }
  });
}
