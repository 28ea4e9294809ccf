import { expect } from 'vitest';
import { SEED, type Seed, type SeedPerson } from '../../sandbox/seed.ts';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { TrafficEntry } from '../../sandbox/workspace/state.ts';
import type { Workspace } from '../../sandbox/workspace/workspace.ts';
import { DAY_MS } from '../../src/clock.ts';
import { parseConfig } from '../../src/config.ts';
import { heldProof } from '../../src/tokens/held.ts';
import { effectOf } from '../../src/tokens/telling.ts';
import type { PersonId, TokenId, WorkspaceId } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { openWorkspace, type Stage, setStage, settingsFor } from '../fixture.ts';
import { aClock, answerTo, auditOf, putTokens, rowsOf, soon, withStore } from './flows.ts';
import { type Comer, KEPT_OUT, LET_IN, TABLE, type Way, type Whose } from './matrix-table.ts';
import { PLACED_SIGN, RECEIPT_SIGN, STOPPED_SIGN, type Taking, WAYS, type Walk } from './matrix-ways.ts';

export const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';
const MEMBERS_ONLY =
  'apitoken is only for full members of this workspace. If you need a token, ask an admin.';
/** Alice has a token for each cell. */
const MANY = { TOKENS_PER_PERSON_MAX: '10000' };
/** What is due later than this is not said because of what was done just now. */
const LATER_MS = 30_000;

type Cell = readonly [way: Way, whose: Whose];

/** Each way with each kind of token that it can be taken with. */
export const CELLS: readonly Cell[] = (Object.keys(TABLE) as Way[]).flatMap((way) => {
  const { about } = WAYS[way];
  const whose: readonly Whose[] = about === 'tokens' ? ['own', 'others'] : [about];
  return whose.map((one) => [way, one] as const);
});

/** How a walk may differ from one by all ways. */
export type Walking = {
  readonly cells?: readonly Cell[];
  /** What happens once everybody was there and all is prepared, before the ways are taken. */
  readonly meanwhile?: (at: {
    readonly workspace: Workspace;
    readonly walkers: readonly Person[];
    readonly clock: ReturnType<typeof aClock>;
  }) => Promise<void>;
  readonly deliverBy?: 'sockets' | 'http';
  /** Whoever walks in the walker's place, as somebody all of whose deliveries come twice. */
  readonly as?: (walker: Person, workspace: Workspace) => Person;
  /** What happens once all ways were taken. */
  readonly afterwards?: (at: {
    readonly stage: Stage;
    readonly clock: ReturnType<typeof aClock>;
  }) => Promise<void>;
};

/** The name of a cell, as a test reads it. */
export function cellName([way, whose]: Cell): string {
  return whose === 'none' ? way : `${way} · ${whose}`;
}

/** Takes every way, each as somebody who was never there before: refusals are events for the first ten of a person. */
export async function walkAll(
  comer: Comer,
  env: Record<string, string>,
  walking: Walking = {},
): Promise<Record<string, string>> {
  const { cells = CELLS, meanwhile = async () => {}, deliverBy = 'sockets', as = (one) => one } = walking;
  const people = cells.map((_, index) => personOf(comer, index));
  const clock = aClock();
  const workspace = await openWorkspace({ clock, seed: seedWith(people, comer) });
  const ids = people.map(({ id }) => id).join(',');
  const roles = { ...(comer === 'manager' ? { MANAGERS: ids } : {}), ONCALL: 'S0ONCALL001', ...MANY };
  const stage = await setStage({ clock, workspace, env: { ...roles, ...env }, deliverBy });
  const { ts: ephemeral } = await answerTo(workspace.person('alice'), '/apitoken help');
  // One that everybody may try to stop.
  await workspace.person('dave').types('#oncall', '/apitoken board');
  await soon(() => expect(rowsOf(stage, "select id from messages where kind = 'board'")).toHaveLength(1));

  const walkers = people.map(({ handle }) => as(workspace.person(handle), workspace));
  const walks = await prepareAll({ stage, walkers, ephemeral, cells });
  await meanwhile({ workspace, walkers, clock });
  const isLetIn = env.ALLOW_GUESTS === 'true' || !KEPT_OUT.some((one) => one === comer);
  const outcomes: Record<string, string> = {};
  for (const [index, cell] of cells.entries()) {
    const walk = walks[index];
    if (walk === undefined) throw new Error('a cell was not prepared');
    outcomes[cellName(cell)] = await outcomeOf(walk, WAYS[cell[0]], isLetIn);
  }
  await walking.afterwards?.({ stage, clock });
  // Slack takes no messages to a bot, or to somebody who is gone: their receipts have nowhere to stand.
  if (!LET_IN.some((one) => one === comer)) {
    const refused = workspace.takeRefusals().filter(({ about }) => about !== 'conversations.open');
    expect(refused).toEqual([]);
  }
  return outcomes;
}

