import { expect, vi } from 'vitest';
import type { Filling } from '../../sandbox/workspace/fill.ts';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { CallEntry, DeliveryEntry } from '../../sandbox/workspace/state.ts';
import type { VisibleMessage, VisibleModal } from '../../sandbox/workspace/visible.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { parseConfig } from '../../src/config.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createToken } from '../../src/tokens/create.ts';
import type { Hasher } from '../../src/tokens/hasher.ts';
import { nameKeyOf, type TokenName } from '../../src/tokens/name.ts';
import type { Role } from '../../src/tokens/policy.ts';
import { revokeUnclaimed } from '../../src/tokens/revoke.ts';
import { createShowingTurns, showValue } from '../../src/tokens/show.ts';
import type { PersonId, TokenId, WorkspaceId } from '../../src/tokens/token.ts';
import { openWorkspace, type Stage, setStage, settingsFor } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { isOnPostgres } from '../store/fixtures/engines.ts';
import { aName, T0 } from '../tokens/a-token.ts';

const VALUE = /apit_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}/g;
/** More than any delay before something is said for the first time, less than until a value that was lost in a crash ends. */
const SETTLED_MS = 30_000;

/** What `probe` returns once it no longer throws: what comes after the acknowledgement. */
export function soon<T>(probe: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(probe, PATIENT);
}

/** On PostgreSQL a look is a thread: each stage keeps one. */
const looks = new WeakMap<Stage, ReturnType<Stage['look']>>();

/** The rows that `query` finds in the stage's database. */
export function rowsOf(stage: Stage, query: string, ...values: unknown[]): Record<string, unknown>[] {
  const look = looks.get(stage) ?? stage.look();
  if (isOnPostgres) looks.set(stage, look);
  try {
    return look.prepare<unknown[], Record<string, unknown>>(query).all(...values);
  } finally {
    if (!isOnPostgres) look.close();
  }
}

/** Who did what, in the order in which it was done. */
export function auditOf(stage: Stage): { actor: string; action: string; tokenId: string | null }[] {
  const rows = rowsOf(stage, 'select actor, action, token_id from audit_events order by sequence');
  return rows.map((row) => ({
    actor: String(row.actor),
    action: String(row.action),
    tokenId: row.token_id === null ? null : String(row.token_id),
  }));
}

/** The names of what was done, in order. */
export function actionsOf(stage: Stage): string[] {
  return auditOf(stage).map(({ action }) => action);
}

/** The id of the token with this name. */
export function idOf(stage: Stage, name: string): string {
  const [row] = rowsOf(stage, 'select id from tokens where name = ?', name);
  if (row === undefined) throw new Error(`no token is called ${name}`);
  return String(row.id);
}

/** Waits until what was delivered is done and everything that was to be said is said. A receipt that is to be drawn again much later does not count. */
export async function settled(stage: Stage): Promise<void> {
  await soon(() => {
    expect(stage.app.inWork(), 'deliveries in work').toBe(0);
    const due = stage.now() + SETTLED_MS;
    const left = rowsOf(stage, 'select key from outbox where due_at < ?', due).map(({ key }) => key);
    if (left.length > 0) throw new Error(`still to be said: ${left.join(', ')}`);
  });
}

/** Types a command and waits for the modal that it opens. */
export async function opens(person: Person, command: string, place = '#general'): Promise<VisibleModal> {
  await person.types(place, command);
  return modalOf(person);
}

/** The modal that the person has open, as soon as there is one. */
export function modalOf(person: Person): Promise<VisibleModal> {
  return soon(() => {
    const modal = person.modal();
    if (modal === undefined) throw new Error(`${person.handle} has no modal open`);
    return modal;
  });
}

/** The modal of the person as soon as it says `text`. */
export function modalSaying(person: Person, text: string): Promise<VisibleModal> {
  return soon(() => {
    const modal = person.modal();
    if (!modal?.text.includes(text)) throw new Error(`the modal says: ${modal?.text}`);
    return modal;
  });
}

