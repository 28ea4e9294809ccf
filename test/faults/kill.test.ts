import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { type AppProcess, startProcess } from '../app-process.ts';
import { besides, runs } from '../cli/a-command.ts';
import { openWorkspace, settingsFor, temporaryFolder } from '../fixture.ts';
import { type Chance, drawChance, IS_LONG, LONG_MS_MAX } from './programme.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const KILLS = IS_LONG ? 60 : 5;
const OPERATIONS_MIN = IS_LONG ? 1000 : 15;
const VALUE = /apit_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/;
const POLL_MS = 10;
/** What people know of a token. `maybe`: a kill came before they were told. */
type Known = {
  readonly name: string;
  readonly owner: Person;
  /** All that were shown, the newest last; those before it have ended, once the newest is known to be kept. */
  readonly values: string[];
  isRotating: boolean;
  revoked: 'no' | 'maybe' | 'yes';
};

/** From a start of the app to its kill. */
type Life = { isOver: boolean };

class Killed extends Error {}

test(
  `of what was acknowledged before ${KILLS} kills all is there, and nothing that was revoked lives`,
  async () => {
    const chance = drawChance('kill');
    const workspace = await openWorkspace();
    const folder = temporaryFolder();
    const env = settingsFor(workspace, folder, {
      TOKENS_PER_PERSON_MAX: '10000',
      CREATIONS_PER_DAY_MAX: '10000',
    });
    const people = ['alice', 'bob', 'carol', 'dave'].map((handle) => workspace.person(handle));
    const known: Known[] = [];
    let done = 0;

    for (let kill = 1; kill <= KILLS; kill++) {
      const app = startProcess({ folder, env });
      const port = await app.ready;
      await workspace.waitForSockets(1);
      await expectAllThere(known, port, folder);
      const life: Life = { isOver: false };
      const share = Math.ceil((OPERATIONS_MIN * kill) / KILLS);
      const deeds = { chance, known, folder, life, count: () => void done++ };
      const working = people.map((person) => actsUntilKilled(person, deeds));
      while (done < share) await sleep(POLL_MS);
      await sleep(chance.between(0, 300));
      await killed(app, life);
      await Promise.all(working);
      // What was in the air when the app died is nobody's refusal.
      workspace.takeRefusals();
      for (const person of people) if (person.modal() !== undefined) person.reloads();
      if (kill % 10 === 0)
        process.stderr.write(`kill ${kill} of ${KILLS}: ${done} operations acknowledged\n`);
    }

    const last = startProcess({ folder, env });
    await expectAllThere(known, await last.ready, folder);
    workspace.takeRefusals();
    expect(done).toBeGreaterThanOrEqual(OPERATIONS_MIN);
    for (const kind of ['no', 'yes'] as const)
      expect(known.some(({ revoked }) => revoked === kind)).toBe(true);
    expect(known.some(({ values }) => values.length > 1)).toBe(true);
  },
  IS_LONG ? LONG_MS_MAX : undefined,
);

type Deeds = {
  readonly chance: Chance;
  readonly known: Known[];
  readonly folder: string;
  readonly life: Life;
  count(): void;
};

async function actsUntilKilled(person: Person, deeds: Deeds): Promise<void> {
  const { chance, known, life } = deeds;
  while (!life.isOver) {
    const own = known.filter(
      (one) => one.owner === person && one.revoked === 'no' && !one.isRotating && one.values.length > 0,
    );
    const deed = own.length < 2 ? creates : chance.oneOf([creates, rotates, revokes, revokesByCommand]);
    try {
      await deed(person, own, deeds);
      deeds.count();
    } catch (error) {
      // The rest of a deed that was broken off: what it was is still in `known`.
      if (!life.isOver) throw error;
    }
  }
}

async function creates(
  person: Person,
  _own: readonly Known[],
  { known, folder, life }: Deeds,
): Promise<void> {
  const name = `bot-${known.length + 1}`;
  const one: Known = { name, owner: person, values: [], isRotating: false, revoked: 'no' };
  await opens(person, '/apitoken create', life);
  await person.fills({ 'Token Name': name });
  await person.submits();
  await until(() => person.modal()?.text.includes('direct messages'), life);
  known.push(one);
  await person.closes();
  const value = await until(() => shownValue(person, name), life);
  // A value whose showing a crash breaks off is lost: that it was shown is written down a moment after it was seen.
  await until(() => rowOf(folder, name)?.claimed_at != null, life);
  one.values.push(value);
}

async function rotates(
  person: Person,
  own: readonly Known[],
  { chance, folder, life }: Deeds,
): Promise<void> {
  const one = chance.oneOf(own);
  await opens(person, `/apitoken rotate ${one.name}`, life);
  await person.fills({ 'Old value ends': 'Now' });
  one.isRotating = true;
  await person.submits();
  const value = await until(() => {
    const newest = shownValue(person, one.name);
    return newest === one.values.at(-1) ? undefined : newest;
  }, life);
  await until(() => rowOf(folder, one.name)?.generation === one.values.length, life);
  one.values.push(value);
  one.isRotating = false;
  await person.closes();
}

