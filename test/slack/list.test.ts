import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { openWorkspace, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import { aClock, answerTo, holdsToken, holdsTokens, modalSaying, settled, soon } from './flows.ts';

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
      [
        'My API Tokens',
        'deploy-bot',
        'Status\nactive',
        'Created\nJan 1, 2026',
        'Last used\nnever',
        'Expires\nApr 1, 2026',
        'Date Revoked\n–',
        'Page 1 of 1 · 1 token',
      ].join('\n'),
    );
    expect(list.buttons).toEqual(['Create API Token']);
    expect(list.menus).toEqual([['Rotate', 'Revoke API Token', 'History']]);
    expect(list.raw.text).toBe('My API Tokens, active: deploy-bot (active)');
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
    ['alive', 'unseen', 'over', 'ended'].filter((name) => text.includes(`${name}\nS`));

  expect(names((await answerTo(alice, '/apitoken list expired')).text)).toEqual(['over']);
  expect(names((await answerTo(alice, '/apitoken list REVOKED')).text)).toEqual(['ended']);
  const all = await answerTo(alice, '/apitoken list all');
  expect(names(all.text)).toEqual(['alive', 'unseen', 'over', 'ended']);
  expect(all.menus).toEqual([
    ['Show value', 'Revoke API Token', 'History'],
    ['Rotate', 'Revoke API Token', 'History'],
    ['Create again', 'History'],
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

test('25 tokens are three pages, turned in place, with nothing of anybody else', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const bob = stage.workspace.person('bob');
  await holdsToken(stage, bob, 'bobs-bot', { shown: false });
  await holdsTokens(stage, alice, 25, botName, (number) => ({ shown: false, lifetimeDays: number }));
  const list = await answerTo(alice, '/apitoken');
  const shown = () => alice.sees('#general').find(({ ts }) => ts === list.ts);
  const turned = (page: string) => soon(() => expect(shown()?.text).toContain(page));
  const numbers = () =>
    [...(shown()?.text ?? '').matchAll(/bot-(\d+)\n/g)].map(([, number]) => Number(number));

  expect(list.text).toContain('Page 1 of 3 · 25 tokens');
  expect(list.buttons).toEqual(['Create API Token', 'Next']);
  expect(numbers()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(list.menus).toHaveLength(10);
  await alice.clicks('Next');
  await turned('Page 2 of 3');
  expect(shown()?.buttons).toEqual(['Create API Token', 'Previous', 'Next']);
  await alice.clicks('Next');
  await turned('Page 3 of 3');
  expect(shown()?.buttons).toEqual(['Create API Token', 'Previous']);
  expect(numbers()).toEqual([21, 22, 23, 24, 25]);
  await alice.clicks('Previous');
  await turned('Page 2 of 3');
  expect(numbers()).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  await alice.selects('Show', 'All', { in: '#general' });
  await turned('Page 1 of 3');

  expect(alice.sees('#general')).toHaveLength(1);
  expect(alice.reads('#general')).not.toContain('bobs-bot');
  expect((await answerTo(bob, '/apitoken list all')).text).toContain('Page 1 of 1 · 1 token');
  await settled(stage);
});

test('the Home tab turns its pages too', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsTokens(stage, alice, 11, botName, (number) => ({ shown: false, lifetimeDays: number }));
  await settled(stage);
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('Page 1 of 2 · 11 tokens'));

  await alice.clicks('Next', { in: 'home' });

  await soon(() => expect(alice.home()?.text).toContain('Page 2 of 2'));
  expect(alice.home()?.text).toContain('bot-11\n');
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

  await soon(() => expect(alice.sees('#general')[0]?.text).toContain('Date Revoked\nJan 1, 2026'));
  const [drawn] = alice.sees('#general');
  expect(drawn?.ts).toBe(list.ts);
  expect(drawn?.menus).toEqual([
    ['Rotate', 'Revoke API Token', 'History'],
    ['Create again', 'History'],
  ]);
  expect(drawn?.text).toContain('Page 1 of 1 · 2 tokens');
  expect(alice.modal()?.text).toContain('deploy-bot is revoked.');
});

test.for([
  ['expiring soon at 14 days before its end', 14, 0, 'active · expiring soon'],
  ['not yet expiring one millisecond before that', 14, -1, 'active'],
  ['idle when it was not used for 90 days', 365, 90 * DAY_MS, 'active · idle'],
  ['not yet idle one millisecond before that', 365, 90 * DAY_MS - 1, 'active'],
  ['both', 100, 90 * DAY_MS, 'active · expiring soon · idle'],
  ['neither, but expired, at its end', 100, 100 * DAY_MS, 'expired'],
] as const)('a token is %s', async ([, lifetimeDays, later, status]) => {
  const clock = aClock();
  const stage = await setStage({ clock, workspace: await openWorkspace({ clock }) });
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, lifetimeDays });
  await clock.moveBy(later);

  const list = await answerTo(alice, '/apitoken list all');

  expect(list.text).toContain(`Status\n${status}\n`);
});

test.for([
  ['list', 'You have no active tokens.'],
  ['list expired', 'You have no expired tokens.'],
  ['list revoked', 'You have no revoked tokens.'],
  ['list all', 'You have no tokens yet. Create API Token makes the first.'],
] as const)(
  '"/apitoken %s" of somebody without tokens says so, and offers to make one',
  async ([typed, sentence]) => {
    const stage = await setStage();

    const list = await answerTo(stage.workspace.person('alice'), `/apitoken ${typed}`);

    expect(list.text).toBe(`My API Tokens\n${sentence}\nPage 1 of 1 · 0 tokens`);
    expect(list.buttons).toEqual(['Create API Token']);
  },
);

test('when it was last used stands in the list', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  expect((await stage.verify(value)).status).toBe(200);
  await stage.restart();

  expect((await answerTo(alice, '/apitoken list')).text).toMatch(/Last used\n[A-Z][a-z]{2} \d{1,2}, \d{4}\n/);
});

function botName(number: number): string {
  return `bot-${number}`;
}
