import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { openWorkspace, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import { aClock, answerTo, holdsToken, holdsTokens, modalSaying, setStill, settled, soon } from './flows.ts';

test.for([[''], [' list'], [' ls'], [' LIST'], [' list active']] as const)(
  '"/apitoken%s" shows the tokens that are not over, to the person alone',
  async ([typed]) => {
    const clock = aClock();
    const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
    const alice = stage.workspace.person('alice');
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });

    const list = await answerTo(alice, `/apitoken${typed}`);

    expect(list.ephemeral).toBe(true);
    expect(list.text).toBe(
      ['My API Tokens', 'Search', '1 token', 'deploy-bot · Never used · Expires Apr 1, 2026'].join('\n'),
    );
    expect(list.buttons).toEqual(['Create API Token']);
    expect(list.menus).toEqual([['Rotate', 'Revoke API Token', 'History']]);
    expect(list.raw.text).toBe('My API Tokens, active: deploy-bot');
    expect(stage.workspace.person('bob').sees('#general')).toEqual([]);
  },
);

test('each filter shows its own, by command and by choice, in place of the list that was there', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'alive', { createdAt: T0 - DAY_MS, lifetimeDays: null });
  await holdsToken(stage, alice, 'unseen', { createdAt: T0 - DAY_MS, shown: false });
  await holdsToken(stage, alice, 'over', { createdAt: T0 - 2 * DAY_MS, lifetimeDays: 2 });
  await holdsToken(stage, alice, 'ended', { createdAt: T0 - DAY_MS });
  await alice.types('#general', '/apitoken revoke ended');
  await modalSaying(alice, 'Revoke your ended?');
  await alice.submits();
  await modalSaying(alice, 'ended is revoked.');
  await alice.closes();
  const names = (text: string) =>
    ['alive', 'unseen', 'over', 'ended'].filter((name) => text.includes(`\n${name} · `));

  expect(names((await answerTo(alice, '/apitoken list expired')).text)).toEqual(['over']);
  expect(names((await answerTo(alice, '/apitoken list REVOKED')).text)).toEqual(['ended']);
  const all = await answerTo(alice, '/apitoken list all');
  expect(names(all.text)).toEqual(['alive', 'unseen', 'over', 'ended']);
  expect(all.menus).toEqual([
    ['Create again', 'History'],
    ['Show value', 'Revoke API Token', 'History'],
    ['Rotate', 'Revoke API Token', 'History'],
    ['Renew', 'Create again', 'Revoke API Token', 'History'],
  ]);
  const list = await answerTo(alice, '/apitoken list');
  expect(names(list.text)).toEqual(['alive', 'unseen']);
  await alice.selects('Show', 'Revoked', { in: '#general' });

  const changed = await soon(() => {
    const now = alice.sees('#general').find(({ ts }) => ts === list.ts);
    if (now?.edited !== true) throw new Error('not yet');
    return now;
  });
  expect(names(changed.text)).toEqual(['ended']);
  expect(changed.menus).toEqual([['Create again', 'History']]);
});

test('45 tokens are three pages, the newest first, turned in place, with nothing of anybody else', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const bob = stage.workspace.person('bob');
  await holdsToken(stage, bob, 'bobs-bot', { shown: false });
  await holdsTokens(stage, alice, 45, botName, (number) => ({ shown: false, lifetimeDays: number }));
  const list = await answerTo(alice, '/apitoken');
  const shown = () => alice.sees('#general').find(({ ts }) => ts === list.ts);
  const turned = (page: string) => soon(() => expect(shown()?.text).toContain(page));
  const numbers = () =>
    [...(shown()?.text ?? '').matchAll(/bot-(\d+) /g)].map(([, number]) => Number(number));
  const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, less) => from - less);

  expect(list.text).toContain('Page 1 of 3 · 45 tokens');
  expect(list.buttons).toEqual(['Create API Token', 'Next']);
  expect(numbers()).toEqual(down(45, 26));
  expect(list.menus).toHaveLength(20);
  await alice.clicks('Next');
  await turned('Page 2 of 3');
  expect(shown()?.buttons).toEqual(['Create API Token', 'Previous', 'Next']);
  await alice.clicks('Next');
  await turned('Page 3 of 3');
  expect(shown()?.buttons).toEqual(['Create API Token', 'Previous']);
  expect(numbers()).toEqual(down(5, 1));
  await alice.clicks('Previous');
  await turned('Page 2 of 3');
  expect(numbers()).toEqual(down(25, 6));
  await alice.selects('Show', 'All', { in: '#general' });
  await turned('Page 1 of 3');

  expect(alice.sees('#general')).toHaveLength(1);
  expect(alice.reads('#general')).not.toContain('bobs-bot');
  expect((await answerTo(bob, '/apitoken list all')).text).toContain('1 token\nbobs-bot · ');
  await settled(stage);
});

