import { expect, test } from 'vitest';
import { setStage } from '../fixture.ts';
import {
  actionsOf,
  answerIn,
  answerTo,
  createsToken,
  holdsOldName,
  holdsToken,
  modalOf,
  modalSaying,
  newMessage,
  opens,
  verdictsOf,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';
const ONCALL = { ONCALL: 'U0CAROL0001' };

test.for([
  ['as it begins', (value: string) => value.slice(0, 12)],
  ['in small letters', (value: string) => value.slice(0, 12).toLowerCase()],
  ['with an ellipsis', (value: string) => `${value.slice(0, 12)}…`],
] as const)(
  'an older name that is a leaked value %s stands beside the token whose value leaked',
  async ([, nameOf]) => {
    const stage = await setStage({ env: ONCALL });
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((handle) => stage.workspace.person(handle));
    if (!alice || !bob || !carol) throw new Error('three people');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const decoy = await holdsOldName(stage, bob, nameOf(value));
    const typed = nameOf(value).endsWith('…') ? nameOf(value) : value.slice(0, 12);

    const answer = await answerTo(carol, `/apitoken revoke ${typed}`);
    expect(answer.text).toContain(
      '2 tokens have that name, or a value that starts like that. Which one is it?',
    );
    expect(answer.text).toContain('deploy-bot\nOwner\n@alice');
    expect(answer.text).toContain(`${nameOf(value)}\nOwner\n@bob`);
    await carol.clicks('Revoke', { in: '#general', near: 'deploy-bot' });
    await modalSaying(carol, "Revoke @alice's deploy-bot?");
    await carol.fills({ Reason: 'leaked' });
    await carol.submits();
    await modalSaying(carol, 'deploy-bot is revoked.');

    expect(await verdictsOf(stage, value, decoy)).toEqual([401, 200]);
    expectNeverSaid(value, stage);
  },
);

test('a name cannot be what a leaked value begins with, and what was typed stays', async () => {
  const stage = await setStage();
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  const bob = stage.workspace.person('bob');

  await opens(bob, `/apitoken create ${value.slice(0, 12)}`);
  await bob.fills({ Purpose: 'a decoy' });
  await bob.submits();

  const modal = await modalOf(bob);
  expect(modal.errors['Token Name']).toMatch(/^This name looks like the start of a token value\./);
  expect(modal.inputs).toMatchObject([{ value: value.slice(0, 12) }, { value: 'a decoy' }, {}, {}]);
});

test.for([
  ['an invisible sign', 'info deploy\u200b-bot'],
  ['isolates around it', 'info \u2068deploy-bot\u2069'],
  ['a soft hyphen', 'info de\u00adploy-bot'],
  ['an em dash', 'info deploy—bot'],
  ['two hyphens', 'info deploy--bot'],
  ['curly quotes', 'info “deploy-bot”'],
  ['wide letters', 'info ｄｅｐｌｏｙ－ｂｏｔ'],
  ['an invisible sign behind the verb', 'info\u200b deploy-bot'],
] as const)('a token is found by its name typed with %s', async ([, command]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');

  expect((await answerTo(alice, `/apitoken ${command}`)).text).toMatch(/^deploy-bot\n/);
});

test('the id is found with an invisible sign behind it, and by on-call to revoke', async () => {
  const stage = await setStage({ env: ONCALL });
  const { id } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

  const modal = await opens(stage.workspace.person('carol'), `/apitoken revoke ${id}\u200b`);

  expect(modal.text).toContain("Revoke @alice's deploy-bot?");
});

test('of two names that are typed alike the exact one wins, and else both are offered', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const dashed = await holdsToken(stage, alice, 'deploy—bot');
  const doubled = await holdsToken(stage, alice, 'deploy--bot');

  expect((await answerTo(alice, '/apitoken info deploy—bot')).text).toMatch(/^deploy—bot\n/);
  expect((await answerTo(alice, '/apitoken info deploy--bot')).text).toMatch(/^deploy--bot\n/);
  const both = await answerTo(alice, '/apitoken info deploy–bot');
  expect(both.text).toContain('2 tokens have similar names. Which one do you mean?');
  expect(both.buttons.toSorted()).toEqual(['/apitoken info deploy--bot', '/apitoken info deploy—bot']);
  const info = await answerIn(alice, '#general', () =>
    alice.clicks('/apitoken info deploy—bot', { in: '#general' }),
  );
  expect(info.text).toContain(dashed.id);
  expect((await answerTo(alice, '/apitoken revoke deploy–bot')).text).toContain(
    '2 tokens have names that look alike. Which one is it?',
  );
  expect(await verdictsOf(stage, dashed.value, doubled.value)).toEqual([200, 200]);
});

