import { expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, steadyClock } from '../../src/clock.ts';
import { besides, runs } from '../cli/a-command.ts';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import {
  aClock,
  answerTo,
  chores,
  createsToken,
  holdsToken,
  rotates,
  rowsOf,
  setStill,
  settled,
  soon,
  toldTo,
  verdictsOf,
} from '../slack/flows.ts';
import { T0 } from '../tokens/a-token.ts';
import { drawChance, IS_LONG } from './programme.ts';

const YEAR_MS = 365 * DAY_MS;
const NO_OF_JUMPS = IS_LONG ? 2_000_000 : 20_000;

test.for([
  ['three hours', 3 * HOUR_MS],
  ['ten years', 10 * YEAR_MS],
  ['to 1970', T0 + 40 * DAY_MS],
] as const)('nothing that ended lives again when the clock goes back %s', async ([, back]) => {
  const { stage, clock, alice } = await setStill();
  const expired = await held(stage, 'expired-bot', 30);
  const revoked = await held(stage, 'revoked-bot', 90);
  const old = await held(stage, 'rotated-bot', 90);
  await rotates(stage, alice, 'rotated-bot', { 'Old value ends': 'In 1 hour' });
  await revokes(stage, 'revoked-bot');
  await clock.moveTo(T0 + 40 * DAY_MS);
  expect(await verdictsOf(stage, expired, revoked, old)).toEqual([401, 401, 401]);

  await clock.moveBy(-back);
  expect(await verdictsOf(stage, expired, revoked, old)).toEqual([401, 401, 401]);
  await stage.restart();
  expect(await verdictsOf(stage, expired, revoked, old)).toEqual([401, 401, 401]);

  await clock.moveBy(HOUR_MS);
  expect(await verdictsOf(stage, expired, revoked, old)).toEqual([401, 401, 401]);
  const fresh = await createsToken(alice, 'fresh-bot');
  expect(await verdictsOf(stage, fresh)).toEqual([200]);
  expect(stage.log()).toContain("the machine's clock is behind what apitoken saw before");
  await settled(stage);
  await expectChainInOrder(stage);
});

test('reminders are not repeated, however often the clock goes back', async () => {
  const { stage, clock, alice } = await setStill();
  const value = await held(stage, 'deploy-bot', 30);
  await clock.moveTo(T0 + 17 * DAY_MS);
  await chores(stage);
  const reminded = toldTo(alice).length;
  expect(reminded).toBeGreaterThan(0);

  for (const jump of [-10 * DAY_MS, 10 * DAY_MS, -5 * YEAR_MS, 5 * YEAR_MS]) {
    await clock.moveBy(jump);
    await chores(stage);
    await stage.restart();
    await chores(stage);
  }

  expect(toldTo(alice)).toHaveLength(reminded);
  expect(await verdictsOf(stage, value)).toEqual([200]);
});

