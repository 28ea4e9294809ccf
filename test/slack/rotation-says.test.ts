import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { VisibleMessage } from '../../sandbox/workspace/visible.ts';
import { DAY_MS } from '../../src/clock.ts';
import type { Stage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  answerTo,
  holdsToken,
  modalSaying,
  opens,
  receiptOf,
  rotates,
  rowsOf,
  setStill,
  settled,
  shownBy,
  soon,
  tokenRow,
  verdictsOf,
} from './flows.ts';

const COPY = 'Copy it now: it is shown only once.';
const GONE = 'The old one no longer works.';

const DOORS = [
  ['the command', (alice: Person) => opens(alice, '/apitoken rotate deploy-bot')],
  ['the receipt', (alice: Person) => alice.clicks('Rotate', { in: '@apitoken' })],
  [
    'its info',
    async (alice: Person) => {
      await answerTo(alice, '/apitoken info deploy-bot');
      await alice.clicks('Rotate', { in: '#general' });
    },
  ],
] as const;

const GRACES = [
  ['Now', {}, GONE],
  ['In 24 hours', {}, 'The old one works until Jan 2, 2026 at 12:00 AM UTC.'],
  ['In 7 days', {}, 'The old one works until Jan 8, 2026 at 12:00 AM UTC.'],
  // Neither the old expiry nor the new one is outlived.
  ['In 7 days', { lifetimeDays: 2 }, 'The old one works until Jan 3, 2026 at 12:00 AM UTC.'],
] as const;

test.for(
  DOORS.flatMap(([door, open]) => GRACES.map(([grace, held, old]) => ({ door, open, grace, held, old }))),
)(
  'from $door, with an old value that ends $grace ($held), a rotation says what it is: $old',
  async ({ open, grace, held, old }) => {
    const { stage, alice } = await setStill();
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, ...held });
    await settled(stage);

    await open(alice);
    await modalSaying(alice, 'Old value ends');
    await alice.fills({ 'Old value ends': grace });
    await shownBy(alice, () => alice.submits());
    const result = await modalSaying(alice, 'New value for deploy-bot.');
    await settled(stage);

    expect(result.title).toBe('Token rotated');
    expect(result.text).toContain(
      `New value for deploy-bot. ${old}\nThe new value is in your direct messages with apitoken. Only you can see it.`,
    );
    expectValueMessage(alice, old);
    const receipt = receiptOf(alice, 'deploy-bot');
    expect(receipt.text).toContain(`New value for deploy-bot. ${old}`);
    expect(receipt.raw.text).toMatch(/^New value for deploy-bot\. The old one /);
    // What is said is what the store holds.
    const [end] = rowsOf(stage, 'select ends_at from secrets order by generation');
    const said = /until (.*)\.$/.exec(old)?.[1]?.replace(' at', '');
    expect(end?.ends_at).toBe(said === undefined ? T0 : Date.parse(said));
  },
);

test('a creation says nothing of an old value, in its dialog, value message and receipt', async () => {
  const { stage, alice } = await setStill();
  await opens(alice, '/apitoken create deploy-bot');
  await shownBy(alice, () => alice.submits());
  await settled(stage);

  const shown = valueMessage(alice);
  expect(shown.text).toMatch(new RegExp(`^Your token deploy-bot is ready\\. ${COPY}\n`));
  expect(shown.text).toContain(
    'It disappears when Slack reloads. If you lose it, choose Issue new value below.',
  );
  const said = [alice.modal()?.text, shown.text, shown.raw.text, receiptOf(alice, 'deploy-bot').text];
  for (const text of said) expect(text).not.toMatch(/new value for|old one|old value/i);
});

test('a value issued anew says that the one before no longer works, and the receipt stands above it', async () => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);

  await issues(stage, alice);

  expectValueMessage(alice, GONE);
  expect(receiptOf(alice, 'deploy-bot').text).toContain(`New value for deploy-bot. ${GONE}`);
});

test('during a grace, a value issued anew says until when the old one works, and a rotation which of both ends', async () => {
  const { stage, alice, clock } = await setStill();
  const { value: first } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const second = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 24 hours' });
  await clock.moveBy(1000);

  const third = await issues(stage, alice);
  expectValueMessage(
    alice,
    'The old one works until Jan 2, 2026 at 12:00 AM UTC. Any other old value no longer works.',
  );
  expect(await verdictsOf(stage, first, second, third)).toEqual([200, 401, 200]);

  const fourth = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 7 days' });
  expectValueMessage(
    alice,
    'The old one works until Jan 8, 2026 at 12:00 AM UTC. Any other old value no longer works.',
  );
  expect(await verdictsOf(stage, first, third, fourth)).toEqual([401, 200, 200]);

  const fifth = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'Now' });
  expectValueMessage(alice, 'The old ones no longer work.');
  expect(await verdictsOf(stage, third, fourth, fifth)).toEqual([401, 401, 200]);
});

