import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createChainCheck, eventsAfter } from '../../src/tokens/audit.ts';
import { nameKeyOf, type TokenName } from '../../src/tokens/name.ts';
import { pepperFrom, peppersFrom } from '../../src/tokens/pepper.ts';
import { type AppProcess, startProcess } from '../app-process.ts';
import { type Chance, drawChance, IS_LONG, LONG_MS_MAX } from '../faults/programme.ts';
import { openWorkspace, settingsFor, temporaryFolder } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { aDatabaseWithTables } from '../store/fixtures/a-postgres.ts';

const REPLICAS = 3;

const KILLS = IS_LONG ? 60 : 8;

const KILL_EVERY_MS = 1000;

const POLL_MS = 20;

/** What a replica took with it is not waited for any longer. */
const GIVEN_UP_MS = 6000;

const VALUE = /apit_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/;

const PEPPER = 'a pepper for tests that nobody uses elsewhere';

/** What people know of a token. `maybe`: whoever was to tell them died. */
type Known = {
  readonly name: string;
  readonly values: string[];
  isRotating: boolean;
  revoked: 'no' | 'maybe' | 'yes';
};

class GivenUp extends Error {}

test(
  `three replicas of which ${KILLS} are killed, one a second, lose nothing that they said was done`,
  async () => {
    const chance = drawChance('replicas');
    const scene = await aScene(chance);
    const { workspace, store } = scene;
    const people = ['alice', 'bob', 'carol', 'dave'].map((handle) => workspace.person(handle));
    const crowd = people.map((person) => acts(person, scene));

    for (let kill = 1; kill <= KILLS; kill++) {
      await sleep(KILL_EVERY_MS);
      await scene.killOne();
    }
    scene.isOver = true;
    const known = (await Promise.all(crowd)).flat();
    await scene.allReady();
    await vi.waitFor(async () => {
      expect(await store.waitingSayings(Date.now())).toMatchObject({ count: 0 });
    }, PATIENT);

    process.stderr.write(`replicas: ${known.length} tokens, ${scene.kills()} kills\n`);
    expect(known.length).toBeGreaterThan(KILLS / 2);
    for (const one of known) await expectKept(one, scene);
    await expectChain(store);
    expectSaidOnce(scene);
    // What was in the air when a replica died is nobody's refusal.
    workspace.takeRefusals();
  },
  IS_LONG ? LONG_MS_MAX : undefined,
);

type Scene = {
  readonly workspace: Workspace;
  readonly store: Store;
  readonly chance: Chance;
  isOver: boolean;
  kills(): number;
  /** Kills one by chance, once two are ready, and starts another in its place. */
  killOne(): Promise<void>;
  allReady(): Promise<readonly number[]>;
  ports(): Promise<readonly number[]>;
};

async function aScene(chance: Chance): Promise<Scene> {
  const url = await aDatabaseWithTables();
  const workspace = await openWorkspace();
  const folder = temporaryFolder();
  const env = settingsFor(workspace, folder, {
    DATABASE_URL: url,
    SLACK_SOCKETS: '1',
    TOKENS_PER_PERSON_MAX: '10000',
    CREATIONS_PER_DAY_MAX: '10000',
    LOG_LEVEL: 'info',
  });
  const start = () => startProcess({ folder, env });
  const replicas: AppProcess[] = Array.from({ length: REPLICAS }, start);
  let kills = 0;
  const ready = () => Promise.all(replicas.map((replica) => replica.ready));
  await ready();
  await workspace.waitForSockets(REPLICAS);
  const pepper = pepperFrom(PEPPER);
  return {
    workspace,
    store: await openStore({ url, pepper }),
    chance,
    isOver: false,
    kills: () => kills,
    async killOne() {
      // Where a start takes longer than a second, one is left alive all the same.
      await vi.waitUntil(() => workspace.sockets.count() >= REPLICAS - 1, PATIENT);
      const victim = chance.between(0, REPLICAS);
      kills += 1;
      replicas[victim]?.signal('SIGKILL');
      await replicas[victim]?.ended;
      replicas[victim] = start();
    },
    async allReady() {
      const ports = await ready();
      await workspace.waitForSockets(REPLICAS);
      return ports;
    },
    ports: ready,
  };
}

async function acts(person: Person, scene: Scene): Promise<Known[]> {
  const known: Known[] = [];
  for (let number = 1; !scene.isOver; number++) {
    const own = known.filter(({ revoked, isRotating }) => revoked === 'no' && !isRotating);
    const deed = own.length < 2 ? creates : scene.chance.oneOf([creates, rotates, revokes]);
    try {
      await deed(person, { known, own, name: `${person.handle}-${number}` }, scene);
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error;
      if (person.modal() !== undefined) person.reloads();
    }
  }
  return known;
}

type Deed = { readonly known: Known[]; readonly own: readonly Known[]; readonly name: string };

