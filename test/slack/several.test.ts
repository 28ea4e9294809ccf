import { expect, test } from 'vitest';
import type { VisibleModal } from '../../sandbox/workspace/visible.ts';
import { MINUTE_MS } from '../../src/clock.ts';
import type { Stage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  callsOf,
  holdsToken,
  holdsTokens,
  modalSaying,
  opens,
  rotates,
  setStill,
  verdictsOf,
} from './flows.ts';

const SHORTCUT = 'Revoke token in message';
const ONCALL = { ONCALL: 'U0CAROL0001' };
const HOUR_MS = 60 * MINUTE_MS;

test('on-call reads of each of several values what breaks with it, once', async () => {
  const { stage, clock, alice, workspace } = await setStill(ONCALL);
  const [bob, carol] = [workspace.person('bob'), workspace.person('carol')];
  await workspace.setPerson('alice', { tz: 'America/New_York' });
  const purpose = `deploys ${'the shop '.repeat(12)}every night`;
  const first = await holdsToken(stage, alice, 'first', { createdAt: T0, purpose: 'deploys' });
  const second = await holdsToken(stage, bob, 'second', { createdAt: T0, purpose });
  const third = await holdsToken(stage, carol, 'third', { createdAt: T0 });
  await verdictsOf(stage, first.value, first.value, second.value);
  await stage.restart();
  await clock.moveBy(3 * MINUTE_MS);
  const text = [first, second, third].map(({ value }) => value).join(' ');

  await carol.uses(SHORTCUT, workspace.post('#general', 'buildbot', { text }));
  const sheet = await modalSaying(carol, 'Revoke 3 tokens?');

  expect(sheet).toMatchObject({ submit: 'Revoke 3 tokens' });
  expect(linesOf(sheet)).toContain(
    "Revoke 3 tokens? Anything using the selected tokens stops working immediately. This can't be undone.",
  );
  expect(descriptionsIn(stage)).toEqual([
    ['first', 'last used 3 minutes ago · 2 uses in 24 h · deploys · from 127.0.0.1'],
    ['second', 'last used 3 minutes ago · 1 use in 24 h'],
    ['third', 'never used'],
  ]);
  expect(sheet.text).toContain('first of @alice (7:03 PM there)');
  expect(sheet.text).toMatch(new RegExp(`second of @bob \\(.* there\\) · ${purpose} · from 127.0.0.1`));
  expect(sheet.text).toContain('third, yours');
  for (const once of ['2 uses', 'deploys ·', '3 minutes ago · 1 use', purpose])
    expect(sheet.text.split(once), once).toHaveLength(2);
});

test('who holds the values alone reads no more than whose they are and when they were used', async () => {
  const { stage, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  const first = await holdsToken(stage, alice, 'first', { createdAt: T0, purpose: 'deploys' });
  const second = await holdsToken(stage, alice, 'second', { createdAt: T0 });
  await verdictsOf(stage, first.value);
  await stage.restart();

  await bob.uses(SHORTCUT, workspace.post('#general', 'alice', { text: `${first.value} ${second.value}` }));
  const sheet = await modalSaying(bob, 'first of @alice');

  expect(descriptionsIn(stage)).toEqual([
    ['first', 'last used moments ago'],
    ['second', 'never used'],
  ]);
  expect(sheet.text).not.toMatch(/deploys|127\.0\.0\.1|there\)|in 24 h/);
});