test('after a clock that was years ahead Slack and verification go on, and the operator puts the time back', async () => {
  const { stage, clock, alice } = await setStill();
  const before = await held(stage, 'deploy-bot', 90);
  const revoked = await held(stage, 'revoked-bot', 90);
  await clock.moveBy(10 * YEAR_MS);
  expect(await verdictsOf(stage, before, revoked)).toEqual([401, 401]);
  await revokes(stage, 'revoked-bot');

  await clock.moveBy(-10 * YEAR_MS);
  await stage.restart();
  expect(await verdictsOf(stage, before, revoked)).toEqual([401, 401]);
  const meanwhile = await createsToken(alice, 'meanwhile-bot');
  await soon(() => expect(toldTo(alice).length + alice.sees('@apitoken').length).toBeGreaterThan(0));
  const command = { env: besides(stage), folder: stage.folder };

  const status = await runs(['clock', 'status'], command);
  expect(status.out).toMatch(/^Machine {6}20\d\d-.*Z\nLatest seen {2}20[34]\d-.*Z\n/);
  const running = await runs(['clock', 'put-back', '--yes'], command);
  expect(running).toMatchObject({ code: 1, out: '' });
  expect(running.err).toContain('another apitoken app has this database open');
  const unasked = await runs(['clock', 'put-back'], command);
  expect(unasked.err).toContain('Nothing was changed.');
  await stage.app.stop();
  const done = await runs(['clock', 'put-back', '--yes'], command);
  expect(done.out).toMatch(/^apitoken's time is 20\d\d-.* again; it was 20[34]\d-.*\.\n$/);
  const again = await runs(['clock', 'put-back', '--yes'], command);
  expect(again).toMatchObject({
    code: 0,
    out: "apitoken's time is not ahead of the machine's. Nothing was changed.\n",
  });

  // The command has the machine's own clock, whereas the app's stands at T0.
  await clock.moveTo(Date.now() + MINUTE_MS);
  await stage.restart();
  expect(await verdictsOf(stage, revoked, meanwhile)).toEqual([401, 200]);
  expect(rowsOf(stage, "select count(*) as n from audit_events where action = 'clock.put_back'")).toEqual([
    { n: 1 },
  ]);
  expect((await runs(['audit', 'verify'], command)).code).toBe(0);
});

test('over HTTP Slack is heard again as soon as a clock that was ahead is put right', async () => {
  const clock = aClock();
  const workspace = await openWorkspace({ clock });
  const stage = await setStage({ clock, workspace, deliverBy: 'http' });
  await clock.moveBy(YEAR_MS);
  expect((await answerTo(workspace.person('alice'), '/apitoken help')).text).toContain('/apitoken');

  await clock.moveBy(-YEAR_MS);

  expect((await answerTo(workspace.person('alice'), '/apitoken list')).text).toContain(
    'You have no tokens yet.',
  );
  expect(stage.app.isConnectedToSlack()).toBe(true);
});

test('the time never goes back, never stands still while the machine goes on, and is the machine’s once that has caught up', () => {
  const chance = drawChance('clock');
  let machine = T0;
  const clock = steadyClock(() => machine, T0 + HOUR_MS);
  let before = clock();
  expect(before).toBe(T0 + HOUR_MS);

  // Set back by years and put right: nothing is made of the years in between.
  machine -= 5 * YEAR_MS;
  clock();
  machine += 5 * YEAR_MS;
  expect(clock()).toBe(before);

  for (let jump = 0; jump < NO_OF_JUMPS; jump++) {
    const ahead = clock.aheadMs();
    const by = chance.between(-10, 100) * chance.oneOf([1, SECOND_MS, DAY_MS]);
    machine += by;
    const now = clock();
    expect(now).toBeGreaterThanOrEqual(before);
    if (by >= 2 && by <= MINUTE_MS) expect(now).toBeGreaterThan(before);
    if (by >= ahead) expect(now).toBeGreaterThanOrEqual(machine);
    if (by >= 2 * ahead + 2) expect(now).toBe(machine);
    before = now;
  }
});

async function held(stage: Stage, name: string, lifetimeDays: number): Promise<string> {
  const alice = stage.workspace.person('alice');
  return (await holdsToken(stage, alice, name, { createdAt: T0, lifetimeDays })).value;
}

async function revokes(stage: Stage, name: string): Promise<void> {
  const { code, err } = await runs(['revoke', name, '--reason', 'leaked'], {
    env: besides(stage),
    folder: stage.folder,
  });
  expect(code, err).toBe(0);
}

async function expectChainInOrder(stage: Stage): Promise<void> {
  const { code, out } = await runs(['audit', 'verify'], { env: besides(stage), folder: stage.folder });
  expect(code, out).toBe(0);
  const at = rowsOf(stage, "select at from audit_events where actor not like 'cli:%' order by sequence").map(
    (row) => Number(row.at),
  );
  expect(at).toEqual(at.toSorted((a, b) => a - b));
}
