import { expect, test } from 'vitest';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { createSlackClient } from '../../src/slack/app.ts';
import { createActors } from '../../src/slack/people/actor.ts';
import { createOwnerLookUp } from '../../src/slack/people/owner-look-up.ts';
import type { PersonId, WorkspaceId } from '../../src/tokens/token.ts';
import { openWorkspace } from '../fixture.ts';
import { aHouse, ann } from '../tokens/a-house.ts';
import { callsOf } from './flows.ts';

const HANDLES = ['alice', 'bob', 'carol', 'dave'] as const;

test('one owner is asked about at a time, who has been due longest first, and nobody twice a day', async () => {
  const { asked, run } = await aRound();

  for (let i = 1; i <= HANDLES.length; i++) {
    await run();
    expect(asked()).toEqual(HANDLES.slice(0, i));
  }
  await run();

  expect(asked()).toEqual(HANDLES);
});

test('Slack is asked anew, whatever was known of the owner a moment ago', async () => {
  const { house, workspace, actors, asked, run } = await aRound();
  await actors.standing(workspace.ids.people.alice ?? '');
  await workspace.setPerson('alice', { deleted: true }, 'untold');

  await run();

  expect(asked()).toEqual(['alice', 'alice']);
  expect(
    house.raw.prepare('select revoke_reason from tokens where revoked_at is not null').pluck().all(),
  ).toEqual(['owner left']);
});

test('under a limit of Slack’s nobody is asked about until its very end', async () => {
  const { house, workspace, asked, run } = await aRound();
  workspace.faults.add({ method: 'users.info', status: 429, retryAfter: 30 });
  await run();

  house.moveBy(30 * SECOND_MS - 1);
  await run();
  expect(asked()).toEqual(['alice']);
  house.moveBy(1);
  await run();

  expect(asked()).toEqual(['alice', 'bob']);
});

test.for([
  [1, 1 * SECOND_MS],
  [2, 2 * SECOND_MS],
  [5, 16 * SECOND_MS],
  [10, 512 * SECOND_MS],
  [11, 10 * MINUTE_MS],
  [30, 10 * MINUTE_MS],
] as const)(
  'after %i failures in a row nobody is asked about for %i ms, and after an answer at once',
  async ([count, ms]) => {
    const { house, workspace, asked, run } = await aRound();
    workspace.faults.add({ method: 'users.info', status: 500, times: count });
    for (let i = 1; i < count; i++) {
      await run();
      house.moveBy(10 * MINUTE_MS);
    }
    await run();

    house.moveBy(ms - 1);
    await run();
    expect(asked()).toHaveLength(count);
    house.moveBy(1);
    await run();
    expect(asked()).toHaveLength(count + 1);
    house.moveBy(MINUTE_MS);
    await run();
    await run();

    expect(asked()).toHaveLength(count + 3);
  },
);

test('while the store cannot be written it rests as well', async () => {
  const { house, asked, run } = await aRound();
  house.raw.exec("create trigger t before update on owners begin select raise(abort, 'no room'); end");
  await expect(run()).rejects.toMatchObject({ name: 'StoreFault' });

  await run();
  expect(asked()).toEqual(['alice']);
  house.raw.exec('drop trigger t');
  house.moveBy(SECOND_MS);
  await run();

  expect(asked()).toEqual(['alice', 'alice']);
});

test('owners without live tokens are passed over, 200 a call, and Slack is not asked about them', async () => {
  const { house, asked, run } = await aRound();
  for (let i = 0; i < 201; i++) {
    const id = `U0GONE${i}` as PersonId;
    house.raw
      .prepare(
        'insert into owners (workspace, person, look_up_at) select workspace, ?, 0 from owners limit 1',
      )
      .run(id);
  }

  await run();
  expect(asked()).toEqual([]);
  await run();

  expect(asked()).toEqual(['alice']);
});

async function aRound() {
  const house = await aHouse();
  const workspace = await openWorkspace({ clock: house.now });
  const log = createLog({ level: 'fatal', stream: { write: () => undefined } });
  const home = workspace.teamId as WorkspaceId;
  for (const handle of HANDLES) {
    const id = workspace.ids.people[handle] as PersonId;
    const owner = { ...ann, id, workspace: home };
    await house.creates({ actor: owner, owner });
    house.moveBy(1);
  }
  house.moveBy(DAY_MS);
  const client = createSlackClient({
    botToken: () => workspace.botToken,
    apiUrl: workspace.apiUrl,
    clock: Date.now,
    log,
  });
  const nobody = { people: [], groups: [] };
  const roles = { managers: nobody, oncall: nobody, admins: nobody };
  const policy = { allowGuests: false };
  const deps = { store: house.store, clock: house.now, workspace: home, policy, log };
  const actors = createActors({ ...deps, client, roles });
  const run = createOwnerLookUp({ ...deps, leavers: 'revoke', actors });
  const handleOf = (id: unknown) => Object.entries(workspace.ids.people).find(([, one]) => one === id)?.[0];
  return {
    house,
    workspace,
    actors,
    run,
    /** About whom Slack was asked so far, in order. */
    asked: () => callsOf(workspace, 'users.info').map(({ args }) => handleOf(args.user)),
  };
}