test('the old value that is ended before its time is told as ended by the receipt', async () => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await rotates(stage, alice, 'deploy-bot');

  await alice.clicks('End old value now', { in: '@apitoken', confirm: true });

  await soon(() =>
    expect(receiptOf(alice, 'deploy-bot').text).toContain(`New value for deploy-bot. ${GONE}`),
  );
});

test.for([
  ['its value was used before', true, ` ${GONE}`],
  ['nobody ever claimed it', false, ''],
] as const)('a renewal says so of an expired token, also where %s', async ([, shown, old]) => {
  const { stage, alice, clock, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', {
    createdAt: T0,
    lifetimeDays: 1,
    shown,
    ...(shown ? {} : { by: workspace.person('dave') }),
  });
  await clock.moveBy(DAY_MS);

  await opens(alice, '/apitoken rotate deploy-bot');
  await shownBy(alice, () => alice.submits());
  const result = await modalSaying(alice, `New value for deploy-bot.${old}`);
  await settled(stage);

  expect(result.title).toBe('Token renewed');
  expectValueMessage(alice, old.trim());
  if (!shown) {
    const said = [result.text, valueMessage(alice).text, receiptOf(alice, 'deploy-bot').text];
    for (const text of said) expect(text).not.toMatch(/old one|old value/i);
  }
});

test('Show value after one that failed shows the first value of the token, as a creation does', async () => {
  const { stage, alice, workspace } = await setStill();
  workspace.faults.add({ method: 'chat.postEphemeral', error: 'fatal_error' });
  await opens(alice, '/apitoken create deploy-bot');
  await alice.submits();
  await modalSaying(alice, "Slack didn't confirm that it showed the value, so that value doesn't work.");
  await settled(stage);

  await shownBy(alice, () => alice.clicks('Show value', { in: '@apitoken' }));
  await settled(stage);

  expect(valueMessage(alice).text).toContain(`Your token deploy-bot is ready. ${COPY}`);
  expect(valueMessage(alice).text).toContain('choose Issue new value above.');
  expect(receiptOf(alice, 'deploy-bot').text).not.toMatch(/new value for|old one/i);
});

test('a rotation that is delivered again is answered as at first, while its value is shown and after', async () => {
  const { stage, alice, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  workspace.faults.add({ method: 'chat.postEphemeral', delayMs: 600 });
  await opens(alice, '/apitoken rotate deploy-bot');
  await alice.submits();
  const first = alice.modal()?.text;

  const during = await alice.redelivers({ sameEnvelope: false });
  await soon(() => expect(tokenRow(stage, 'deploy-bot').generation).toBe(1));
  const after = await alice.redelivers({ sameEnvelope: false });

  expect(first).toContain('The old one works until Jan 2, 2026 at 12:00 AM UTC.');
  expect(JSON.stringify(during)).toContain('The old one works until ');
  expect(after).toMatchObject({ body: during.acked && during.body });
});

/** The latest message with a value says what a rotation says, in its blocks and in its `text`. */
function expectValueMessage(person: Person, old: string): void {
  const shown = valueMessage(person);
  const [sentence = '', ...lines] = shown.text.split('\n');
  expect(sentence).toBe(`New value for deploy-bot. ${COPY}`);
  // What became of the old one, then the value, then what to do with it.
  expect(lines.slice(0, old === '' ? 2 : 3)).toEqual([
    ...(old === '' ? [] : [old]),
    expect.stringMatching(/^apit_\w{12}_\w{38}$/),
    'Save it as APITOKEN, then send it with every request:',
  ]);
  expect(shown.text).toContain('If you lose it, choose Issue new value above.');
  expect(shown.raw.text.replace(/<!date[^|]*\|([^>]*)>/, '$1')).toBe([sentence, old].join(' ').trim());
}

function valueMessage(person: Person): VisibleMessage {
  const found = person.sees('@apitoken').findLast(({ ephemeral, text }) => ephemeral && text.includes(COPY));
  if (found === undefined) throw new Error(`${person.handle} sees no value`);
  return found;
}

/** Presses Issue new value and waits until it is done; the new value. */
async function issues(stage: Stage, person: Person): Promise<string> {
  const before = Number(tokenRow(stage, 'deploy-bot').generation);
  const value = await shownBy(person, () => person.clicks('Issue new value', { in: '@apitoken' }));
  await soon(() => expect(tokenRow(stage, 'deploy-bot').generation).toBe(before + 1));
  await settled(stage);
  return value;
}
