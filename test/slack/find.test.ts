import { describe, expect, test } from 'vitest';
import { T0 } from '../tokens/a-token.ts';
import {
  answerIn,
  answerTo,
  auditOf,
  callsOf,
  holdsToken,
  holdsTokens,
  modalOf,
  modalSaying,
  opens,
  setStill,
  settled,
  soon,
} from './flows.ts';

const MANAGED = { MANAGERS: 'U0CAROL0001' };

test('/apitoken find TEXT finds names and purposes, dead ones with their status, the newest first', async () => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, 'Deploy-Bot', { createdAt: T0 });
  await holdsToken(stage, alice, 'nightly', { createdAt: T0, purpose: 'Deploys the shop' });
  await holdsToken(stage, alice, 'other', { createdAt: T0 });
  await opens(alice, '/apitoken revoke Deploy-Bot');
  await alice.submits();
  await modalSaying(alice, 'Deploy-Bot is revoked.');
  await alice.closes();

  const found = await answerTo(alice, '/apitoken find DEPLOY');

  expect(found.ephemeral).toBe(true);
  expect(found.text).toBe(
    [
      'API tokens found',
      'Search',
      '2 tokens match “DEPLOY”',
      'nightly · Never used · Expires Apr 1, 2026',
      'Deploy-Bot · ⚫ revoked · Never used · Date Revoked: Jan 1, 2026',
    ].join('\n'),
  );
  expect(found.buttons).toEqual(['Create API Token', 'Clear search']);
  expect(found.menus).toEqual([
    ['Rotate', 'Revoke API Token', 'History'],
    ['Create again', 'History'],
  ]);
  expect(found.raw.text).toBe('API tokens found: nightly, Deploy-Bot · ⚫ revoked');
});

test.for([
  ['find "100%"', '“100%”', ['100% _sure_']],
  ['search %', '“%”', ['100% _sure_']],
  ['find _', '“_”', ['100% _sure_']],
  ['find 🗝', '“🗝”', ['🗝 of it’s']],
  ["find it's", "“it's”", ['🗝 of it’s']],
  ['find <!channel>', '', []],
  ['find zzz', '', []],
] as const)('"/apitoken %s" searches for what was typed', async ([typed, echo, names]) => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, '100% _sure_');
  await holdsToken(stage, alice, '🗝 of it’s');

  const { text } = await answerTo(alice, `/apitoken ${typed}`);

  for (const name of names) expect(text).toContain(name);
  if (names.length > 0) expect(text).toContain(`1 token matches ${echo}`);
  else expect(text).toBe('API tokens found\nSearch\nNo tokens match.');
});

test('a manager finds everybody’s tokens with their owners, and may look at them', async () => {
  const { stage, alice, workspace } = await setStill(MANAGED);
  const [bob, carol] = [workspace.person('bob'), workspace.person('carol')];
  await holdsToken(stage, alice, 'a-bot', { createdAt: T0 });
  await holdsToken(stage, carol, 'c-bot', { createdAt: T0 });

  const found = await answerTo(carol, '/apitoken find bot');

  expect(found.text).toContain('c-bot · Never used');
  expect(found.text).toContain('a-bot · @alice · Never used');
  expect(found.menus).toEqual([
    ['Rotate', 'Revoke API Token', 'History'],
    ['History', 'Info'],
  ]);
  expect((await answerTo(bob, '/apitoken find bot')).text).toContain('No tokens match.');
  const told = await answerIn(carol, '#general', () =>
    carol.choosesFrom({ in: '#general', near: 'a-bot · @alice' }, 'Info'),
  );
  expect(told.text).toContain('Owner\n@alice');
});