function personOf(comer: Comer, index: number): SeedPerson {
  const flags: Partial<Record<Comer, Partial<SeedPerson>>> = {
    admin: { admin: true },
    guest: { guest: true },
    bot: { bot: true },
    stranger: { strangerFrom: 'T0STRANGER1' },
    deactivated: { deactivated: true },
  };
  const number = String(index).padStart(3, '0');
  return { handle: `walker${number}`, id: `U0WALKER${number}`, name: `Walker ${number}`, ...flags[comer] };
}

function seedWith(people: readonly SeedPerson[], comer: Comer): Seed {
  const handles = people.map(({ handle }) => handle);
  return {
    ...SEED,
    people: [...SEED.people, ...people],
    channels: SEED.channels.map((channel) => ({ ...channel, members: [...channel.members, ...handles] })),
    groups: SEED.groups.map((group) => ({ ...group, members: comer === 'on-call' ? handles : [] })),
  };
}

/** For each cell the token that its way is taken for, in the state that it needs. */
async function prepareAll(at: {
  stage: Stage;
  walkers: readonly Person[];
  ephemeral: string;
  cells: readonly Cell[];
}): Promise<Walk[]> {
  const { stage, walkers, ephemeral, cells } = at;
  const { workspace } = stage;
  const alice = workspace.person('alice');
  const [receipt, notice] = (['receipt', 'notice'] as const).map((kind) =>
    workspace.post('#general', 'buildbot', { text: kind, blocks: aMessageThatIs(kind) }),
  );
  const wanted = cells.map(([way, whose], index) => {
    const walker = walkers[index];
    if (walker === undefined) throw new Error('nobody walks here');
    const person = whose === 'own' ? walker : alice;
    const { about, token: needs } = WAYS[way];
    const count = about === 'none' ? 0 : needs === 'eleven' ? 11 : 1;
    const held = { createdAt: stage.now(), shown: needs !== 'unclaimed' };
    const tokens = Array.from({ length: count }, (_, nth) => ({ person, name: `bot-${index}-${nth}`, held }));
    return { walker, owner: person, needs, tokens };
  });
  const made = await putTokens(
    stage,
    wanted.flatMap(({ tokens }) => tokens),
  );
  const walks: Walk[] = [];
  for (const { walker, owner, needs, tokens } of wanted) {
    const own = made.splice(0, tokens.length);
    const [token = NO_TOKEN] = own;
    if (needs === 'revoked') await revokeByAlice(stage, token.id);
    if (needs === 'rotated') await rotate(stage, token.id);
    const leak = workspace.post('#general', 'alice', { text: `look: ${token.value}` });
    const eleven = own.map(({ id }) => id);
    walks.push({
      stage,
      walker,
      owner,
      token,
      eleven,
      ephemeral,
      receipt: receipt ?? '',
      notice: notice ?? '',
      leak,
      othersProof: proofOfBob(stage, token),
    });
  }
  return walks;
}

/** Blocks by which a lasting message is known to be of that kind. */
function aMessageThatIs(kind: 'receipt' | 'notice') {
  return [{ type: 'section', block_id: `${kind}:0`, text: { type: 'plain_text', text: kind } }];
}

/** What a way is taken with that concerns none. */
const NO_TOKEN = { id: 'tok_none' as TokenId, name: 'no token at all', value: 'no value at all' };

function proofOfBob({ workspace, folder, now }: Stage, { id, value }: Walk['token']): string {
  const { peppers } = parseConfig(settingsFor(workspace, folder));
  const values = [{ tokenId: id, lookupId: value.split('_')[1] ?? '' }];
  return heldProof({ actor: workspace.person('bob').id as PersonId, values, at: now() }, peppers.current);
}

async function revokeByAlice(stage: Stage, id: TokenId): Promise<void> {
  const actor = stage.workspace.person('alice').id as PersonId;
  const by = { actor, at: stage.now(), reason: null, held: false };
  await withStore(stage, (store) => store.revokeTokens([id], by, { keys: [] }));
}

/** Gives it a newer value, which nobody knows, for a day beside the one that it has. */
async function rotate(stage: Stage, id: TokenId): Promise<void> {
  const { peppers } = parseConfig(settingsFor(stage.workspace, stage.folder));
  const value = TokenValue.generate('apit');
  const at = stage.now();
  await withStore(stage, async (store) => {
    const token = await store.findToken(stage.workspace.teamId as WorkspaceId, id);
    if (token === undefined) throw new Error('there is no token to rotate');
    const { generation, expiresAt, owner, name, scopes } = token;
    const rotation = { generation, expiresAt, graceEndsAt: at + DAY_MS, endsOlder: true };
    const secret = {
      ...{ tokenId: id, name, owner, scopes, createdAt: at, endsAt: expiresAt },
      ...{ lookupId: value.lookupId, prefix: 'apit', hash: 'no bcrypt in this test' },
      ...{ digest: value.digest(peppers.current.key), pepperId: peppers.current.id },
    };
    await store.insertSecret(secret, rotation, { keys: [] });
    const { event } = effectOf({ action: 'token.rotated', actor: owner, at }, token);
    await store.markShown(value.lookupId, at, rotation, { event, sayings: [] });
  });
}

