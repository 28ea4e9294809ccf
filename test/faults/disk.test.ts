import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { StoreFault } from '../../src/store/fault.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { aFolder, PEPPER } from '../store/fixtures/temp-store.ts';
import { aDelivery, aShownValue, aStoredToken, BY_ANN } from '../store/fixtures/tokens.ts';
import { expectKept, linesOf, type Told, verdictOn } from './fixtures/kept.ts';
import { hasStrace } from './fixtures/recorded-calls.ts';
import { drawChance, IS_LONG, LONG_MS_MAX } from './programme.ts';

const RUN = resolve(import.meta.dirname, 'fixtures/a-run.ts');
const HOLD_LOCK = resolve(import.meta.dirname, '../store/fixtures/hold-lock.ts');
const FAILING_MAX = 60;
const FLIPS = IS_LONG ? 500 : 60;
const LATER_MS_MAX = IS_LONG ? LONG_MS_MAX : undefined;

/** Which calls fail: all of the long form, some of the short one. */
const FAILING = Array.from({ length: FAILING_MAX }, (_, index) => index + 1).filter(
  (number) => IS_LONG || number % 20 === 5,
);

test.skipIf(!hasStrace()).for([
  ['a wait for the disk', 'fsync,fdatasync', 'EIO', ''],
  ['every wait for the disk from one on', 'fsync,fdatasync', 'EIO', '+'],
  ['a write', 'pwrite64,write', 'EIO', ''],
  ['every write from one on', 'pwrite64,write', 'ENOSPC', '+'],
] as const)(
  'when %s fails, nothing acknowledged is lost',
  { timeout: LONG_MS_MAX },
  async ([, calls, error, onward]) => {
    const ends: (number | null)[] = [];
    for (const number of FAILING) {
      const { folder } = await aPlace();
      const paths = ['apitoken.db', 'apitoken.db-wal', 'revoked.log'].flatMap((file) => [
        '-P',
        join(folder, file),
      ]);
      const inject = `inject=${calls}:error=${error}:when=${number}${onward}`;
      const options = ['-o', '/dev/null', '-e', `trace=${calls}`, '-e', inject, ...paths];
      writeFileSync(join(folder, 'told'), '');

      const { status } = spawnSync('strace', [...options, process.execPath, RUN, folder, '4'], {
        stdio: 'pipe',
      });

      ends.push(status);
      const told = linesOf<Told>(readFileSync(join(folder, 'told'), 'utf8'));
      // What a file was left as is settled here by the cache of the system: a cut of the power is another test.
      await expectKept(folder, told, `${inject}, ${told.length} told`);
      rmSync(folder, { recursive: true });
    }
    expect(
      ends.some((end) => end !== 0),
      'a run in which something failed',
    ).toBe(true);
  },
);

test(
  `${FLIPS} flipped bits bring no revoked value back: a fault or no, but never a yes`,
  async () => {
    const chance = drawChance('flipped bits');
    const { folder, revoked } = await aPlace();
    const whole = readFileSync(join(folder, 'apitoken.db'));

    for (let flip = 0; flip < FLIPS; flip++) {
      const bytes = Buffer.from(whole);
      const at = chance.between(0, bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.between(0, 8));
      writeFileSync(join(folder, 'apitoken.db'), bytes);
      for (const end of ['-wal', '-shm']) rmSync(join(folder, `apitoken.db${end}`), { force: true });

      const answers = await answersIn(folder, revoked);

      for (const answer of answers) expect(answer, `bit at ${at}`).not.toBe('good');
    }
  },
  LATER_MS_MAX,
);

test.for([
  ['a damaged header', damagesHeader, /is not a SQLite database, or is damaged/],
  [
    'an empty file',
    (folder: string) => truncateSync(join(folder, 'apitoken.db')),
    /the database is missing or empty/,
  ],
  [
    'a lost file',
    (folder: string) => rmSync(join(folder, 'apitoken.db')),
    /the database is missing or empty/,
  ],
] as const)('%s is refused in plain words, and put right it is as before', async ([, damages, words]) => {
  const { folder, live, revoked } = await aPlace();
  const whole = join(aFolder(), 'whole');
  cpSync(folder, whole, { recursive: true });
  damages(folder);

  await expect(opens(folder)).rejects.toThrow(words);

  cpSync(whole, folder, { recursive: true });
  expect(await answersIn(folder, [...live, ...revoked])).toEqual(['good', 'bad']);
});

