import type { App, ReceiverEvent } from '@slack/bolt';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createLog } from '../../src/log.ts';
import { createIntake } from '../../src/slack/deliveries/intake.ts';

type Passed = Pick<App, 'processEvent'>;

function anIntake(onEvent: (event: ReceiverEvent) => void) {
  const log = createLog({ level: 'fatal', stream: { write: () => undefined } });
  const intake = createIntake({ log, clock: systemClock, onAck: () => undefined });
  const app: Passed = {
    processEvent: async (event) => {
      onEvent(event);
      await event.ack();
    },
  };
  intake.open(app);
  return intake;
}

function aCommand(number: number, acked: unknown[]): ReceiverEvent {
  return {
    body: { command: '/apitoken', trigger_id: String(number) },
    ack: async (response) => void acked.push(response ?? 'nothing'),
  };
}

test('many deliveries at once are begun in a turn of the event loop each, so that others have theirs between', async () => {
  const seen: (number | 'turn')[] = [];
  const intake = anIntake(({ body }) => seen.push(Number(body.trigger_id)));
  let isOver = false;
  const watch = () => {
    seen.push('turn');
    if (!isOver) setImmediate(watch);
  };
  setImmediate(watch);

  await Promise.all([1, 2, 3, 4].map((number) => intake.take(aCommand(number, []))));
  isOver = true;

  const begun = seen.filter((one) => one !== 'turn');
  expect(begun).toEqual([1, 2, 3, 4]);
  for (const [at, one] of seen.entries()) {
    if (one !== 'turn') expect(seen[at + 1] ?? 'turn').toBe('turn');
  }
});

test('what came before a stop is done, also where it had not begun', async () => {
  const begun: unknown[] = [];
  const acked: unknown[] = [];
  const intake = anIntake(({ body }) => begun.push(body.trigger_id));

  const before = [1, 2].map((number) => intake.take(aCommand(number, acked)));
  const draining = intake.drain(10_000);
  const after = intake.take(aCommand(3, acked));
  await Promise.all([...before, after]);

  expect(await draining).toBe(true);
  expect(begun).toEqual(['1', '2']);
  expect(acked).toEqual(['nothing', 'nothing', { response_type: 'ephemeral', text: expect.any(String) }]);
});