async function creates(person: Person, { known, name }: Deed, scene: Scene): Promise<void> {
  await opens(person, '/apitoken create', scene);
  await person.fills({ 'Token Name': name });
  await person.submits();
  await until(() => person.modal()?.text.includes('direct messages'), scene);
  const value = await until(() => shownValue(person, name), scene);
  // A value whose showing a crash breaks off is lost: that it was shown is written down a moment after it was seen.
  await until(async () => (await tokenOf(name, scene))?.claimedAt != null, scene);
  known.push({ name, values: [value], isRotating: false, revoked: 'no' });
  await person.closes();
}

async function rotates(person: Person, { own }: Deed, scene: Scene): Promise<void> {
  const one = scene.chance.oneOf(own);
  await opens(person, `/apitoken rotate ${one.name}`, scene);
  await person.fills({ 'Old value ends': 'Now' });
  one.isRotating = true;
  await person.submits();
  const value = await until(() => {
    const newest = shownValue(person, one.name);
    return newest === one.values.at(-1) ? undefined : newest;
  }, scene);
  await until(async () => (await tokenOf(one.name, scene))?.generation === one.values.length, scene);
  one.values.push(value);
  one.isRotating = false;
  await person.closes();
}

async function revokes(person: Person, { own }: Deed, scene: Scene): Promise<void> {
  const one = scene.chance.oneOf(own);
  await opens(person, `/apitoken revoke ${one.name}`, scene);
  one.revoked = 'maybe';
  await person.submits();
  await until(() => person.modal()?.text.includes('is revoked'), scene);
  one.revoked = 'yes';
  await person.closes();
}

async function opens(person: Person, command: string, scene: Scene): Promise<void> {
  await person.types('#general', command);
  await until(() => person.modal(), scene);
}

/** What `probe` finds; once a replica was killed meanwhile it is waited for some seconds more and given up. */
async function until<T>(probe: () => T | Promise<T>, scene: Scene): Promise<NonNullable<T>> {
  const killsBefore = scene.kills();
  const begun = performance.now();
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== null && found !== false) return found;
    const waited = performance.now() - begun;
    if (scene.kills() > killsBefore && waited > GIVEN_UP_MS) throw new GivenUp();
    if (waited > PATIENT.timeout) throw new GivenUp('nobody answered');
    await sleep(POLL_MS);
  }
}

/** The newest value of the token that its owner was shown. */
function shownValue(person: Person, name: string): string | undefined {
  const texts = person.sees('@apitoken').map(({ text }) => text);
  const named = new RegExp(`\\b${name}\\b`);
  return VALUE.exec(texts.findLast((text) => VALUE.test(text) && named.test(text)) ?? '')?.[0];
}

async function tokenOf(name: string, { store, workspace }: Scene) {
  return store.findTokenByName(workspace.teamId as never, nameKeyOf(name as TokenName));
}

/** On each replica: what was revoked is refused, what lives is accepted, and of several values the newest alone. */
async function expectKept(one: Known, scene: Scene): Promise<void> {
  const { name, values, revoked, isRotating } = one;
  const token = await tokenOf(name, scene);
  expect(token, name).toBeDefined();
  if (revoked === 'yes') expect(token?.revokedAt, name).not.toBeNull();
  if (revoked === 'no') expect(token?.revokedAt, name).toBeNull();
  if (!isRotating) expect(token?.generation, name).toBe(values.length - 1);
  const isLive = token?.revokedAt === null;
  for (const port of await scene.ports()) {
    const statuses: number[] = [];
    for (const value of values) {
      const headers = { authorization: `Bearer ${value}` };
      statuses.push((await fetch(`http://127.0.0.1:${port}/verify`, { headers })).status);
    }
    // A rotation that was broken off took place or did not.
    const ofNewest = isRotating && isLive ? statuses.at(-1) : isLive ? 200 : 401;
    expect(statuses, name).toEqual(values.map((_, at) => (at === values.length - 1 ? ofNewest : 401)));
  }
}

async function expectChain(store: Store): Promise<void> {
  const check = createChainCheck(peppersFrom(pepperFrom(PEPPER)));
  for await (const event of eventsAfter(0, store)) check.add(event);
  expect(check.report()).toMatchObject({ flaw: undefined, unprovable: 0 });
}

/** Receipts are lasting: a token has one, or one more for each answer that was lost with a replica. */
function expectSaidOnce({ workspace, kills }: Scene): void {
  const receipts = ['alice', 'bob', 'carol', 'dave'].flatMap((handle) => {
    const texts = workspace.person(handle).sees('@apitoken');
    return texts.filter(({ text }) => /^Token /.test(text)).map(({ text }) => `${handle} ${text}`);
  });
  const repeated = receipts.length - new Set(receipts).size;
  expect(repeated).toBeLessThanOrEqual(kills());
}