test.for([
  ['info', 'deploy-bto'],
  ['rotate', 'deploy-bt'],
  ['history', 'deploy-boot'],
  ['revoke', 'seploy-bot'],
] as const)('%s offers the name that %s nearly is, and the button does it', async ([verb, typed]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');

  const answer = await answerTo(alice, `/apitoken ${verb} ${typed}`);
  expect(answer.text).toContain('No token found. Did you mean deploy-bot?');
  expect(answer.buttons).toEqual([`/apitoken ${verb} deploy-bot`]);
  const before = new Set(alice.sees('#general').map(({ ts }) => ts));
  await alice.clicks(`/apitoken ${verb} deploy-bot`, { in: '#general' });
  const shown =
    verb === 'info' || verb === 'history' ? newMessage(alice, '#general', before) : modalOf(alice);

  expect((await shown).text).toContain('deploy-bot');
});

test('the name of somebody else’s token is never offered, and what exists stays unsaid', async () => {
  const stage = await setStage({ env: { ...ONCALL, MANAGERS: 'U0DAVE00001' } });
  const [bob, carol] = ['bob', 'carol'].map((handle) => stage.workspace.person(handle));
  if (!bob || !carol) throw new Error('two people');
  await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  await holdsToken(stage, bob, 'nightly');

  for (const verb of ['info', 'history', 'rotate', 'revoke']) {
    for (const name of ['deploy-bot', 'deploy-bto', 'deploy—bot', 'no-such-bot']) {
      const answer = await answerTo(bob, `/apitoken ${verb} ${name}`);
      expect([answer.text, answer.buttons]).toEqual([NOT_FOUND, []]);
    }
  }
  expect((await answerTo(carol, '/apitoken revoke deploy-bto')).text).toContain('Did you mean deploy-bot?');
  expect(actionsOf(stage).filter((action) => action === 'action.refused')).toHaveLength(4);
});

test('what is nearly one’s own name is offered alike, whether or not somebody else has that name', async () => {
  const stage = await setStage();
  const bob = stage.workspace.person('bob');
  await holdsToken(stage, bob, 'deploy-bot-1');
  await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot-2');

  const taken = await answerTo(bob, '/apitoken info deploy-bot-2');
  const free = await answerTo(bob, '/apitoken info deploy-bot-3');

  expect(taken.text).toBe(free.text);
  expect(taken.buttons).toEqual(['/apitoken info deploy-bot-1']);
});

test.for([
  ['names', 'a-bot b-bot', ['a-bot', 'b-bot']],
  ['names with a comma', 'a-bot, b-bot', ['a-bot', 'b-bot']],
  ['a name and one that nobody has', 'a-bot no-bot', ['a-bot', 'no-bot']],
] as const)('of several %s one is revoked at a time, and each has its button', async ([, typed, buttons]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'a-bot');
  const other = await holdsToken(stage, alice, 'b-bot');

  const answer = await answerTo(alice, `/apitoken revoke ${typed}`);
  expect(answer.text).toContain('No token has that whole name. Nothing was revoked.');
  expect(answer.buttons).toEqual(buttons.map((name) => `/apitoken revoke ${name}`));
  await alice.clicks('/apitoken revoke a-bot', { in: '#general' });
  await modalSaying(alice, 'Revoke your a-bot?');
  await alice.submits();
  await modalSaying(alice, 'a-bot is revoked.');

  expect(await verdictsOf(stage, value, other.value)).toEqual([401, 200]);
});

