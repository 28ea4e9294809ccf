import { expect, test } from 'vitest';
import { EXPORT_ROWS_MAX, exportStatus, listStatus, shareStatus } from '../../src/tokens/status.ts';
import { aStore } from '../store/fixtures/temp-store.ts';
import { aStoredToken } from '../store/fixtures/tokens.ts';
import { ANN, anActor, BOB, T0, WORKSPACE } from './a-token.ts';

const manager = anActor({ id: BOB, roles: new Set(['manager']) });
const all = { filter: 'all', owner: null } as const;

async function aHouse() {
  const { store, raw } = await aStore();
  const deps = { store, clock: () => T0, policy: { allowGuests: false } };
  const fill = raw.prepare(
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < ?)
     insert into tokens (id, workspace, name, name_key, owner, created_by, scopes, created_at, generation)
     select 'tok_' || printf('%016d', i), '${WORKSPACE}', i, i, iif(i % 2, '${ANN}', '${BOB}'), '${ANN}', '[]', ${T0}, 0 from n`,
  );
  return { store, raw, deps, fill: (count: number) => fill.run(count) };
}

test.for([
  [EXPORT_ROWS_MAX, false],
  [EXPORT_ROWS_MAX + 1, true],
] as const)(
  'of %i tokens an export holds 10,000, and says whether it was cut: %o',
  async ([count, isCut]) => {
    const { deps, fill } = await aHouse();
    fill(count);

    const outcome = await exportStatus({ ...all, actor: manager, delivery: { keys: ['1'] } }, deps);

    expect(outcome).toMatchObject({ kind: 'asked', isCut });
    expect(outcome.kind === 'asked' && outcome.tokens.length).toBe(EXPORT_ROWS_MAX);
  },
);

test('an export of one owner has all of theirs and nothing else, over many chunks', async () => {
  const { deps, fill } = await aHouse();
  fill(1001);

  const outcome = await exportStatus({ ...all, owner: ANN, actor: manager, delivery: { keys: ['1'] } }, deps);

  if (outcome.kind !== 'asked') throw new Error(outcome.kind);
  expect(outcome.tokens).toHaveLength(501);
  expect(new Set(outcome.tokens.map(({ owner }) => owner))).toEqual(new Set([ANN]));
});

test.for([
  ['a few more', EXPORT_ROWS_MAX + 5],
  ['many more', 3 * EXPORT_ROWS_MAX],
] as const)(
  'of %s tokens than an export holds it has those that come first in the list',
  async ([, count]) => {
    const { raw, deps, fill } = await aHouse();
    fill(count);
    // The last ones by their ids deserve a look first.
    raw
      .prepare('update tokens set claimed_at = ? where id <= ?')
      .run(T0, `tok_${String(count - 3).padStart(16, '0')}`);

    const outcome = await exportStatus({ ...all, actor: manager, delivery: { keys: ['1'] } }, deps);

    if (outcome.kind !== 'asked') throw new Error(outcome.kind);
    expect(outcome.isCut).toBe(true);
    expect(outcome.tokens).toHaveLength(EXPORT_ROWS_MAX);
    expect(outcome.tokens.slice(0, 4).map(({ claimedAt }) => claimedAt)).toEqual([null, null, null, T0]);
  },
);

test('who may not see all is refused everything with an event each, and nothing is noted as done', async () => {
  const { store, raw, deps } = await aHouse();
  await aStoredToken(store, { workspace: WORKSPACE });
  const request = {
    ...all,
    actor: anActor(),
    delivery: { keys: ['1'] },
    page: 1,
    pageSize: 40,
    channel: 'C1',
  };

  for (const attempt of [listStatus, shareStatus, exportStatus]) {
    expect(await attempt(request, deps)).toEqual({
      kind: 'refused',
      refusal: { code: 'command_not_permitted', command: 'status', roles: ['manager', 'on_call', 'admin'] },
    });
  }

  const actions = raw.prepare('select action from audit_events order by sequence').pluck().all();
  expect(actions).toEqual(['token.created', 'action.refused', 'action.refused', 'action.refused']);
  expect(raw.prepare("select count(*) from deliveries where key = '1'").pluck().get()).toBe(0);
});