test('an old value among several says so and until when; both values of a token count once', async () => {
  const { stage, clock, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  await workspace.setPerson('bob', { tz: 'Europe/Berlin' });
  const first = await holdsToken(stage, alice, 'first', { createdAt: T0 });
  const second = await holdsToken(stage, alice, 'second', { createdAt: T0 });
  await clock.moveBy(MINUTE_MS);
  const fresh = await rotates(stage, alice, 'second', { 'Old value ends': 'In 1 hour' });

  await bob.uses(SHORTCUT, workspace.post('#general', 'alice', { text: `${first.value} ${second.value}` }));
  const modal = await modalSaying(bob, 'Revoke 2 tokens?');
  expect(modal.text).toContain('To end an old value only, type /apitoken revoke VALUE.');
  expect(descriptionsIn(stage)).toEqual([
    ['first', 'never used'],
    ['second', 'old value, works until Jan 1, 2026 at 2:01 AM · never used'],
  ]);
  await bob.closes();
  const all = [second.value, first.value, fresh].join(' ');
  await bob.uses(SHORTCUT, workspace.post('#general', 'alice', { text: all }));

  expect((await modalSaying(bob, 'Revoke 2 tokens?')).text).not.toContain('old value');
  expect(descriptionsIn(stage)).toEqual([
    ['second', 'never used'],
    ['first', 'never used'],
  ]);
});

test('a dead value of a token whose other value is live is not counted beside it', async () => {
  const { stage, clock, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  const first = await holdsToken(stage, alice, 'first', { createdAt: T0 });
  const second = await holdsToken(stage, alice, 'second', { createdAt: T0 });
  const fresh = await rotates(stage, alice, 'second', { 'Old value ends': 'In 1 hour' });
  await clock.moveBy(HOUR_MS);
  const text = [first.value, second.value, fresh].join(' ');

  await bob.uses(SHORTCUT, workspace.post('#general', 'alice', { text }));

  const sheet = await modalSaying(bob, 'Revoke 2 tokens?');
  expect(sheet.text).not.toContain('in this message');
});

test.for([
  ['in a message', 'message', 'Revoke your 2 tokens?'],
  ['by @me', '/apitoken revoke @me', 'Revoke your 2 live tokens?'],
] as const)('tokens of one’s own are called yours: %s', async ([, by, question]) => {
  const { stage, alice, workspace } = await setStill();
  const values: string[] = [];
  for (const name of ['first', 'second'])
    values.push((await holdsToken(stage, alice, name, { createdAt: T0, purpose: 'deploys' })).value);

  if (by === 'message')
    await alice.uses(SHORTCUT, workspace.post('#general', 'alice', { text: values.join(' ') }));
  else await opens(alice, by);
  const sheet = await modalSaying(alice, question);

  expect(sheet).toMatchObject({ submit: 'Revoke 2 tokens' });
  expect(sheet.text).not.toContain('@alice');
  expect(sheet.text.split('deploys')).toHaveLength(3);
});

test('the sheet of a person says whose the one token is, and what time it is for them', async () => {
  const { stage, alice, workspace } = await setStill(ONCALL);
  await workspace.setPerson('alice', { tz: 'America/New_York' });
  await holdsToken(stage, alice, 'first', { createdAt: T0 });

  const sheet = await opens(workspace.person('carol'), '/apitoken revoke @alice');

  expect(sheet).toMatchObject({ submit: 'Revoke 1 token' });
  expect(linesOf(sheet).slice(0, 2)).toEqual([
    "Revoke @alice's 1 live token? Anything using it stops working immediately. This can't be undone.",
    "It's 7:00 PM for @alice.",
  ]);
});

test('of more than ten tokens each is one row, cut where it is too long', async () => {
  const { stage, alice, workspace } = await setStill(ONCALL);
  const purpose = `deploys ${'the shop '.repeat(12)}`.trim();
  await holdsTokens(
    stage,
    alice,
    11,
    (number) => `bot ${number}`,
    () => ({ shown: false, purpose }),
  );

  const sheet = await opens(workspace.person('carol'), '/apitoken revoke @alice');

  expect(sheet).toMatchObject({ submit: 'Revoke 11 tokens' });
  const described = descriptionsIn(stage).map(([, description]) => description);
  expect(new Set(described)).toEqual(new Set([`never used · ${purpose}`.slice(0, 74).concat('…')]));
  expect(sheet.text).not.toContain(purpose);
});

function linesOf({ text }: VisibleModal): string[] {
  return text.split('\n');
}

/** The options of the checkboxes in the dialog that was opened last, each with its description. */
function descriptionsIn(stage: Stage): [string, string][] {
  const view = JSON.parse(String(callsOf(stage.workspace, 'views.open').at(-1)?.args.view));
  type Option = { text: { text: string }; description: { text: string } };
  const blocks: { element?: { type: string; options: Option[] } }[] = view.blocks;
  const options = blocks.flatMap(({ element }) => (element?.type === 'checkboxes' ? element.options : []));
  return options.map(({ text, description }) => [text.text, description.text]);
}