test('of several people one is taken at a time, and each has a button', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((handle) => stage.workspace.person(handle));
  if (!alice || !bob || !carol) throw new Error('three people');
  await holdsToken(stage, alice, 'a-bot');
  await holdsToken(stage, bob, 'b-bot');

  const answer = await answerTo(carol, '/apitoken revoke @alice @bob');
  expect(answer.text).toContain('One person at a time. Nothing was revoked.');
  expect(answer.buttons).toEqual(['/apitoken revoke @alice', '/apitoken revoke @bob']);
  await carol.clicks('/apitoken revoke @bob', { in: '#general' });

  expect((await modalSaying(carol, "Revoke @bob's")).text).toContain('b-bot');
});

test('a name and a person, or two ids, go one at a time too', async () => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  const alice = stage.workspace.person('alice');
  const one = await holdsToken(stage, alice, 'a-bot');
  const two = await holdsToken(stage, alice, 'b-bot');

  expect((await answerTo(carol, '/apitoken revoke a-bot @alice')).buttons).toEqual([
    '/apitoken revoke a-bot',
    '/apitoken revoke @alice',
  ]);
  expect((await answerTo(carol, `/apitoken revoke ${one.id} ${two.id}`)).buttons).toEqual([
    `/apitoken revoke ${one.id}`,
    `/apitoken revoke ${two.id}`,
  ]);
  await carol.clicks(`/apitoken revoke ${two.id}`, { in: '#general' });
  await modalSaying(carol, "Revoke @alice's b-bot?");
});

test('a name that has a space wins over its parts', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  for (const name of ['a-bot', 'b-bot', 'a-bot b-bot']) await holdsToken(stage, alice, name);

  expect((await opens(alice, '/apitoken revoke a-bot b-bot')).text).toContain('a-bot b-bot');
});

test.for([
  '👨‍👩‍👧 bot',
  '❤\ufe0f',
  '👩🏽‍🤝‍👨🏼',
  '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
  'می‌خواهم',
  'ක්‍ෂ',
  'അവന്‍',
])('the name %s is given, found, verified and revoked as it was typed', async (name) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  const value = await createsToken(alice, name);
  const answer = await stage.verify(value);
  expect(decodeURIComponent(answer.headers.get('x-token-name') ?? '')).toBe(name);
  expect((await answerTo(alice, `/apitoken info ${name}`)).text.startsWith(`${name}\n`)).toBe(true);
  expect((await answerTo(alice, '/apitoken list')).text).toContain(name);
  await opens(alice, `/apitoken revoke ${name}`);
  await alice.submits();
  await modalSaying(alice, `${name} is revoked.`);

  expect(await verdictsOf(stage, value)).toEqual([401]);
});

test('status of two people is one at a time, with both as buttons and the filter kept', async () => {
  const stage = await setStage({ env: ONCALL });
  const [alice, carol] = ['alice', 'carol'].map((handle) => stage.workspace.person(handle));
  if (!alice || !carol) throw new Error('two people');
  await holdsToken(stage, alice, 'deploy-bot');

  const answer = await answerTo(carol, '/apitoken status active @alice @bob');
  expect(answer.text).toContain('One person at a time. Whose tokens first?');
  expect(answer.buttons).toEqual(['/apitoken status active @alice', '/apitoken status active @bob']);
  const table = await answerIn(carol, '#general', () =>
    carol.clicks('/apitoken status active @alice', { in: '#general' }),
  );
  expect(table.text).toContain('deploy-bot');

  const long = 'x'.repeat(290);
  const words = [1, 2, 3, 4, 5, 6, 7].map((number) => long + number).join(' ');
  const unknown = await answerTo(carol, `/apitoken status ${words} @alice @bob`);
  expect(unknown.text).toContain(`isn't a command. Did you mean status?`);
  expect((await answerTo(alice, '/apitoken status @alice @bob')).text).not.toContain('Whose tokens');
});
