import { expect, test } from 'vitest';
import { HOUR_MS } from '../../src/clock.ts';
import { setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerTo,
  holdsOldName,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  rotates,
  rowsOf,
  setStill,
  settled,
  soon,
  verdictsOf,
  withStore,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const TOO_FEW = 'Type at least 6 characters after apit_.';
const CHARACTERS_ONLY = 'No token found. Only on-call and admins can revoke by first characters.';
const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';
const MISREAD = 'This value is incomplete or mistyped. It was not saved.';
const NOT_LIVE = "This value doesn't work, so there is nothing to revoke.";
const ONCALL = { ONCALL: 'U0CAROL0001' };

test('on-call is two interactions away from the end of a pasted value, knowing what breaks', async () => {
  const { stage, clock, alice, workspace } = await setStill({ ONCALL: 'U0CAROL0001', TRUSTED_PROXIES: '' });
  const carol = workspace.person('carol');
  await workspace.setPerson('alice', { tz: 'Asia/Tokyo' });
  const { value } = await holdsToken(stage, alice, 'deploy-bot', {
    createdAt: T0,
    purpose: 'deploys <!here>',
  });
  await verdictsOf(stage, value, value, value);
  await stage.restart();
  await clock.moveBy(3 * 60_000);

  const modal = await opens(carol, `/apitoken revoke ${value}`, '#oncall');
  expect(modal.text).toContain(
    "Revoke @alice's deploy-bot? Last used 3 minutes ago. Anything using it stops working immediately. This can't be undone.",
  );
  expect(modal.text).toContain('Purpose: deploys <!here>');
  expect(modal.text).toContain('Uses in 24 h: 3 · Last addresses: 127.0.0.1');
  expect(modal.text).toContain("It's 9:03 AM for @alice.");
  await carol.fills({ Reason: 'in a public log' });
  await carol.submits();

  expect(await verdictsOf(stage, value)).toEqual([401]);
  await settled(stage);
  expectNeverSaid(value, stage);
});

test('whoever merely holds a value is told whose token it is and when it was used, and no more', async () => {
  const stage = await setStage();
  const bob = stage.workspace.person('bob');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot', {
    purpose: 'deploys',
  });

  const modal = await opens(bob, `/apitoken revoke ${value}`);

  expect(modal.text).toContain("Revoke @alice's deploy-bot? Never used.");
  for (const more of ['deploys', 'Uses in 24 h', 'Last addresses', 'It is']) {
    expect(modal.text).not.toContain(more);
  }
});

test('the dialog says that the owner is deactivated, and opens though Slack does not tell who that is', async () => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  await holdsToken(stage, stage.workspace.person('mia'), 'left-behind');
  await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

  expect((await opens(carol, '/apitoken revoke left-behind')).text).toContain(
    '@mia is deactivated in Slack.',
  );
  await carol.closes();
  await settled(stage);
  expect(stage.workspace.takeRefusals().map(({ error }) => error)).toEqual(['user_disabled']);
  stage.workspace.faults.add({ method: 'users.info', status: 500 });

  expect((await opens(carol, '/apitoken revoke deploy-bot')).text).toContain('Uses in 24 h: 0');
});

test.for([
  ['six characters', (value: string) => value.slice(0, 11)],
  ['eight and an ellipsis', (value: string) => `${value.slice(0, 13)}…`],
  ['all twelve', (value: string) => value.slice(0, 17)],
  ['half of the value', (value: string) => value.slice(0, 30)],
  ['another prefix', (value: string) => value.slice(0, 13).replace('apit', 'other')],
  ['wrong check digits', (value: string) => `${value.slice(0, 50)}${'x'.repeat(5)}`],
  ['code', (value: string) => `\`${value.slice(0, 12)}\``],
] as const)('on-call finds a token by %s of its value', async ([, cutOff]) => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

  const modal = await opens(carol, `/apitoken revoke ${cutOff(value)}`);
  expect(modal.text).toContain("Revoke @alice's deploy-bot?");
  await carol.fills({ Reason: 'leaked' });
  await carol.submits();
  await modalSaying(carol, 'deploy-bot is revoked.');

  expect(await verdictsOf(stage, value)).toEqual([401]);
  expectNeverSaid(value, stage);
});

