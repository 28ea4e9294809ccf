import { expect, test } from 'vitest';
import { openWorkspace, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  aClock,
  actionsOf,
  answerIn,
  answerTo,
  auditOf,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  soon,
} from './flows.ts';

const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';

test('info tells all there is to know of a token, but its value', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  const { id } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, purpose: 'a & <b>' });

  const info = await answerTo(alice, '/apitoken info deploy-bot');

  expect(info.ephemeral).toBe(true);
  expect(info.text).toBe(
    [
      'deploy-bot',
      'Status\nactive',
      'Created\nJan 1, 2026 at 12:00 AM UTC',
      'Last used\nnever',
      'Expires\nApr 1, 2026 at 12:00 AM UTC',
      'Date Revoked\nnot revoked',
      'Owner\n@alice',
      'Uses\n0',
      'Refused\n0',
      'Purpose: a & <b>',
      `Token id ${id}`,
    ].join('\n'),
  );
  expect(info.buttons).toEqual(['Rotate', 'Revoke']);
});

test.for([
  ['in another case', 'DEPLOY bot'],
  ['in quotes', '“Deploy Bot”'],
  ['in another width', 'Ｄeploy　Bot'],
  ['by its id', 'ID'],
] as const)('a token is found %s', async ([, typed]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { id } = await holdsToken(stage, alice, 'Deploy Bot');

  const info = await answerTo(alice, `/apitoken show ${typed === 'ID' ? id : typed}`);

  expect(info.text).toContain('Deploy Bot\nStatus\nactive');
});

test('a name of which nothing can be seen is none, and the person picks one of theirs', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');

  expect(await opens(alice, '/apitoken info \u200b')).toMatchObject({
    title: 'API Token',
    submit: 'Continue',
  });
});

test('a token of somebody else and one that does not exist are told in the same words', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { id } = await holdsToken(stage, stage.workspace.person('bob'), 'bobs-bot');

  for (const typed of ['bobs-bot', id, 'no-such-bot', 'tok_0000000000000000', '.']) {
    expect((await answerTo(alice, `/apitoken info ${typed}`)).text, typed).toBe(NOT_FOUND);
  }

  const refused = auditOf(stage).filter(({ action }) => action === 'action.refused');
  expect(refused).toEqual([
    { actor: alice.id, action: 'action.refused', tokenId: id },
    { actor: alice.id, action: 'action.refused', tokenId: id },
  ]);
});

test.for([
  ['a manager sees', { MANAGERS: 'U0CAROL0001' }, 'carol', []],
  ['on-call sees and may revoke', { ONCALL: 'U0CAROL0001' }, 'carol', ['Revoke']],
  ['an on-call group sees and may revoke', { ONCALL: 'S0ONCALL001' }, 'bob', ['Revoke']],
  ['an admin sees and may revoke', {}, 'dave', ['Revoke']],
] as const)('%s what somebody else has', async ([, env, handle, buttons]) => {
  const stage = await setStage({ env });
  await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot', { shown: false });

  const info = await answerTo(stage.workspace.person(handle), '/apitoken info alices-bot');

  expect(info.text).toContain('Owner\n@alice');
  expect(info.buttons).toEqual(buttons);
});

test('info of a token that was revoked says when and by whom, and offers nothing', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const open = await answerTo(alice, '/apitoken info deploy-bot');
  expect(open.buttons).toEqual(['Rotate', 'Revoke']);
  await alice.clicks('Revoke', { in: '#general' });
  await modalSaying(alice, 'Revoke your deploy-bot?');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot is revoked.');

  const info = await answerTo(alice, '/apitoken info deploy-bot');

  expect(info.text).toContain('Date Revoked\nJan 1, 2026 at 12:00 AM UTC');
  expect(info.text).toContain('Revoked by @alice Jan 1, 2026 at 12:00 AM UTC.');
  expect(info.buttons).toEqual([]);
});

test.for([['help'], ['?'], ['HELP me']] as const)(
  '"/apitoken %s" lists what there is, each as a line to type',
  async ([typed]) => {
    const stage = await setStage();

    const help = await answerTo(stage.workspace.person('alice'), `/apitoken ${typed}`);

    const lines = help.text.split('\n').map((line) => line.split(':')[0]);
    expect(lines).toEqual([
      '/apitoken create',
      '/apitoken list',
      '/apitoken find TEXT',
      '/apitoken info NAME',
      '/apitoken rotate NAME',
      '/apitoken revoke NAME',
      '/apitoken revoke VALUE',
      '/apitoken revoke @me',
      '/apitoken check VALUE',
      '/apitoken history NAME',
      '/apitoken help',
      'Leave out NAME to choose one of your tokens.',
    ]);
    expect(help.ephemeral).toBe(true);
  },
);