/** Types a command and waits for the ephemeral message that answers it. */
export async function answerTo(person: Person, command: string, place = '#general'): Promise<VisibleMessage> {
  const before = new Set(person.sees(place).map(({ ts }) => ts));
  await person.types(place, command);
  return newMessage(person, place, before);
}

/** What the person sees in `place` and did not before, as soon as there is something. */
export function newMessage(
  person: Person,
  place: string,
  before: ReadonlySet<string>,
): Promise<VisibleMessage> {
  return soon(() => {
    const message = person.sees(place).findLast(({ ts }) => !before.has(ts));
    if (message === undefined) throw new Error(`${person.handle} sees nothing new in ${place}`);
    return message;
  });
}

/** Does something and waits for the message that answers it in `place`. */
export async function answerIn(
  person: Person,
  place: string,
  action: () => Promise<void>,
): Promise<VisibleMessage> {
  const before = new Set(person.sees(place).map(({ ts }) => ts));
  await action();
  return newMessage(person, place, before);
}

/** Creates a token through command and dialog, and returns the value that its owner is shown. */
export async function createsToken(
  person: Person,
  name: string,
  fields: Record<string, Filling> = {},
): Promise<string> {
  await opens(person, '/apitoken create');
  await person.fills({ 'Token Name': name, ...fields });
  await person.submits();
  return soon(() => {
    const message = person.sees('@apitoken').find(({ text }) => text.startsWith(`Your token ${name} is`));
    if (message === undefined) throw new Error(`${name} is not shown`);
    return valueIn(message.text);
  }).finally(() => person.closes());
}

/** The value in a text. */
export function valueIn(text: string): string {
  const [value] = text.match(VALUE) ?? [];
  if (value === undefined) throw new Error('there is no value in it');
  return value;
}

/** The receipt about `name`: the lasting message in the DM of its owner. */
export function receiptOf(person: Person, name: string): VisibleMessage {
  const found = receiptsOf(person, name);
  const [receipt] = found;
  if (receipt === undefined) throw new Error(`${person.handle} has no receipt of ${name}`);
  if (found.length > 1) throw new Error(`${person.handle} has ${found.length} receipts of ${name}`);
  return receipt;
}

/** All receipts about `name`; there should be one. */
export function receiptsOf(person: Person, name: string): VisibleMessage[] {
  return person
    .sees('@apitoken')
    .filter(({ ephemeral, text }) => !ephemeral && text.startsWith(`${name}\nStatus`));
}

/** The calls of one Web API method so far. */
export function callsOf(workspace: Workspace, method: string): CallEntry[] {
  return workspace.traffic.filter(
    (entry): entry is CallEntry => entry.kind === 'call' && entry.method === method,
  );
}

/** What Slack delivered so far. */
export function deliveriesIn(workspace: Workspace): DeliveryEntry[] {
  return workspace.traffic.filter((entry): entry is DeliveryEntry => entry.kind === 'delivery');
}

/** What a token that is put straight into the store may differ in. */
type Held = {
  createdAt?: number;
  lifetimeDays?: number | null;
  purpose?: string;
  scopes?: readonly string[];
  /** Who made it, when that is not its owner. */
  by?: Person;
  shown?: boolean;
  /** For those whose hash is needed: bcrypt, with its 70 ms. */
  hasher?: Pick<Hasher, 'hash'>;
};

/**
 * Puts a token of the person's straight into the store, as `create` and `show` leave it but without the 70 ms of bcrypt, and
 * returns its id and value. `shown: false`: unclaimed.
 */
export async function holdsToken(
  stage: Stage,
  person: Person,
  name: string,
  held: Held = {},
): Promise<{ id: TokenId; value: string }> {
  return withStore(stage, (store) => putToken(store, stage, person, name, held));
}

/** As `holdsToken`, by a name that is refused today and may be older than that. Returns its value. */
export async function holdsOldName(stage: Stage, person: Person, name: string): Promise<string> {
  const { id, value } = await holdsToken(stage, person, 'an older one');
  const raw = stage.look();
  raw
    .prepare('update tokens set name = ?, name_key = ? where id = ?')
    .run(name, nameKeyOf(name as TokenName), id);
  raw.close();
  return value;
}