test('all that turns, filters and searches stands above the first row, where a page turn leaves the reader', async () => {
  const { stage, alice } = await setStill();
  await holdsTokens(stage, alice, 21, botName);

  const list = await answerTo(alice, '/apitoken');

  const kinds = list.blocks.map(({ type }) => type);
  expect(kinds).toEqual(['header', 'actions', 'input', 'context', ...Array(20).fill('section')]);
});

test.for([
  ['a plain one', 'deploy_bot (v2)', 'deploy_bot (v2) · Never used · Expires Apr 1, 2026'],
  ['one of another script', 'שלום עולם', 'שלום עולם\nNever used · Expires Apr 1, 2026'],
  ['one with formatting', '*x* _y_ :tada:', '*x* _y_ :tada:\nNever used · Expires Apr 1, 2026'],
  ['one with a mention', '<!channel> & co', '<!channel> & co\nNever used · Expires Apr 1, 2026'],
  ['one too long for a row', 'x'.repeat(64), `${'x'.repeat(47)}… · Never used · Expires Apr 1, 2026`],
] as const)('a row says the name as it is: %s', async ([, name, row]) => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, name, { createdAt: T0 });

  expect((await answerTo(alice, '/apitoken')).text).toBe(`My API Tokens\nSearch\n1 token\n${row}`);
});

test('the Home tab turns its pages too', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsTokens(stage, alice, 21, botName, (number) => ({ shown: false, lifetimeDays: number }));
  await settled(stage);
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('Page 1 of 2 · 21 tokens'));

  await alice.clicks('Next', { in: 'home' });

  await soon(() => expect(alice.home()?.text).toContain('Page 2 of 2'));
  expect(alice.home()?.text).toContain('bot-1 · ');
  expect(alice.home()?.menus).toHaveLength(1);
});

test('a revocation is drawn in the very list that it came from, with its date', async () => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await holdsToken(stage, alice, 'other-bot', { createdAt: T0 });
  const list = await answerTo(alice, '/apitoken');

  await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Revoke API Token');
  await modalSaying(alice, 'Revoke your deploy-bot? Never used.');
  await alice.submits();

  await soon(() =>
    expect(alice.sees('#general')[0]?.text).toContain('⚫ revoked · Never used · Date Revoked: Jan 1, 2026'),
  );
  const [drawn] = alice.sees('#general');
  expect(drawn?.ts).toBe(list.ts);
  expect(drawn?.menus).toEqual([
    ['Rotate', 'Revoke API Token', 'History'],
    ['Create again', 'History'],
  ]);
  expect(drawn?.text).toContain('\n2 tokens\n');
  expect(alice.modal()?.text).toContain('deploy-bot is revoked.');
});

test.for([
  ['expiring soon at 14 days before its end', 15, DAY_MS, '🟡 expiring soon · '],
  ['not yet expiring one millisecond before that', 15, DAY_MS - 1, ''],
  ['idle when it was not used for 90 days', 365, 90 * DAY_MS, '🟡 idle · '],
  ['not yet idle one millisecond before that', 365, 90 * DAY_MS - 1, ''],
  ['both', 100, 90 * DAY_MS, '🟡 expiring soon, idle · '],
  ['neither, but expired, at its end', 100, 100 * DAY_MS, '🔴 expired · '],
] as const)('a token is %s', async ([, lifetimeDays, later, status]) => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays });
  await clock.moveBy(later);

  const list = await answerTo(alice, '/apitoken list all');

  expect(list.text).toContain(`\ndeploy-bot · ${status}Never used · `);
});

test.for([['list'], ['list expired'], ['list revoked'], ['list all'], ['find']] as const)(
  '"/apitoken %s" of somebody without tokens says what to do next',
  async ([typed]) => {
    const stage = await setStage();

    const list = await answerTo(stage.workspace.person('alice'), `/apitoken ${typed}`);

    expect(list.text).toBe(
      'My API Tokens\nSearch\nYou have no tokens yet. Choose Create API Token to create one.',
    );
    expect(list.buttons).toEqual(['Create API Token']);
  },
);

test('a filter that nothing passes says so', async () => {
  const { stage, alice } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot');

  const list = await answerTo(alice, '/apitoken list revoked');

  expect(list.text).toBe('My API Tokens\nSearch\nNo tokens match.');
  expect(list.raw.text).toBe('My API Tokens, revoked: No tokens match.');
});

test('when it was last used stands in the list', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  expect((await stage.verify(value)).status).toBe(200);
  await stage.restart();

  expect((await answerTo(alice, '/apitoken list')).text).toMatch(/Last used [A-Z][a-z]{2} \d{1,2}, \d{4} · /);
});

function botName(number: number): string {
  return `bot-${number}`;
}
