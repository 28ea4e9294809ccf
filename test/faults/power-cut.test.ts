import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { aFolder, PEPPER } from '../store/fixtures/temp-store.ts';
import { aShownValue, aStoredToken } from '../store/fixtures/tokens.ts';
import { expectKept, linesOf, type Told } from './fixtures/kept.ts';
import { type Call, diskOf, hasStrace, record } from './fixtures/recorded-calls.ts';
import { type Chance, drawChance, IS_LONG, LONG_MS_MAX } from './programme.ts';

const CUTS = IS_LONG ? 300 : 60;
const ROUNDS = IS_LONG ? 12 : 4;
const RUN = resolve(import.meta.dirname, 'fixtures/a-run.ts');
const FILES = ['apitoken.db', 'apitoken.db-wal', 'revoked.log', 'told'];

test.skipIf(!hasStrace())(
  `the power is cut at ${CUTS} moments: nothing acknowledged is lost, and no revocation`,
  async () => {
    const chance = drawChance('power cut');
    const folder = aFolder();
    const running = join(folder, 'running');
    mkdirSync(running);
    // What better-sqlite3 is set to by itself differs at the second start.
    const first = await openStore({ url: `file:${running}/apitoken.db`, pepper: PEPPER, use: 'app' });
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