/** Notes that a message in #general holds the value of a token, as the guard does, and tells nobody. */
export function keepsLeak(stage: Stage, { ts, tokenId }: { ts: string; tokenId: string }): void {
  const raw = stage.look();
  raw
    .prepare(
      "insert into leaks values ('C0GENERAL01', ?, null, 'channel.person.U0ALICE0001', 'Leaked', 'warn', ?, '{}')",
    )
    .run(ts, stage.now());
  raw
    .prepare(
      "insert into leaked_tokens select 'C0GENERAL01', ?, token_id, created_at, 1 from secrets where token_id = ? limit 1",
    )
    .run(ts, tokenId);
  raw.close();
}

/** As `holdsToken`, for many: `held` says what each differs in, by its number from 1. */
export async function holdsTokens(
  stage: Stage,
  person: Person,
  count: number,
  nameOf: (number: number) => string,
  held: (number: number) => Held = () => ({ shown: false }),
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  await putTokens(
    stage,
    numbers.map((number) => ({ person, name: nameOf(number), held: held(number) })),
  );
}

/** As `holdsToken`, for many people's: in the order in which they are given. */
export async function putTokens(
  stage: Stage,
  wanted: readonly { person: Person; name: string; held: Held }[],
): Promise<{ id: TokenId; name: string; value: string }[]> {
  return withStore(stage, async (store) => {
    const made: { id: TokenId; name: string; value: string }[] = [];
    for (const { person, name, held } of wanted) {
      made.push({ name, ...(await putToken(store, stage, person, name, held)) });
    }
    return made;
  });
}