test('on-call may revoke what they find, and the search is drawn again with the date', async () => {
  const { stage, alice, workspace } = await setStill();
  const dave = workspace.person('dave');
  await holdsToken(stage, alice, 'a-bot', { createdAt: T0 });
  const found = await answerTo(dave, '/apitoken find a-b');
  expect(found.menus).toEqual([['Revoke API Token', 'History', 'Info']]);

  await dave.choosesFrom({ in: '#general', near: 'a-bot' }, 'Revoke API Token');
  await modalOf(dave);
  await dave.fills({ Reason: 'leaked' });
  await dave.submits();

  await soon(() => {
    const drawn = dave.sees('#general').find(({ ts }) => ts === found.ts);
    expect(drawn?.text).toContain('1 token matches “a-b”\na-bot · @alice · ⚫ revoked');
  });
});

test('a search has pages, says when it is cut, and is cleared', async () => {
  const { stage, alice } = await setStill();
  await holdsTokens(stage, alice, 101, (number) => `bot ${number}`);
  const found = await answerTo(alice, '/apitoken find bot');
  const shown = () => alice.sees('#general').find(({ ts }) => ts === found.ts)?.text ?? '';

  expect(found.text).toContain('Page 1 of 5 · Only the first 100 matches are shown.');
  await alice.clicks('Next');
  await soon(() => expect(shown()).toContain('Page 2 of 5'));
  expect(shown()).toContain('bot 81 · ');
  await alice.enters('Search', 'BOT 10');
  await soon(() => expect(shown()).toContain('3 tokens match “BOT 10”'));
  await alice.clicks('Clear search');
  await soon(() => expect(shown()).toContain('Page 1 of 6 · 101 tokens'));
  await settled(stage);
});

test('a value is neither searched for nor repeated, and leaves the field', async () => {
  const { stage, alice, clock } = await setStill();
  const { value } = await holdsToken(stage, alice, 'a-bot', { createdAt: T0 });
  const typed = await answerTo(alice, `/apitoken find ${value}`);
  expect(typed.text).toContain('This looks like a token value.');
  expect(typed.text).not.toContain(value);
  const list = await answerTo(alice, '/apitoken');

  await clock.moveBy(1);

  const told = await answerIn(alice, '#general', () => alice.enters('Search', value));

  expect(told.text).toContain('This looks like a token value.');
  const drawn = alice.sees('#general').find(({ ts }) => ts === list.ts);
  expect(JSON.stringify(drawn)).not.toContain(value);
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('a-bot'));
  await alice.enters('Search', value, { in: 'home' });
  await modalSaying(alice, 'This looks like a token value.');
  expect(JSON.stringify(alice.home())).not.toContain(value);
  // What Slack answers tells what its own field holds.
  const said = callsOf(stage.workspace, 'views.publish').map(({ args }) => args);
  expect(JSON.stringify(said)).not.toContain(value);
});