test.for([
  ['a foreign -wal', putsForeignWal],
  ['a -wal that was cut off', cutsWal],
  ['half of the file', cutsFile],
] as const)('%s brings no revoked value back', async ([, damages]) => {
  const { folder, revoked } = await aPlace();
  await damages(folder);

  for (const answer of await answersIn(folder, revoked)) expect(answer).not.toBe('good');
});

test.for([
  ['1 s', 1000, 'fulfilled'],
  ['10 s', 10_000, 'rejected'],
] as const)(
  'locked by another process for %s: values are verified, writes are late or refused, and then all goes on',
  async ([, heldMs, outcome]) => {
    const { folder, live, revoked } = await aPlace();
    const store = await opens(folder);
    onTestFinished(() => store.close());
    const token = await aStoredToken(store);
    const holder = fork(HOLD_LOCK, [join(folder, 'apitoken.db')], { execArgv: [] });
    onTestFinished(() => void holder.kill());
    const gone = once(holder, 'exit');
    await once(holder, 'message');

    const revoking = store.revokeTokens([token.id], { ...BY_ANN, reason: 'leaked' }, aDelivery());
    const settling = Promise.allSettled([revoking]);
    expect(await Promise.all([...live, ...revoked].map((value) => verdictOn(store, value)))).toEqual([
      'good',
      'bad',
    ]);
    await sleep(heldMs);
    holder.send('let go');

    expect(await settling).toMatchObject([{ status: outcome }]);
    await gone;
    const again = await store.revokeTokens([token.id], { ...BY_ANN, reason: 'leaked' }, aDelivery());
    expect(again.kind).toBe(outcome === 'fulfilled' ? 'already_revoked' : 'revoked');
  },
);

/** A database that was closed in order, with one live value and one of a revoked token. */
async function aPlace(): Promise<{ folder: string; live: string[]; revoked: string[] }> {
  const folder = join(aFolder(), 'data');
  mkdirSync(folder, { mode: 0o700 });
  const store = await opens(folder);
  const [live, token] = [await aShownValue(store, await aStoredToken(store)), await aStoredToken(store)];
  const dead = await aShownValue(store, token);
  await store.revokeTokens([token.id], { ...BY_ANN, reason: 'leaked' }, aDelivery());
  await store.close();
  return { folder, live: [live.value.reveal()], revoked: [dead.value.reveal()] };
}

function opens(folder: string): Promise<Store> {
  return openStore({ url: `file:${folder}/apitoken.db`, pepper: PEPPER, use: 'app' });
}

/** What a service is told of the values; `fault` where it is told 503, or the app does not start and says why. */
async function answersIn(folder: string, values: readonly string[]): Promise<string[]> {
  const isFault = (error: unknown) => {
    if (!(error instanceof StoreFault)) throw error;
    expect(error.message).not.toBe('');
    return 'fault' as const;
  };
  const store = await opens(folder).catch(isFault);
  if (store === 'fault') return ['fault'];
  try {
    return await Promise.all(values.map((value) => verdictOn(store, value).catch(isFault)));
  } finally {
    await store.close().catch(isFault);
  }
}

function damagesHeader(folder: string): void {
  const path = join(folder, 'apitoken.db');
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0, 0, 16));
}

async function putsForeignWal(folder: string): Promise<void> {
  const other = join(aFolder(), 'other');
  mkdirSync(other);
  const store = await opens(other);
  await aShownValue(store, await aStoredToken(store));
  cpSync(join(other, 'apitoken.db-wal'), join(folder, 'apitoken.db-wal'));
  await store.close();
}

/** As a disk that lies leaves it: what was revoked last is in `revoked.log` alone. */
async function cutsWal(folder: string): Promise<void> {
  const store = await opens(folder);
  const token = await aStoredToken(store);
  await aShownValue(store, token);
  await store.revokeTokens([token.id], { ...BY_ANN, reason: 'leaked' }, aDelivery());
  const wal = readFileSync(join(folder, 'apitoken.db-wal'));
  await store.close();
  writeFileSync(join(folder, 'apitoken.db-wal'), wal.subarray(0, Math.floor(wal.length * 0.6)));
}

function cutsFile(folder: string): void {
  const path = join(folder, 'apitoken.db');
  truncateSync(path, Math.floor(readFileSync(path).length / 2));
}