/** Calls `work` with the stage's store, opened once more beside the app. */
export async function withStore<T>(stage: Stage, work: (store: Store) => Promise<T>): Promise<T> {
  const { peppers } = parseConfig(settingsFor(stage.workspace, stage.folder));
  const store = await openStore({ url: stage.databaseUrl, pepper: peppers.current });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function putToken(store: Store, stage: Stage, person: Person, name: string, held: Held) {
  const { createdAt = Date.now(), lifetimeDays = 90, purpose, scopes = [], by = person } = held;
  const { peppers, prefix } = parseConfig(settingsFor(stage.workspace, stage.folder));
  const policy = {
    allowGuests: true,
    lifetimeDaysMax: 3650,
    mayNeverExpire: true,
    liveTokensMax: 10_000,
    creationsPerDayMax: 10_000,
    scopes,
  };
  const hasher = held.hasher ?? { hash: async () => 'no bcrypt in this test' };
  const clock = () => createdAt;
  const findPerson = async (id: PersonId) => ({
    ...actorFrom(stage, by),
    id,
    roles: new Set(['admin'] as const),
  });
  const deps = {
    store,
    peppers,
    prefix,
    policy,
    hasher,
    clock,
    showingTurns: createShowingTurns(clock),
    findPerson,
  };
  const delivery = { keys: [] };
  const owner = actorFrom(stage, person);
  const created = await createToken(
    {
      actor: { ...actorFrom(stage, by), roles: new Set(['admin'] as const) },
      owner,
      name: aName(name),
      purpose: purpose ?? null,
      expiry: lifetimeDays === null ? { kind: 'never' } : { kind: 'days', days: lifetimeDays },
      scopes,
      delivery,
    },
    deps,
  );
  if (created.kind === 'refused') throw new Error(`${name}: ${created.refusal.code}`);
  const { id } = created.token;
  let value = '';
  const deliver = async (_: unknown, made: { reveal(): string }) => {
    value = made.reveal();
    return undefined;
  };
  if (held.shown ?? true) await showValue({ actor: owner, tokenId: id, delivery }, { ...deps, deliver });
  return { id, value };
}

function actorFrom(stage: Stage, person: Person) {
  return {
    id: person.id as PersonId,
    workspace: stage.workspace.teamId as WorkspaceId,
    standing: 'member',
    zone: 'UTC',
    roles: new Set<Role>(),
  } as const;
}

/**
 * A clock that stands still at T0 until it is moved. It waits with that until what was delivered is done: a value is
 * marked as shown, and a press answered, a moment after the person sees the effect.
 */
export function aClock(): MovedClock {
  let now = T0;
  const stages: Stage[] = [];
  const moveTo = async (at: () => number) => {
    for (const { app } of stages) await soon(() => expect(app.inWork(), 'deliveries in work').toBe(0));
    now = at();
  };
  return Object.assign(() => now, {
    attach: (stage: Stage) => void stages.push(stage),
    moveBy: (ms: number) => moveTo(() => now + ms),
    moveTo: (at: number) => moveTo(() => at),
    jumpBy: (ms: number) => {
      now += ms;
    },
  });
}

type MovedClock = {
  (): number;
  attach(stage: Stage): void;
  moveBy(ms: number): Promise<void>;
  moveTo(at: number): Promise<void>;
  /** The same while deliveries are in work. */
  jumpBy(ms: number): void;
};

/** A stage on which time stands still at T0 until it is moved, for Slack and the app alike, with Alice. */
export async function setStill(
  env: Record<string, string> = {},
): Promise<{ stage: Stage; clock: MovedClock; alice: Person; workspace: Workspace }> {
  const clock = aClock();
  const workspace = await openWorkspace({ clock });
  const stage = await setStage({ clock, workspace, env });
  return { stage, clock, alice: workspace.person('alice'), workspace };
}

/** Does now what the app does every 20 s: sends due notices, revokes what nobody claimed; and waits until all is said. */
export async function chores(stage: Stage): Promise<void> {
  await withStore(stage, async (store) => {
    await store.sendNotices(stage.now());
    await revokeUnclaimed(stage.workspace.teamId as WorkspaceId, { store, clock: stage.now });
  });
  await settled(stage);
}

/** Does something and waits for the value that the person is shown because of it. */
export async function shownBy(person: Person, action: () => Promise<void>): Promise<string> {
  const before = new Set(valuesSeenBy(person));
  await action();
  return soon(() => {
    const [value] = valuesSeenBy(person).filter((one) => !before.has(one));
    if (value === undefined) throw new Error(`${person.handle} is shown no new value`);
    return value;
  });
}

/** All values that the person sees in the app's conversation, the oldest first. */
export function valuesSeenBy(person: Person): string[] {
  return person.sees('@apitoken').flatMap(({ text }) => text.match(VALUE) ?? []);
}

/** Rotates or renews by command and dialog, waits until it is done, and returns the new value. */
export async function rotates(
  stage: Stage,
  person: Person,
  name: string,
  fields: Record<string, string> = {},
): Promise<string> {
  const { generation } = tokenRow(stage, name);
  await opens(person, `/apitoken rotate ${name}`);
  await person.fills(fields);
  const value = await shownBy(person, () => person.submits());
  await soon(() => expect(tokenRow(stage, name).generation).toBe(Number(generation) + 1));
  await person.closes();
  await settled(stage);
  return value;
}

/** The row of the token with this name. */
export function tokenRow(stage: Stage, name: string): Record<string, unknown> {
  const [row] = rowsOf(stage, 'select * from tokens where name = ?', name);
  if (row === undefined) throw new Error(`no token is called ${name}`);
  return row;
}

/** What `GET /verify` answers to each of the values. */
export async function verdictsOf(stage: Stage, ...values: string[]): Promise<number[]> {
  const verdicts: number[] = [];
  for (const value of values) verdicts.push((await stage.verify(value)).status);
  return verdicts;
}

/** What the person was told in the app's conversation without a receipt and without a value, the oldest first. */
export function toldTo(person: Person): VisibleMessage[] {
  return person
    .sees('@apitoken')
    .filter(({ ephemeral, text }) => !ephemeral && !/^[^\n]*\nStatus\n/.test(text));
}