test.for([
  ['no characters', (value: string) => value.slice(0, 5), TOO_FEW],
  ['five characters', (value: string) => value.slice(0, 10), TOO_FEW],
  ['four characters and an ellipsis', (value: string) => `${value.slice(0, 9)}…`, TOO_FEW],
  ['no prefix', (value: string) => value.slice(5, 13), NOT_FOUND],
  ['another case', (value: string) => `apit_${swapCase(value.slice(5, 13))}`, NOT_FOUND],
] as const)('on-call finds nothing by %s', async ([, cutOff, sentence]) => {
  const stage = await setStage({ env: ONCALL });
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

  const answer = await answerTo(stage.workspace.person('carol'), `/apitoken revoke ${cutOff(value)}`);

  expect(answer.text).toBe(sentence);
  // Who may not revoke by them is told that, however few they are.
  const member = await answerTo(stage.workspace.person('bob'), `/apitoken revoke ${value.slice(0, 10)}`);
  expect(member.text).toBe(CHARACTERS_ONLY);
});

test.for([
  ['a member', {}, 'bob'],
  ['a manager', { MANAGERS: 'U0BOB000001' }, 'bob'],
  ['its owner', {}, 'alice'],
] as const)(
  '%s finds nothing by first characters, hears what they would of no token, and it is noted',
  async ([, env, handle]) => {
    const stage = await setStage({ env });
    const person = stage.workspace.person(handle);
    const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

    expect((await answerTo(person, `/apitoken revoke ${value.slice(0, 13)}`)).text).toBe(CHARACTERS_ONLY);
    expect((await answerTo(person, '/apitoken revoke apit_00000000')).text).toBe(CHARACTERS_ONLY);

    expect(actionsOf(stage).slice(2)).toEqual(['action.refused', 'action.refused']);
    expect(await verdictsOf(stage, value)).toEqual([200]);
    expectNeverSaid(value, stage);
  },
);

test.for([
  [5, 'choose'],
  [6, 'more'],
] as const)('of %i tokens that begin alike, on-call is told to %s', async ([count, what]) => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  const alice = stage.workspace.person('alice');
  for (let number = 1; number <= count; number++) await holdsToken(stage, alice, `bot ${number}`);
  await beginAlike(stage);

  const answer = await answerTo(carol, '/apitoken revoke apit_AAAAAA');

  if (what === 'more') {
    expect(answer.text).toBe('More than 5 tokens match. Type more characters.');
    return;
  }
  expect(answer.text).toContain('5 tokens have a value that starts like that. Which one is it?');
  expect(answer.text).toContain('bot 3\nOwner\n@alice\nStatus\nactive');
  expect(answer.text).not.toContain('AAAAAA');
  await carol.clicks('Revoke', { in: '#general', near: 'bot 3' });
  expect((await modalOf(carol)).text).toContain("Revoke @alice's bot 3?");
});

test('a name that begins like a value and is not theirs is refused once, not as a name and as first characters', async () => {
  const stage = await setStage();
  await holdsToken(stage, stage.workspace.person('alice'), 'my_bot123');

  expect((await answerTo(stage.workspace.person('bob'), '/apitoken revoke my_bot123')).text).toBe(
    CHARACTERS_ONLY,
  );

  expect(actionsOf(stage).slice(2)).toEqual(['action.refused']);
});

test('a token of an older name that is like first characters, which no value has, is found by it', async () => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  const alice = stage.workspace.person('alice');
  await holdsOldName(stage, alice, 'apit_00000000');

  expect((await opens(carol, '/apitoken revoke apit_00000000')).text).toContain(
    "Revoke @alice's apit_00000000?",
  );
});

test('a value in its grace ends its token, and a retired one ends nothing and is told of to who may see it', async () => {
  const { stage, clock, alice, workspace } = await setStill();
  const old = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const fresh = await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 1 hour' });
  const bob = workspace.person('bob');

  expect((await opens(bob, `/apitoken revoke ${old.value}`)).text).toContain("Revoke @alice's deploy-bot?");
  await bob.closes();
  await clock.moveBy(HOUR_MS);
  const toBob = await answerTo(bob, `/apitoken revoke ${old.value}`);
  const toAlice = await answerTo(alice, `/apitoken revoke ${old.value}`);

  expect(toBob.text).toBe('That value no longer works.');
  expect(toBob.text).not.toContain('deploy-bot');
  expect(toAlice.text).toBe('That value no longer works. deploy-bot has a newer value, which still works.');
  expect(await verdictsOf(stage, old.value, fresh)).toEqual([401, 200]);
});

