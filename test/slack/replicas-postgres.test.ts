import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { RunningApp } from '../../src/app.ts';
import { setStage } from '../fixture.ts';
import { aDatabase } from '../store/fixtures/a-postgres.ts';
import { answerTo, callsOf, createsToken, modalSaying, opens, receiptsOf, soon, toldTo } from './flows.ts';

const NAMES = ['one-bot', 'two-bot', 'three-bot', 'four-bot'];

test('three apps on one PostgreSQL do the work of one, whichever Slack delivers to', async () => {
  const stage = await setStage({ env: { DATABASE_URL: await aDatabase(), ONCALL: 'U0CAROL0001' } });
  const apps = [stage.app, await stage.replica(), await stage.replica()];
  const { workspace } = stage;
  const [alice, carol] = [workspace.person('alice'), workspace.person('carol')];
  const values = new Map<string, string>();

  // Deliveries go to one after the other: hardly a dialog is answered by the one that opened it.
  for (const name of NAMES) values.set(name, await createsToken(alice, name));
  for (const value of values.values()) expect(await verdicts(apps, value)).toEqual([200, 200, 200]);
  await soon(() => {
    for (const name of NAMES) expect(receiptsOf(alice, name)).toHaveLength(1);
  });
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('four-bot'));

  for (const [name, value] of values) {
    await opens(carol, `/apitoken revoke ${name}`, '#oncall');
    await carol.fills({ 'What happened?': 'Leaked' });
    await carol.submits();
    await modalSaying(carol, `${name} is revoked.`);
    expect(await verdicts(apps, value), name).toEqual([401, 401, 401]);
    await carol.clicks('Share to channel', { in: 'modal' });
    await soon(() => expect(carol.modal()?.buttons).toContain('Shared to #oncall'));
    expect(carol.sees('#oncall').at(-1)?.text).toContain(`${name} is revoked.`);
    await carol.closes();
  }

  await soon(() => {
    expect(newsTo(alice)).toEqual(NAMES.map((name) => expect.stringContaining(name)));
    for (const name of NAMES) expect(receiptsOf(alice, name)[0]?.text).toContain('revoked');
    expect(alice.home()?.text).not.toContain('four-bot');
  });
  expect((await answerTo(carol, '/apitoken status revoked', '#general')).text).toContain('four-bot');
  const posted = callsOf(workspace, 'chat.postMessage').map(({ args }) => JSON.stringify(args));
  expect(new Set(posted).size, 'each message once').toBe(posted.length);
  expect(stage.log()).not.toContain('"level":"error"');
});

/** What she was told of that somebody else revoked, and not of what still presents it. */
function newsTo(person: Person): string[] {
  return toldTo(person)
    .map(({ text }) => text)
    .filter((text) => !text.includes('still uses'));
}

/** What each of them answers about the value. */
async function verdicts(apps: readonly RunningApp[], value: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${value}` };
  const asked = apps.map(({ port }) => fetch(`http://127.0.0.1:${port}/verify`, { headers }));
  return (await Promise.all(asked)).map(({ status }) => status);
}
