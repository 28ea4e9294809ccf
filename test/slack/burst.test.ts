import { describe, expect, test } from 'vitest';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import {
  aClock,
  callsOf,
  createsToken,
  opens,
  receiptOf,
  receiptsOf,
  rowsOf,
  settled,
  soon,
} from './flows.ts';

const DUE = 'select key from outbox where due_at <= ?';

/** An app in a workspace that counts calls as Slack does, in a time that stands still until it is moved. */
async function setLimited() {
  const clock = aClock();
  const workspace = await openWorkspace({ clock, rateLimits: true });
  const stage = await setStage({
    clock,
    workspace,
    env: { CREATIONS_PER_DAY_MAX: '200', TOKENS_PER_PERSON_MAX: '200' },
  });
  return { clock, workspace, stage };
}

/** The calls of a method that Slack refused for being too many. */
function limited({ workspace }: Stage, method: string) {
  return callsOf(workspace, method).filter(({ status }) => status === 429);
}

describe('50 creations within a minute', () => {
  test.for([
    ['by four people', ['alice', 'bob', 'carol', 'dave']],
    ['by one person', ['alice']],
  ] as const)('%s meet no limit of Slack, and open each conversation once', async ([, handles]) => {
    const { clock, workspace, stage } = await setLimited();
    const values: string[] = [];

    for (let turn = 0; turn < 50; turn++) {
      const person = workspace.person(handles[turn % handles.length] ?? '');
      values.push(await createsToken(person, `bot-${turn}`));
      await clock.moveBy(1100);
    }
    await settled(stage);

    for (const value of values) expect((await stage.verify(value)).status).toBe(200);
    for (let turn = 0; turn < 50; turn++) {
      const person = workspace.person(handles[turn % handles.length] ?? '');
      expect(receiptsOf(person, `bot-${turn}`)).toHaveLength(1);
    }
    expect(callsOf(workspace, 'conversations.open')).toHaveLength(handles.length);
    expect(workspace.refusals).toEqual([]);
  });
});

describe('where more is to be said than Slack takes,', () => {
  test('it is left alone for as long as it says, and then all of it is said, once', async () => {
    const { clock, workspace, stage } = await setLimited();
    const alice = workspace.person('alice');

    for (let turn = 0; turn < 20; turn++) await createsToken(alice, `bot-${turn}`);
    // Time stands still: Slack takes five in this channel, refuses what was on its way with the sixth, and is asked no more.
    await soon(() => {
      expect(limited(stage, 'chat.postMessage').length).toBeGreaterThan(0);
      expect(rowsOf(stage, DUE, stage.now())).toEqual([]);
    });
    const refusals = limited(stage, 'chat.postMessage').length;
    expect(refusals).toBeLessThanOrEqual(10);
    expect(callsOf(workspace, 'chat.postMessage')).toHaveLength(5 + refusals);

    for (let second = 0; second < 60; second++) {
      await clock.moveBy(1000);
      await soon(() => expect(rowsOf(stage, DUE, stage.now())).toEqual([]));
    }
    await settled(stage);
    for (let turn = 0; turn < 20; turn++) {
      expect(receiptsOf(alice, `bot-${turn}`)).toHaveLength(1);
      expect(receiptOf(alice, `bot-${turn}`).text).toContain('active');
    }
    const refused = workspace.takeRefusals();
    expect(new Set(refused.map(({ error }) => error))).toEqual(new Set(['ratelimited']));
  });
});

describe('a remembered conversation', () => {
  test('that Slack does not know any more is asked for once more, and the value is shown there', async () => {
    const { workspace, stage } = await setLimited();
    const alice = workspace.person('alice');
    await createsToken(alice, 'first');
    await settled(stage);
    workspace.faults.add({ method: 'chat.postEphemeral', error: 'channel_not_found' });

    const value = await createsToken(alice, 'second');

    expect((await stage.verify(value)).status).toBe(200);
    expect(callsOf(workspace, 'conversations.open')).toHaveLength(2);
    expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(3);
  });

  test('that Slack never knows is asked for once more only', async () => {
    const { workspace, stage } = await setLimited();
    const alice = workspace.person('alice');
    await createsToken(alice, 'first');
    await settled(stage);
    workspace.faults.add({ method: 'chat.postEphemeral', error: 'channel_not_found', times: 99 });

    await opens(alice, '/apitoken create second');
    await alice.submits();

    await soon(() => expect(receiptOf(alice, 'second').buttons).toContain('Show value'));
    expect(callsOf(workspace, 'chat.postEphemeral')).toHaveLength(3);
    expect(rowsOf(stage, 'select lookup_id from secrets where shown_at is null')).toEqual([]);
  });

  test('is asked for once, however many messages wait for it', async () => {
    const { workspace, stage } = await setLimited();
    const alice = workspace.person('alice');
    workspace.faults.add({ method: 'conversations.open', delayMs: 400 });

    await createsToken(alice, 'first');
    await settled(stage);

    expect(callsOf(workspace, 'conversations.open')).toHaveLength(1);
  });
});