describe('in the Home tab', () => {
  test('a search is drawn in place of the list, stays when something changes, and is cleared by an empty field', async () => {
    const { stage, alice } = await setStill();
    await holdsToken(stage, alice, 'a-bot', { createdAt: T0 });
    await holdsToken(stage, alice, 'other', { createdAt: T0 });
    await settled(stage);
    await alice.opensHome();
    await soon(() => expect(alice.home()?.text).toContain('2 tokens'));

    await alice.enters('Search', 'BOT', { in: 'home' });
    await soon(() => expect(alice.home()?.text).toContain('1 token matches “BOT”\na-bot · Never used'));
    await holdsToken(stage, alice, 'b-bot', { createdAt: T0 });
    await settled(stage);
    expect(alice.home()?.text).toContain('2 tokens match “BOT”\nb-bot');
    await alice.enters('Search', '', { in: 'home' });

    await soon(() => expect(alice.home()?.text).toContain('3 tokens'));
  });

  test('what is being typed outlives a drawing that comes by itself', async () => {
    const { stage, alice } = await setStill();
    await alice.opensHome();
    await soon(() => expect(alice.home()).toBeDefined());
    const idOf = () => alice.home()?.blocks.find(({ type }) => type === 'input')?.block_id;
    const before = idOf();

    await holdsToken(stage, alice, 'a-bot', { createdAt: T0 });
    await settled(stage);

    expect(alice.home()?.text).toContain('a-bot');
    expect(idOf()).toBe(before);
  });

  test.for([
    ['a member', 'alice', []],
    ['a manager', 'carol', ['All tokens']],
    ['on-call', 'dave', ['All tokens', 'Revoke a leaked token']],
  ] as const)(
    '%s is offered what they may do, also when it is drawn by itself',
    async ([, handle, offered]) => {
      const { stage, workspace } = await setStill(MANAGED);
      const person = workspace.person(handle);
      await person.opensHome();
      await soon(() => expect(person.home()?.buttons).toEqual(['Create API Token', ...offered]));

      await holdsToken(stage, person, 'a-bot', { createdAt: T0 });
      await settled(stage);

      expect(person.home()?.text).toContain('a-bot');
      expect(person.home()?.buttons).toEqual(['Create API Token', ...offered]);
    },
  );

  test('All tokens opens everybody’s as a dialog, whose pages and filters stay in it, with nothing to share it to', async () => {
    const { stage, alice, workspace } = await setStill(MANAGED);
    const carol = workspace.person('carol');
    await holdsTokens(stage, alice, 41, (number) => `bot-${number}`);
    await carol.opensHome();
    await soon(() => expect(carol.home()?.buttons).toContain('All tokens'));

    await carol.clicks('All tokens', { in: 'home' });

    const dialog = await modalSaying(carol, '41 tokens');
    expect(dialog.buttons).toContain('Next');
    expect(dialog.buttons).not.toContain('Share to channel');
    await carol.clicks('Next');
    expect((await modalSaying(carol, 'Page 2 of 2')).id).toBe(dialog.id);
    await settled(stage);
  });
});

describe('Revoke a leaked token', () => {
  async function opensIt() {
    const { stage, alice, workspace } = await setStill();
    const dave = workspace.person('dave');
    const { value } = await holdsToken(stage, alice, 'a-bot', { createdAt: T0 });
    await dave.opensHome();
    await soon(() => expect(dave.home()?.buttons).toContain('Revoke a leaked token'));
    await dave.clicks('Revoke a leaked token', { in: 'home' });
    await modalOf(dave);
    const typing = async (text: string) => {
      await dave.fills({ 'Value, name or person': text });
      await dave.submits();
    };
    return { stage, alice, dave, value, typing };
  }

  test.for([
    ['a value', undefined],
    ['a name', 'a-bot'],
    ['its first characters', 'first'],
  ] as const)('takes %s, and goes on as the command does', async ([, text]) => {
    const { stage, dave, value, typing } = await opensIt();

    await typing(text === undefined ? value : text === 'first' ? value.slice(0, 13) : text);

    await modalSaying(dave, '@alice');
    expect(dave.modal()?.submit).toContain('Revoke');
    await dave.fills({ Reason: 'leaked' });
    await dave.submits();
    await modalSaying(dave, 'a-bot is revoked.');
    expect((await stage.verify(value)).status).toBe(401);
    expect(JSON.stringify(stage.workspace.traffic.filter(({ kind }) => kind === 'call'))).not.toContain(
      value,
    );
  });

  test('asks who is meant by a name with @, which is never guessed', async () => {
    const { dave, typing } = await opensIt();

    await typing('@alice');

    expect((await modalOf(dave)).inputs.map(({ label }) => label)).toEqual(['Person']);
  });

  test('says under its field what is wrong, keeps what was typed and repeats no value', async () => {
    const { stage, dave, value, typing } = await opensIt();

    await typing('zzz');
    expect(dave.modal()?.errors).toHaveProperty('Value, name or person');
    expect(dave.modal()?.inputs[0]?.value).toBe('zzz');
    const other = await holdsToken(stage, dave, 'd-bot', { createdAt: T0 });
    await typing(`${value} ${other.value}`);

    const error = dave.modal()?.errors['Value, name or person'] ?? '';
    expect(error).not.toBe('');
    expect(error).not.toContain(value.slice(0, 20));
    expect(auditOf(stage).filter(({ action }) => action === 'action.refused')).toEqual([]);
  });
});
