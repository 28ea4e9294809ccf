import { createHash } from 'node:crypto';
import type { Delivery } from '../../../sandbox/workspace/sockets.ts';
import { type Chance, chanceFrom } from '../programme.ts';
import { type Deed, drawDeed, pace } from './deeds.ts';
import { type Change, changeText } from './model.ts';
import { observe, type Taken } from './observe.ts';
import { createScene, type Scene } from './scene.ts';
import { expectChain, expectNothingRevived, expectWhole, saysAll } from './whole.ts';
import { createWorld, deliveriesFrom, troubleFrom } from './world.ts';

/** So long a world lasts: what is in it grows, and a failing one is to be played again soon. */
const WORLD_STEPS = 400;

/** After so many steps all that is to be said is said, and everything is looked at. */
const WHOLE_STEPS = 80;

const TOLD_STEPS = 20;

/** What came of a simulation: two of one seed have the same trace. */
export type Simulated = { readonly steps: number; readonly trace: string };

/** Plays `steps` steps, world after world, each with a seed of its own. Throws at the first that is not as it must be. */
export async function simulate(seed: number, steps: number): Promise<Simulated> {
  const trace = createHash('sha256');
  let taken = 0;
  for (let world = 0; taken < steps; world++) {
    const wanted = Math.min(WORLD_STEPS, steps - taken);
    for (const line of await playWorld((seed + world) >>> 0, wanted)) trace.update(`${line}\n`);
    taken += wanted;
  }
  return { steps: taken, trace: trace.digest('hex') };
}

async function playWorld(seed: number, steps: number): Promise<readonly string[]> {
  const chance = chanceFrom(seed);
  const lines: string[] = [];
  const world = await createWorld();
  try {
    const scene = createScene(world, chance);
    for (let step = 1; step <= steps; step++) {
      const isWhole = step % WHOLE_STEPS === 0 || step === steps;
      await takeStep(scene, isWhole ? saysAll(scene) : drawDeed(scene), lines);
      if (isWhole) await expectWhole(scene);
      if (isWhole && isTrue(chance, 40)) world.keepCopy();
    }
    await expectChain(scene);
    if (world.hasCopy) await expectNothingRevived(scene);
    return lines;
  } catch (error) {
    throw new Error(failureText(seed, lines, error), { cause: error });
  } finally {
    await world.end();
  }
}

async function takeStep(scene: Scene, deed: Deed, lines: string[]): Promise<void> {
  const { world, chance } = scene;
  pace(scene);
  const trouble = deed.isProne && isTrue(chance, 15) ? troubleFrom(chance) : undefined;
  const isTwice = deed.isProne === true && trouble === undefined && isTrue(chance, 6);
  const beside = trouble === undefined ? (isTwice ? ' [delivered twice at once]' : '') : ` [${trouble.what}]`;
  const told = `${lines.length + 1} ${deed.what}${beside}`;
  lines.push(told);
  const before = {
    deed,
    must: deed.expects?.() ?? [],
    may: deed.allows?.() ?? [],
    from: world.workspace.traffic.length,
    sequence: world.lastSequence(),
  };
  trouble?.arm(world);
  const done = actOn(scene, deed, isTwice).then(() => world.settle());
  await Promise.race([done, world.crashed]);
  // Whatever goes on in an app that crashed is nobody's business.
  done.catch(() => undefined);
  const hasCrashed = world.isDown;
  if (hasCrashed) await world.rise();
  world.workspace.faults.clear();
  if (hasCrashed) await world.settle();
  const isCalm = trouble === undefined && !hasCrashed;
  if (!isCalm) forgive(scene);
  const changes = await observe(scene, { ...before, isCalm, isTwice, hasCrashed } satisfies Taken);
  lines[lines.length - 1] = `${told}${cameText(changes)}`;
}

/** What is done; `isTwice`: what Slack delivers for it, it delivers twice at once. */
async function actOn({ world }: Scene, deed: Deed, isTwice: boolean): Promise<void> {
  if (!isTwice) {
    await deed.act();
    return;
  }
  const { workspace } = world;
  const from = workspace.traffic.length;
  let again: Promise<unknown> | undefined;
  const stopWatching = workspace.watch(() => {
    const first = deliveriesFrom(world, from).find(({ type }) => type !== 'events_api');
    if (first === undefined || again !== undefined) return;
    again = Promise.resolve();
    again = workspace.delivers({ type: first.type, payload: first.payload } as Delivery);
  });
  await deed.act().finally(stopWatching);
  await again;
}

function isTrue(chance: Chance, percent: number): boolean {
  return chance.between(0, 100) < percent;
}

/** What Slack refuses and the app logs while something is wrong is no fault of the app's. */
function forgive(scene: Scene): void {
  scene.isTroubled = true;
  scene.world.workspace.takeRefusals();
  scene.world.logged.splice(0);
}

function cameText(changes: readonly Change[]): string {
  return changes.length === 0 ? '' : ` → ${changes.map(changeText).join(', ')}`;
}

function failureText(seed: number, lines: readonly string[], error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  const [name] = /\bbot-\d+-x\b/.exec(why) ?? [];
  const earlier = lines.slice(0, -TOLD_STEPS).filter((line) => name !== undefined && line.includes(name));
  return [
    `FAULTS_SEED=${seed}, step ${lines.length}: ${why}`,
    ...(earlier.length === 0 ? [] : [`Of ${name} before:`, ...earlier]),
    'The last steps:',
    ...lines.slice(-TOLD_STEPS),
  ].join('\n');
}
