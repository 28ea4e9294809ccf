import type { ReceiverEvent } from '@slack/bolt';
import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '../../src/clock.ts';
import { createOnce } from '../../src/slack/deliveries/once.ts';

type Outcome = 'done' | 'failed';

/** How a delivery is handled in a test: it answers `answer 1`, `answer 2` and so on. */
type Handling = {
  readonly outcome?: Outcome;
  readonly isAnswered?: boolean;
  /** It is under way until this resolves. */
  readonly until?: Promise<void>;
};

const PRESS = {
  type: 'block_actions',
  user: { id: 'U1' },
  trigger_id: '1.1',
  actions: [{ action_ts: '2.2' }],
};

function aDoor() {
  const clock = { now: 1_800_000_000_000 };
  const once = createOnce(() => clock.now);
  let handled = 0;
  const comes = async (
    body: object,
    { outcome = 'done', isAnswered = true, until }: Handling = {},
  ): Promise<unknown> => {
    let answer: unknown;
    const ack: ReceiverEvent['ack'] = async (response) => {
      answer = response;
    };
    await once({ body: structuredClone(body) as ReceiverEvent['body'], ack }, async (event) => {
      handled += 1;
      const response = `answer ${handled}`;
      await until;
      if (isAnswered) await event.ack(response);
      return outcome;
    });
    return answer;
  };
  return { clock, comes };
}

describe('what comes again to the letter', () => {
  test('is answered like the first one', async () => {
    const { comes } = aDoor();
    expect([await comes(PRESS), await comes(PRESS)]).toEqual(['answer 1', 'answer 1']);
  });

  test('waits for the first one while that is under way', async () => {
    const { comes } = aDoor();
    const { promise: until, resolve } = Promise.withResolvers<void>();
    const both = Promise.all([comes(PRESS, { until }), comes(PRESS)]);
    resolve();
    expect(await both).toEqual(['answer 1', 'answer 1']);
  });

  test.for([
    ['failed', { outcome: 'failed' }],
    ['was not answered', { isAnswered: false }],
  ] as const)('is done anew where the first one %s', async ([, how]) => {
    const { comes } = aDoor();
    await comes(PRESS, how);
    expect([await comes(PRESS), await comes(PRESS)]).toEqual(['answer 2', 'answer 2']);
  });

  test('is done anew, and once, where the first one is under way and then not answered', async () => {
    const { comes } = aDoor();
    const { promise: until, resolve } = Promise.withResolvers<void>();
    const all = Promise.all([comes(PRESS, { until, isAnswered: false }), comes(PRESS), comes(PRESS)]);
    resolve();
    expect(await all).toEqual([undefined, 'answer 2', 'answer 2']);
  });

  test('is done anew after 15 minutes', async () => {
    const { comes, clock } = aDoor();
    await comes(PRESS);
    clock.now += 15 * MINUTE_MS - 1;
    expect(await comes(PRESS)).toBe('answer 1');
    clock.now += 2;
    expect(await comes(PRESS)).toBe('answer 2');
  });

  test('is done anew after ten thousand others, of which no more are remembered', async () => {
    const { comes } = aDoor();
    await comes(PRESS);
    for (let other = 0; other < 10_000; other += 1) await comes({ ...PRESS, trigger_id: `other ${other}` });
    expect(await comes(PRESS)).toBe('answer 10002');
  });
});

describe('two deliveries are two', () => {
  test.for([
    ['of two presses of one button', PRESS, { ...PRESS, trigger_id: '1.2', actions: [{ action_ts: '2.3' }] }],
    ['of two presses in one moment', PRESS, { ...PRESS, trigger_id: '1.2' }],
    ['that differ in a key that is null', PRESS, { ...PRESS, team: null }],
    [
      'of the same command',
      { command: '/apitoken', text: '', trigger_id: '1.1' },
      { command: '/apitoken', text: '', trigger_id: '1.2' },
    ],
    [
      'of the same search',
      { type: 'block_suggestion', value: 'a' },
      { type: 'block_suggestion', value: 'a' },
    ],
  ] as const)('%s', async ([, one, other]) => {
    const { comes } = aDoor();
    expect([await comes(one), await comes(other)]).toEqual(['answer 1', 'answer 2']);
  });

  test('that lie too deep to be written down', async () => {
    const { comes } = aDoor();
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
    const once = createOnce(Date.now);
    let handled = 0;
    const body = { ...PRESS, deep };
    for (const _ of [1, 2]) {
      await once({ body, ack: async () => undefined }, async () => {
        handled += 1;
        return 'done';
      });
    }
    expect(handled).toBe(2);
    expect(await comes(PRESS)).toBe('answer 1');
  });
});
