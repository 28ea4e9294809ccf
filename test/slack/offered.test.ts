import { expect, test } from 'vitest';
import { setStage } from '../fixture.ts';
import { answerTo, holdsToken, opens, receiptOf, soon } from './flows.ts';

const STATUS_ONLY = 'Only managers, on-call and admins can use /apitoken status.';
const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';
const OVERVIEW_CONTROLS = ['Share to channel', 'CSV'];
const MEMBER_FIELDS = ['Token Name', 'Purpose', 'Expires', 'Expiry date', 'Scopes'];

/** What is drawn for each role: of the own token, of somebody else's, and of everybody's. `undefined`: not for them. */
test.for([
  [
    'a member',
    {},
    'bob',
    { others: undefined, checked: undefined, overview: undefined, fields: MEMBER_FIELDS, scopes: ['read'] },
  ],
  [
    'a manager',
    { MANAGERS: 'U0BOB000001' },
    'bob',
    {
      others: [],
      checked: undefined,
      overview: OVERVIEW_CONTROLS,
      fields: MEMBER_FIELDS,
      scopes: ['read'],
    },
  ],
  [
    'on-call',
    { ONCALL: 'S0ONCALL001' },
    'bob',
    {
      others: ['Revoke'],
      checked: ['Revoke'],
      overview: OVERVIEW_CONTROLS,
      fields: MEMBER_FIELDS,
      scopes: ['read'],
    },
  ],
  [
    'an admin',
    {},
    'dave',
    {
      others: ['Revoke'],
      checked: ['Revoke'],
      overview: OVERVIEW_CONTROLS,
      fields: [...MEMBER_FIELDS, 'Owner'],
      scopes: ['read', 'introspect'],
    },
  ],
] as const)('%s is offered what they may do, and nothing else', async ([, env, handle, drawn]) => {
  const stage = await setStage({ env: { SCOPES: 'read', ...env } });
  const person = stage.workspace.person(handle);
  await holdsToken(stage, person, 'own-bot');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');

  expect((await answerTo(person, '/apitoken info own-bot')).buttons).toEqual(['Rotate', 'Revoke']);
  expect((await answerTo(person, '/apitoken list all')).menus).toEqual([
    ['Rotate', 'Revoke API Token', 'History'],
  ]);
  const receipt = await soon(() => receiptOf(person, 'own-bot'));
  expect(receipt.buttons).toEqual(['Rotate', 'Issue new value', 'Revoke', 'Refresh']);

  const info = await answerTo(person, '/apitoken info alices-bot');
  expect(info.text === NOT_FOUND ? undefined : info.buttons).toEqual(drawn.others);
  const checked = await answerTo(person, `/apitoken check ${value}`);
  expect(
    checked.text.includes('Only its owner, on-call and admins can check a value.')
      ? undefined
      : checked.buttons,
  ).toEqual(drawn.checked);
  const status = await answerTo(person, '/apitoken status');
  expect(status.text === STATUS_ONLY ? undefined : status.buttons).toEqual(drawn.overview);

  const { inputs } = await opens(person, '/apitoken create');
  expect(inputs.map(({ label }) => label)).toEqual(drawn.fields);
  expect(inputs.find(({ label }) => label === 'Scopes')?.options).toEqual(drawn.scopes);
});