async function revokes(person: Person, own: readonly Known[], { chance, life }: Deeds): Promise<void> {
  const one = chance.oneOf(own);
  await opens(person, `/apitoken revoke ${one.name}`, life);
  one.revoked = 'maybe';
  await person.submits();
  await until(() => person.modal()?.text.includes('is revoked'), life);
  one.revoked = 'yes';
  await person.closes();
}

async function revokesByCommand(
  _person: Person,
  own: readonly Known[],
  { chance, folder, life }: Deeds,
): Promise<void> {
  const one = chance.oneOf(own);
  one.revoked = 'maybe';
  const args = ['--require', join(ROOT, 'require-node.cjs'), join(ROOT, 'src/cli.ts')];
  const child = spawn(process.execPath, [...args, 'revoke', one.name, '--reason', 'found in a log'], {
    cwd: folder,
    env: besides({ folder }),
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolveCode) => void child.on('close', resolveCode));
  const isOver = until(() => undefined, life).catch(() => undefined);
  const code = await Promise.race([ended, isOver]);
  // The command dies with the app, wherever it is.
  if (code === undefined) child.kill('SIGKILL');
  if ((await ended) === 0) one.revoked = 'yes';
  else if (!life.isOver) throw new Error('a token could not be revoked on the command line');
}

async function killed(app: AppProcess, life: Life): Promise<void> {
  app.signal('SIGKILL');
  life.isOver = true;
  await app.ended;
}

/** Types a command and waits for the dialog that it opens. */
async function opens(person: Person, command: string, life: Life): Promise<void> {
  await person.types('#general', command);
  await until(() => person.modal(), life);
}

/** What `probe` finds, unless the app is killed before. */
async function until<T>(probe: () => T | undefined | false, life: Life): Promise<T> {
  for (;;) {
    if (life.isOver) throw new Killed();
    const found = probe();
    if (found !== undefined && found !== false) return found;
    await sleep(POLL_MS);
  }
}

/** The newest value of the token that its owner was shown. */
function shownValue(person: Person, name: string): string | undefined {
  const texts = person.sees('@apitoken').map(({ text }) => text);
  const named = new RegExp(`\\b${name}\\b`);
  return VALUE.exec(texts.findLast((text) => VALUE.test(text) && named.test(text)) ?? '')?.[0];
}

function rowOf(folder: string, name: string): Row | undefined {
  const sqlite = new Database(join(folder, 'apitoken.db'), { readonly: true });
  try {
    return sqlite.prepare<[string], Row>(`${ROWS} where name = ?`).get(name);
  } finally {
    sqlite.close();
  }
}

async function expectAllThere(known: readonly Known[], port: number, folder: string): Promise<void> {
  const sqlite = new Database(join(folder, 'apitoken.db'), { readonly: true });
  const rows = new Map(
    sqlite
      .prepare<[], Row>(ROWS)
      .all()
      .map((row) => [row.name, row]),
  );
  const told = sqlite
    .prepare<[], { token_id: string; action: string; count: number }>(
      'select token_id, action, count(*) as count from audit_events group by 1, 2',
    )
    .all();
  sqlite.close();
  const counts = new Map(told.map(({ token_id, action, count }) => [`${action} ${token_id}`, count]));
  const logged = readFileSync(join(folder, 'revoked.log'), 'utf8');

  for (const { id, name, generation, revoked_at } of rows.values()) {
    expect(counts.get(`token.created ${id}`), name).toBe(1);
    expect(counts.get(`token.revoked ${id}`) ?? 0, name).toBe(revoked_at === null ? 0 : 1);
    expect(counts.get(`token.rotated ${id}`) ?? 0, name).toBe(generation);
    const isLogged = logged.split('\n').some((line) => line.includes(id) && !line.includes('endsAt'));
    expect(isLogged, `${name} in revoked.log`).toBe(revoked_at !== null);
  }
  for (const one of known) await expectThere(one, rows.get(one.name), port);
  const { code, out } = await runs(['audit', 'verify'], { env: besides({ folder }), folder });
  expect(code, out).toBe(0);
}

type Row = {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly generation: number;
  readonly claimed_at: number | null;
  readonly revoked_at: number | null;
};

const ROWS = 'select id, name, owner, generation, claimed_at, revoked_at from tokens';

async function expectThere(one: Known, row: Row | undefined, port: number): Promise<void> {
  const { name, owner, values, revoked, isRotating } = one;
  expect(row, name).toMatchObject({ owner: owner.id });
  if (revoked === 'yes') expect(row?.revoked_at, name).not.toBeNull();
  if (revoked === 'no') expect(row?.revoked_at, name).toBeNull();
  const isLive = row?.revoked_at === null;
  if (!isRotating && values.length > 0) expect(row?.generation, name).toBe(values.length - 1);
  const statuses: number[] = [];
  for (const value of values) {
    const headers = { authorization: `Bearer ${value}` };
    statuses.push((await fetch(`http://127.0.0.1:${port}/verify`, { headers })).status);
  }
  // A rotation that was broken off took place or did not: its former value ended or did not.
  const ofNewest = isRotating && isLive ? [statuses.at(-1)] : [isLive ? 200 : 401];
  const expected = values.map((_, index) => (index === values.length - 1 ? ofNewest[0] : 401));
  expect(statuses, name).toEqual(expected);
}