test('the owner is told by first characters that a value is of a token that was revoked, others only that it is dead', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { id, value } = await holdsToken(stage, alice, 'deploy-bot');
  await withStore(stage, (store) =>
    store.revokeTokens([id], { actor: 'system', at: stage.now(), reason: null, held: false }, { keys: [] }),
  );

  expect((await answerTo(alice, `/apitoken revoke ${value}`)).text).toContain(
    'Looks like deploy-bot, already revoked. It no longer works.',
  );
  expect((await answerTo(stage.workspace.person('bob'), `/apitoken revoke ${value}`)).text).toContain(
    NOT_LIVE,
  );
});

test.for([
  ['wrong check digits', `apit_${'a'.repeat(12)}_${'b'.repeat(38)}`, MISREAD],
  ['40,000 characters of text', 'x'.repeat(40_000), NOT_FOUND],
  ['40,000 signs beyond the first plane', '🗝'.repeat(20_000), NOT_FOUND],
  ['a name that nobody has', 'no_such_name', NOT_FOUND],
] as const)('revoking %s is answered clearly, to members and on-call alike', async ([, typed, sentence]) => {
  const stage = await setStage({ env: ONCALL });

  for (const handle of ['bob', 'carol']) {
    expect((await answerTo(stage.workspace.person(handle), `/apitoken revoke ${typed}`)).text).toContain(
      sentence,
    );
  }
  expect(actionsOf(stage)).toEqual([]);
});

test('a bare @name is never guessed: on-call picks the person, anybody else hears who may revoke by person', async () => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');

  expect((await answerTo(stage.workspace.person('bob'), '/apitoken revoke @nobody-here')).text).toBe(
    'Only on-call and admins can use /apitoken revoke @person.',
  );
  const picker = await opens(carol, '/apitoken revoke @nobody-here');
  expect(picker).toMatchObject({ title: 'Revoke API Token', submit: 'Continue' });
  await carol.fills({ Person: 'alice' });
  await carol.submits();
  await modalSaying(carol, "Revoke @alice's");
  await carol.fills({ Reason: 'left' });
  await carol.submits();
  await modalSaying(carol, 'deploy-bot is revoked.');

  expect(await verdictsOf(stage, value)).toEqual([401]);
});

test('the owner and who created the token are told by whom it was revoked, each once, and nobody else', async () => {
  const stage = await setStage({ env: { ONCALL: 'U0CAROL0001' } });
  const [alice, dave, carol] = ['alice', 'dave', 'carol'].map((handle) => stage.workspace.person(handle));
  if (!alice || !dave || !carol) throw new Error('three people');
  await holdsToken(stage, alice, 'for-alice', { by: dave });

  await opens(carol, '/apitoken revoke for-alice');
  await carol.fills({ Reason: 'leaked' });
  await carol.submits();
  await modalSaying(carol, 'for-alice is revoked.');
  await settled(stage);

  const toldIn = (person: typeof alice) =>
    person
      .sees('@apitoken')
      .filter(({ ephemeral, text }) => !ephemeral && / revoked /.test(text) && !/^for-alice\n/.test(text));
  expect(toldIn(alice).map(({ raw }) => raw.text)).toEqual([`<@${carol.id}> revoked your token for-alice.`]);
  expect(toldIn(dave).map(({ text }) => text)).toEqual([
    expect.stringMatching(
      /^@carol revoked for-alice, which you created for @alice\.\nAnything using it has stopped working\.\nDate Revoked: .*\nReason: leaked$/,
    ),
  ]);
  await soon(() => expect(toldIn(carol)).toEqual([]));
});

/** Gives all values in the database lookup ids that begin alike. */
async function beginAlike(stage: Awaited<ReturnType<typeof setStage>>): Promise<void> {
  const raw = stage.look();
  raw.exec("update secrets set lookup_id = 'AAAAAA' || substr(lookup_id, 7)");
  raw.close();
  expect(rowsOf(stage, "select 1 from secrets where lookup_id like 'AAAAAA%'").length).toBeGreaterThan(4);
}

function swapCase(text: string): string {
  return [...`${text.slice(1)}z`]
    .map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))
    .join('');
}
