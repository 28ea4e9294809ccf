import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { aStore } from './fixtures/temp-store.ts';

const ROUNDS = 100;
/** Names that each process is busy with at once. */
const NAMES_A_ROUND = 10;
const NAMES = ROUNDS * NAMES_A_ROUND;

test('of two processes that create the same name a thousand times at once, exactly one wins each time', {
  timeout: 180_000,
}, async () => {
  const { url, raw } = await aStore();
  const racers = ['UANN', 'UBOB'].map((person) => startRacer(url, person));
  await Promise.all(racers.map((racer) => once(racer, 'message')));

  const outcomes: string[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const names = Array.from({ length: NAMES_A_ROUND }, (_, i) => `bot ${round * NAMES_A_ROUND + i}`);
    const answers = racers.map((racer) => once(racer, 'message'));
    for (const racer of racers) racer.send(names);
    const [[ann], [bob]] = (await Promise.all(answers)) as [[string[]], [string[]]];
    outcomes.push(...names.map((_, i) => [String(ann[i]), String(bob[i])]));
  }

  const wins = outcomes.map((pair) => pair.filter((outcome) => outcome === 'created').length);
  expect(wins).toEqual(Array(NAMES).fill(1));
  const losses = outcomes.flat().filter((outcome) => outcome !== 'created');
  expect(losses.filter((sentence) => !sentence.includes(' is already taken. '))).toEqual([]);
  const winners = raw.prepare('select owner, count(*) as count from tokens group by owner').all();
  expect(winners).toHaveLength(2);
  expect(raw.prepare('select max(sequence), count(*) from audit_events').raw().get()).toEqual([NAMES, NAMES]);
});

function startRacer(url: string, person: string): ChildProcess {
  const program = fileURLToPath(new URL('./fixtures/racer.ts', import.meta.url));
  const racer = fork(program, [url, person], { execArgv: [] });
  onTestFinished(() => void racer.kill());
  return racer;
}
