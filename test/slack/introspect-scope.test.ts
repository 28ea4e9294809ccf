import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  answerTo,
  auditOf,
  callsOf,
  createsToken,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rotates,
  rowsOf,
  setStill,
  settled,
  shownBy,
} from './flows.ts';

const UNKNOWN_SCOPE = 'One of these scopes no longer exists. Choose again.';
const NOT_TOLD =
  "Slack didn't confirm in time what you may do. Nothing was changed. Try again in 10 seconds.";

test.for([
  ['a member', {}, 'alice', undefined],
  ['a member where there are others', { SCOPES: 'read,write' }, 'alice', ['read', 'write']],
  ['a manager', { MANAGERS: 'U0ALICE0001' }, 'alice', undefined],
  ['on-call', { ONCALL: 'U0ALICE0001', SCOPES: 'read' }, 'alice', ['read']],
  ['a workspace admin', {}, 'dave', ['introspect']],
  ['a workspace admin where there are others', { SCOPES: 'read' }, 'dave', ['read', 'introspect']],
  ['an admin by ADMINS', { ADMINS: 'U0ALICE0001' }, 'alice', ['introspect']],
  ['a workspace admin where ADMINS names others', { ADMINS: 'U0ALICE0001' }, 'dave', undefined],
] as const)('%s with %o is offered, as %s, the scopes %o', async ([, env, handle, offered]) => {
  const { workspace } = await setStill(env);

  const { inputs } = await opens(workspace.person(handle), '/apitoken create');

  expect(inputs.find(({ label }) => label === 'Scopes')?.options).toEqual(offered);
});

test('an admin grants it to a token of their own: verify and history tell it, and a rotation keeps it', async () => {
  const { stage, workspace } = await setStill();
  const dave = workspace.person('dave');

  const value = await createsToken(dave, 'gateway', { Scopes: ['introspect'] });
  await settled(stage);
  const next = await rotates(stage, dave, 'gateway');

  for (const each of [value, next])
    expect((await stage.verify(each)).headers.get('x-token-scopes')).toBe('introspect');
  expect(scopesInEvents(stage)).toEqual(['introspect']);
});

test('an admin grants it to somebody else, whose click alone makes a value', async () => {
  const { stage, workspace, alice } = await setStill();
  const dave = workspace.person('dave');
  await opens(dave, '/apitoken create gateway');
  await dave.fills({ Owner: 'alice', Scopes: ['introspect'] });
  await dave.submits();
  await modalSaying(dave, 'can reveal its value.');
  await settled(stage);
  expect(receiptOf(alice, 'gateway').buttons).toEqual(['Show value', 'Decline']);

  const value = await shownBy(alice, () => alice.clicks('Show value', { in: '@apitoken' }));

  expect((await stage.verify(value)).headers.get('x-token-scopes')).toBe('introspect');
});

test('the admin is asked about anew when it is sent off, once, and not for other scopes', async () => {
  const { workspace } = await setStill({ SCOPES: 'read' });
  const dave = workspace.person('dave');

  for (const [name, scope, asked] of [
    ['plain', 'read', []],
    ['gateway', 'introspect', [dave.id]],
  ] as const) {
    await opens(dave, `/apitoken create ${name}`);
    const before = callsOf(workspace, 'users.info').length;
    await dave.fills({ Scopes: [scope] });
    await shownBy(dave, () => dave.submits());
    await dave.closes();

    const calls = callsOf(workspace, 'users.info').slice(before);
    expect(calls.map(({ args }) => args.user)).toEqual(asked);
  }
});

test('where Slack does not tell, nothing is created and all that was chosen stays', async () => {
  const { stage, workspace } = await setStill();
  const dave = workspace.person('dave');
  await opens(dave, '/apitoken create gateway');
  await dave.fills({ Scopes: ['introspect'] });
  workspace.faults.add({ method: 'users.info', status: 500 });

  await dave.submits();

  const modal = await modalOf(dave);
  expect(modal.errors).toEqual({ Scopes: NOT_TOLD });
  expect(modal.inputs.find(({ label }) => label === 'Scopes')?.value).toEqual(['introspect']);
  expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
  await shownBy(dave, () => dave.submits());
});

test.for([
  ['a member', {}],
  ['a manager', { MANAGERS: 'U0BOB000001' }],
  ['on-call', { ONCALL: 'U0BOB000001' }],
] as const)('%s who forges it is refused as for any that is not offered, with an event', async ([, env]) => {
  const { stage, workspace } = await setStill({ SCOPES: 'read', ...env });
  const bob = workspace.person('bob');
  const { id } = await opens(bob, '/apitoken create');

  const outcome = await bob.forges({ type: 'view_submission', id, state: stateFor(['read', 'introspect']) });

  expect(outcome).toMatchObject({
    body: { response_action: 'errors', errors: { scopes: UNKNOWN_SCOPE } },
  });
  expectRefused(stage, bob);
});

test('an admin who is none any more when it is sent off is refused, with an event', async () => {
  const { stage, workspace } = await setStill({ SCOPES: 'read' });
  const dave = workspace.person('dave');
  await opens(dave, '/apitoken create gateway');
  await dave.fills({ Scopes: ['introspect'] });
  await workspace.setPerson('dave', { is_admin: false });

  await dave.submits();

  expect((await modalOf(dave)).errors).toEqual({ Scopes: UNKNOWN_SCOPE });
  expectRefused(stage, dave);
});