/** `works` or `refused`; anything else says what was wrong with it. */
async function outcomeOf(walk: Walk, taking: Taking, isLetIn: boolean): Promise<string> {
  const { stage, walker } = walk;
  const isReceipt = taking.sign === RECEIPT_SIGN;
  if (isReceipt && isLetIn) await receiptStands(walk);
  const before = stateOf(walk);
  const mark = stage.workspace.traffic.length;
  const sign = typeof taking.sign === 'string' ? taking.sign : taking.sign(walk);
  const isSearch = taking.refusal?.startsWith('{') === true;
  const refusal = isLetIn || isSearch ? (taking.refusal ?? NOT_FOUND) : MEMBERS_ONLY;

  await taking.take(walk);
  const outcome = await soon(() => {
    const said = saidIn(stage.workspace.traffic.slice(mark), walk);
    if (said.includes(refusal)) return 'refused';
    if (said.includes(sign)) return 'works';
    throw new Error(`neither: ${said.slice(0, 300)}`);
  }).catch((error: Error) => error.message);

  const refusals = auditOf(stage).filter(
    ({ actor, action }) => actor === walker.id && action === 'action.refused',
  );
  if (outcome === 'works') return refusals.length === 0 ? outcome : 'works, with an event of a refusal';
  if (outcome !== 'refused') return outcome;
  if (refusals.length !== 1) return `refused, with ${refusals.length} events`;
  const changes = changesSince(before, stateOf(walk));
  return changes === '' ? outcome : `refused, and changed ${changes}`;
}

async function receiptStands({ stage, token }: Walk): Promise<void> {
  await soon(() =>
    expect(rowsOf(stage, 'select id from messages where token_id = ?', token.id)).toHaveLength(1),
  );
}

/** All that the app said to somebody, and not by itself some time after: of lasting messages boards, and receipts by a sign. */
function saidIn(traffic: readonly TrafficEntry[], { token, walker }: Walk): string {
  // The Home tabs of others are drawn when something became of their tokens.
  const ofOthers = (entry: TrafficEntry) =>
    entry.kind === 'call' && entry.method === 'views.publish' && entry.args.user_id !== walker.id;
  const said = traffic
    .filter((entry) => !ofOthers(entry))
    .map((entry) => {
      if (entry.kind === 'delivery') return JSON.stringify(entry.ackBody ?? '');
      const args = JSON.stringify(entry.args);
      if (entry.method === 'chat.update' && args.includes(token.name)) return RECEIPT_SIGN;
      const isByItself = entry.method.startsWith('chat.') && entry.method !== 'chat.postEphemeral';
      const isOfBoard = [PLACED_SIGN, STOPPED_SIGN].some((sign) => args.includes(sign));
      return isByItself && !isOfBoard ? '' : args;
    });
  return said.join('\n').replaceAll('\\"', '"');
}

const TABLES = ['tokens', 'secrets', 'notices', 'deliveries'] as const;

/** What is kept of the walker and the token, but for audit events and what the app does by itself: rows by their table. */
function stateOf({ stage, walker, token, eleven }: Walk): Map<string, string> {
  const ids = [walker.id, token.id, ...eleven];
  const ours = (query: string, ...values: unknown[]) =>
    rowsOf(stage, query, ...values)
      .map((row) => JSON.stringify(row))
      .filter((row) => ids.some((id) => row.includes(id)))
      .toSorted()
      .join('\n');
  const state = new Map<string, string>(TABLES.map((table) => [table, ours(`select * from ${table}`)]));
  const boards = rowsOf(stage, "select channel, ts, placed_by from messages where kind = 'board'");
  state.set('boards', JSON.stringify(boards));
  const soonDue = 'select key, saying, version from outbox where due_at < ?';
  state.set('outbox', ours(soonDue, stage.now() + LATER_MS));
  return state;
}

/** The tables that changed. What was still to be said may have been said meanwhile; nothing may have been added. */
function changesSince(before: Map<string, string>, after: Map<string, string>): string {
  const waiting = new Set(before.get('outbox')?.split('\n'));
  const added = (after.get('outbox') ?? '').split('\n').filter((row) => row !== '' && !waiting.has(row));
  const changed = [...after].filter(([table, rows]) => table !== 'outbox' && rows !== before.get(table));
  return [...changed.map(([table]) => table), ...added].join(', ');
}