const TO_SEE_ALL = ['/apitoken status', '/apitoken board'];
const TO_REVOKE_ANY = ['/apitoken revoke @person', '/apitoken revoke apit_4fTz8K'];

test.for([
  ['a member', {}, 'bob', []],
  ['a manager', { MANAGERS: 'U0BOB000001' }, 'bob', TO_SEE_ALL],
  ['on-call', { ONCALL: 'S0ONCALL001' }, 'bob', [...TO_SEE_ALL, ...TO_REVOKE_ANY]],
  ['an admin', {}, 'dave', [...TO_SEE_ALL, ...TO_REVOKE_ANY]],
  ['a workspace admin where ADMINS names others', { ADMINS: 'U0CAROL0001' }, 'dave', []],
] as const)('the help for %s offers what they may do and nothing else', async ([, env, handle, offered]) => {
  const stage = await setStage({ env });

  const help = await answerTo(stage.workspace.person(handle), '/apitoken help');

  const lines = help.text.split('\n').map((line) => line.split(':')[0] ?? '');
  expect(lines.filter((line) => [...TO_SEE_ALL, ...TO_REVOKE_ANY].includes(line)).toSorted()).toEqual(
    offered.toSorted(),
  );
  expect(lines).toContain('/apitoken create');
  for (const line of [...TO_SEE_ALL, ...TO_REVOKE_ANY].filter(
    (one) => !(offered as string[]).includes(one),
  )) {
    expect(help.raw.text).not.toContain(line);
  }
});

test.for([
  ['a broadcast', '<!channel> now', '<!channel>'],
  ['formatting', '*bold*_it_`code`', '*bold*_it_`code`'],
  ['a link', 'https://evil.example/<x>', 'https://evil.example/<x>'],
  ['a person', '@bob', '@bob'],
  ['500 signs', '🗝'.repeat(500), `${'🗝'.repeat(99)}…`],
  ['marks that turn the writing around', 'ab\u202ecd\u2066e\u200b', 'abcde'],
  ['one of several lines', 'ab\ncd', 'ab'],
] as const)('%s, typed as a command, is quoted back as nothing but text', async ([, typed, quoted]) => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  const answer = await answerTo(alice, `/apitoken ${typed}`);

  expect(answer.text).toBe(`"${quoted}" isn't a command.`);
  expect(answer.buttons).toEqual(['/apitoken help']);
  const [first] = answer.blocks;
  expect(first).toMatchObject({ type: 'section', text: { type: 'plain_text', emoji: false } });
  expect(JSON.stringify(answer.blocks.slice(1))).not.toContain(quoted.slice(0, 8));
  expect(answer.raw.text).toBe("That isn't an apitoken command.");
});

test('Did you mean does what it offers', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');

  expect((await answerTo(alice, '/apitoken lst')).buttons).toEqual(['/apitoken list']);
  const list = await answerIn(alice, '#general', () => alice.clicks('/apitoken list'));
  expect(list.text).toContain('1 token\ndeploy-bot');
  const unknown = await answerTo(alice, '/apitoken crate other-bot 30d');
  expect(unknown.text).toBe(
    '"crate" isn\'t a command. Did you mean create?\n/apitoken help lists all commands.',
  );
  expect(unknown.buttons).toEqual(['/apitoken create other-bot 30d']);
  await alice.clicks('/apitoken create other-bot 30d');

  const { title, inputs } = await modalOf(alice);
  expect(title).toBe('Create API Token');
  expect(inputs.map(({ value }) => value)).toEqual(['other-bot', undefined, '30 days', undefined]);
  expect(actionsOf(stage)).toEqual(['token.created', 'value.shown']);
});

test('every answer to a command is for the person alone, in a channel that the app is not in too', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  for (const typed of ['', 'help', 'info nothing', 'revoke nothing', 'frobnicate']) {
    const answer = await answerTo(alice, `/apitoken ${typed}`, '#no-app');
    expect(answer.ephemeral, typed).toBe(true);
  }

  await soon(() => expect(alice.sees('#no-app')).toHaveLength(5));
  for (const handle of ['bob', 'carol', 'dave'])
    expect(stage.workspace.person(handle).sees('#no-app')).toEqual([]);
});