test('Create again offers it to an admin, chosen as it was, and to nobody else', async () => {
  const { stage, workspace, alice, clock } = await setStill({ SCOPES: 'read' });
  const dave = workspace.person('dave');
  for (const [person, name] of [
    [alice, 'hers'],
    [dave, 'his'],
  ] as const) {
    const held = { createdAt: T0, lifetimeDays: 1, scopes: ['read', 'introspect'] };
    await holdsToken(stage, person, name, held);
  }
  await clock.moveBy(DAY_MS);

  expect(await createsAgain(alice, 'hers')).toMatchObject({
    options: ['read'],
    value: ['read'],
  });
  expect((await modalOf(alice)).text).toContain(
    'Left out, because you can no longer choose them: introspect.',
  );
  expect(await createsAgain(dave, 'his')).toMatchObject({
    options: ['read', 'introspect'],
    value: ['read', 'introspect'],
  });
});

test('an ex-admin’s rotation leaves introspect out: the dialog says so before, and result, value, info and history after', async () => {
  const { stage, workspace } = await setStill({ SCOPES: 'read,deploy', MANAGERS: 'U0BOB000001' });
  const dave = workspace.person('dave');
  const old = await createsToken(dave, 'gateway', { Scopes: ['read', 'deploy', 'introspect'] });
  await settled(stage);
  await workspace.setPerson('dave', { is_admin: false });
  await stage.restart({ SCOPES: 'read' });
  const leftOut = [
    "These scopes are no longer offered, so the new value doesn't have them: deploy.",
    "The new value doesn't have introspect: neither its owner nor the token's creator is an admin now.",
  ];

  const asked = await opens(dave, '/apitoken rotate gateway');
  const value = await shownBy(dave, () => dave.submits());
  const result = await modalSaying(dave, 'New value for gateway.');
  await settled(stage);

  for (const sentence of leftOut) {
    expect(asked.text).toContain(sentence);
    expect(result.text).toContain(sentence);
    expect(dave.sees('@apitoken').find(({ text }) => text.includes(value))?.text).toContain(sentence);
  }
  expect(asked.text).toContain('The old value keeps them until it ends.');
  expect((await stage.verify(value)).headers.get('x-token-scopes')).toBe('read');
  expect((await stage.verify(old)).headers.get('x-token-scopes')).toBe('read deploy introspect');
  const bob = workspace.person('bob');
  expect((await answerTo(bob, '/apitoken info gateway')).text).toContain('Scopes: read\n');
  expect((await answerTo(bob, '/apitoken history gateway')).text).toContain(
    '; without scopes deploy, introspect',
  );
});

test('a token that waits for its owner has no introspect when the admin who created it is none by then', async () => {
  const { stage, workspace, alice } = await setStill({ SCOPES: 'read' });
  const dave = workspace.person('dave');
  await holdsToken(stage, alice, 'gateway', {
    createdAt: T0,
    by: dave,
    shown: false,
    scopes: ['read', 'introspect'],
  });
  await settled(stage);
  await workspace.setPerson('dave', { is_admin: false }, 'untold');

  const value = await shownBy(alice, () => alice.clicks('Show value', { in: '@apitoken' }));

  expect((await stage.verify(value)).headers.get('x-token-scopes')).toBe('read');
  expect(alice.sees('@apitoken').find(({ text }) => text.includes(value))?.text).toContain(
    "The new value doesn't have introspect: neither its owner nor the token's creator is an admin now.",
  );
});

test('where Slack does not tell who granted it, nothing is rotated, and that is said', async () => {
  const { stage, workspace } = await setStill();
  const dave = workspace.person('dave');
  const value = await createsToken(dave, 'gateway', { Scopes: ['introspect'] });
  await settled(stage);
  await opens(dave, '/apitoken rotate gateway');
  workspace.faults.add({ method: 'users.info', status: 500 });

  await dave.submits();

  await modalSaying(dave, NOT_TOLD);
  expect((await stage.verify(value)).headers.get('x-token-scopes')).toBe('introspect');
  expect(rowsOf(stage, 'select generation from tokens')).toEqual([{ generation: 0 }]);
});

type Stage = Parameters<typeof rowsOf>[0];

/** The field *Scopes* of the dialog that the cog of the dead token opens. */
async function createsAgain(person: Person, name: string) {
  await answerTo(person, '/apitoken list expired');
  await person.choosesFrom({ in: '#general', near: name }, 'Create again');
  const { inputs } = await modalOf(person);
  return inputs.find(({ label }) => label === 'Scopes');
}

function expectRefused(stage: Stage, person: Person): void {
  expect(auditOf(stage)).toEqual([{ actor: person.id, action: 'action.refused', tokenId: null }]);
  expect(rowsOf(stage, "select detail ->> 'attempted' as attempted from audit_events")).toEqual([
    { attempted: 'grant_introspect' },
  ]);
  expect(rowsOf(stage, 'select id from tokens')).toEqual([]);
}

/** The scopes that the events of creations tell. */
function scopesInEvents(stage: Stage): unknown[] {
  const created = "select detail ->> 'scopes' as scopes from audit_events where action = 'token.created'";
  return rowsOf(stage, created).map(({ scopes }) => scopes);
}

/** What a client sends for deploy-bot with these scopes. */
function stateFor(scopes: readonly string[]) {
  return {
    name: { name: { type: 'plain_text_input', value: 'deploy-bot' } },
    lifetime: { lifetime: { type: 'static_select', selected_option: { value: '7' } } },
    scopes: {
      scopes: { type: 'multi_static_select', selected_options: scopes.map((value) => ({ value })) },
    },
  };
}
