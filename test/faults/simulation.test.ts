import { expect, test, vi } from 'vitest';
import { drawChance, IS_LONG } from './programme.ts';
import { simulate } from './simulation/simulate.ts';

// biome-ignore lint/style/noProcessEnv: how much a run does is said by whoever starts it
const { FAULTS_STEPS } = process.env;

const STEPS = Number(FAULTS_STEPS ?? (IS_LONG ? 1_000_000 : 20_000));
const REPLAYED_STEPS = 500;
const HOUR_MS = 3_600_000;

// When something is done by itself, the seed says, and not the machine's time.
vi.mock('../../src/every.ts', async () => ({ every: (await import('./simulation/scheduler.ts')).every }));
vi.mock('../../src/slack/reply/pause.ts', async (original) => ({
  ...(await original<object>()),
  pause: (await import('./simulation/scheduler.ts')).pause,
}));

test(
  `whatever people, Slack, clocks and crashes do in ${STEPS} steps, all is as it must be`,
  async () => {
    const { seed } = drawChance('simulation');
    const { steps } = await simulate(seed, STEPS);
    expect(steps).toBe(STEPS);
  },
  IS_LONG ? 6 * HOUR_MS : 600_000,
);

test('the same seed is the same simulation, step by step', async () => {
  const first = await simulate(7, REPLAYED_STEPS);
  const second = await simulate(7, REPLAYED_STEPS);
  expect(second).toEqual(first);
  expect(await simulate(8, 50)).not.toEqual(await simulate(9, 50));
});
