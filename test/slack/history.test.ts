import { expect, test } from 'vitest';
import { DAY_MS } from '../../src/clock.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  answerTo,
  auditOf,
  createsToken,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  receiptOf,
  rotates,
  setStill,
  settled,
  shownBy,
  soon,
  tokenRow,
  withStore,
} from './flows.ts';

test('the history tells a whole life in people’s words, the latest first, and holds no value and no lookup id', async () => {
  const { stage, alice, workspace, clock } = await setStill();
  const bob = workspace.person('bob');
  const values = [await createsToken(alice, 'deploy-bot', { Expires: '7 days' })];
  await settled(stage);
  values.push(await shownBy(alice, () => alice.clicks('Issue new value', { in: '@apitoken' })));
  await soon(() => expect(tokenRow(stage, 'deploy-bot').generation).toBe(1));
  await clock.moveBy(DAY_MS);
  values.push(await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'In 24 hours' }));
  await alice.clicks('End old value now', { in: '@apitoken', confirm: true });
  await settled(stage);
  await answerTo(bob, '/apitoken revoke deploy-bot');
  workspace.faults.add({ method: 'chat.postEphemeral', error: 'restricted_action' });
  await opens(alice, '/apitoken rotate deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'deploy-bot has no new value.');
  await alice.closes();
  await clock.moveTo(T0 + 8 * DAY_MS);
  values.push(await rotates(stage, alice, 'deploy-bot', { Expires: '30 days' }));
  const dave = workspace.person('dave');
  await opens(dave, '/apitoken revoke deploy-bot');
  await dave.fills({ Reason: 'seen in <a> *log*' });
  await dave.submits();
  await modalSaying(dave, 'deploy-bot is revoked.');

  const history = await answerTo(alice, '/apitoken history deploy-bot');

  const { id } = tokenRow(stage, 'deploy-bot');
  expect(history.text.split('\n')).toEqual([
    'History of deploy-bot',
    'Jan 9, 2026 at 12:00 AM UTC · @dave revoked it “seen in <a> *log*”',
    'Jan 9, 2026 at 12:00 AM UTC · @alice renewed it. It expires Feb 8, 2026 at 12:00 AM UTC',
    "Jan 2, 2026 at 12:00 AM UTC · apitoken couldn't show a value. A setting of this workspace blocks apitoken's messages. Ask an admin.",
    "Jan 2, 2026 at 12:00 AM UTC · @bob tried something that they aren't allowed to do with it",
    'Jan 2, 2026 at 12:00 AM UTC · @alice ended the old value',
    'Jan 2, 2026 at 12:00 AM UTC · @alice rotated it. The old value works until Jan 3, 2026 at 12:00 AM UTC at the latest',
    'Jan 1, 2026 at 12:00 AM UTC · @alice was shown a new value. The unused one before it ended',
    'Jan 1, 2026 at 12:00 AM UTC · @alice was shown its value',
    'Jan 1, 2026 at 12:00 AM UTC · @alice created it',
    `Token id ${id}`,
  ]);
  expect(history).toMatchObject({ ephemeral: true, buttons: [] });
  expect(values).toHaveLength(4);
  for (const [, lookupId = '', secret = ''] of values.map((value) => value.split('_'))) {
    expect(JSON.stringify(history)).not.toContain(lookupId);
    expect(JSON.stringify(history)).not.toContain(secret.slice(0, 16));
  }
});

test('a reason and a purpose that were stored before they were refused turn no writing around', async () => {
  const { stage, alice } = await setStill();
  const { id } = await holdsToken(stage, alice, 'deploy-bot', {
    createdAt: T0,
    purpose: 'a\u202eb\u2800\n\x1b[c',
  });
  const reason = 'd\u2067e\u200b f\ng';
  await withStore(stage, (store) =>
    store.revokeTokens([id], { actor: alice.id as never, at: T0, reason, held: false }, { keys: [] }),
  );

  const info = await answerTo(alice, '/apitoken info deploy-bot');
  const history = await answerTo(alice, '/apitoken history deploy-bot');

  expect(info.text).toContain('Purpose: ab [c');
  expect(info.text).toContain('Reason: de f g');
  expect(history.text).toContain('“de f g”');
});

test('a long history has pages, which turn in place, by command and from Home', async () => {
  const { stage, alice } = await setStill();
  const { id } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await withStore(stage, async (store) => {
    for (let hour = 1; hour <= 38; hour++) {
      await store.recordRefusal({
        at: T0 + hour * 3_600_000,
        actor: 'U0BOB000001' as never,
        action: 'action.refused',
        tokenId: id,
        detail: { attempted: 'see', standing: 'member' },
      });
    }
  });

  const { ts, buttons } = await answerTo(alice, '/apitoken history deploy-bot');
  const drawn = () => alice.sees('#general').find((message) => message.ts === ts);
  expect(buttons).toEqual(['Older']);
  expect(drawn()?.text).toContain('Page 1 of 3');
  await alice.clicks('Older', { in: '#general' });
  await soon(() => expect(drawn()?.text).toContain('Page 2 of 3'));
  expect(drawn()?.buttons).toEqual(['Newer', 'Older']);
  await alice.clicks('Older', { in: '#general' });
  await soon(() => expect(drawn()?.text).toContain('Page 3 of 3'));
  expect(drawn()?.text).toContain('@alice created it');
  await alice.clicks('Newer', { in: '#general' });
  await soon(() => expect(drawn()?.text).toContain('Page 2 of 3'));
  expect(alice.sees('#general')).toHaveLength(1);

  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('deploy-bot'));
  await alice.choosesFrom({ in: 'home', near: 'deploy-bot' }, 'History');
  const { id: viewId } = await modalSaying(alice, 'Page 1 of 3');
  await alice.clicks('Older', { in: 'modal' });
  const second = await modalSaying(alice, 'Page 2 of 3');
  expect(second.id).toBe(viewId);
  expect(second.buttons).toEqual(['Newer', 'Older']);
});

test.for([
  ['a member', {}, 'bob', 'No token found.'],
  ['a manager', { MANAGERS: 'U0BOB000001' }, 'bob', 'History of deploy-bot'],
  ['on-call', { ONCALL: 'U0BOB000001' }, 'bob', 'History of deploy-bot'],
  ['an admin', {}, 'dave', 'History of deploy-bot'],
] as const)(
  '%s, asking for the history of somebody else’s token, reads: %4$s',
  async ([, env, handle, text]) => {
    const { stage, alice, workspace } = await setStill(env);
    await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });

    expect((await answerTo(workspace.person(handle), '/apitoken history deploy-bot')).text).toContain(text);
  },
);

test.for([
  ['tok_0000000000000000:1', 'No token found'],
  ['bobs-bot:1', 'No token found'],
  ['BOBS:1', 'No token found'],
  ['MINE:99', 'History of mine'],
  ['MINE:x', 'History of mine'],
  ['', 'No token found'],
] as const)(
  'a page of history made up as "%s" shows nothing that is not one’s own',
  async ([value, text]) => {
    const { stage, alice, workspace } = await setStill();
    const mine = await holdsToken(stage, alice, 'mine', { createdAt: T0 });
    const bobs = await holdsToken(stage, workspace.person('bob'), 'bobs-bot', { createdAt: T0 });
    const { ts } = await answerTo(alice, '/apitoken history mine');

    await alice.forges({
      type: 'block_actions',
      action_id: 'history_older',
      value: value.replace('MINE', mine.id).replace('BOBS', bobs.id),
      from: { message: ts },
    });

    await soon(() => expect(alice.sees('#general').at(-1)).toMatchObject({ edited: true }));
    expect(alice.sees('#general').at(-1)?.text).toContain(text);
  },
);

test.for([
  ['revoked', 'Create again', 'History'],
  ['expired', 'Renew', 'Create again', 'Revoke API Token', 'History'],
  ['active', 'Rotate', 'Revoke API Token', 'History'],
  ['unclaimed', 'Show value', 'Revoke API Token', 'History'],
] as const)(
  'the menu of a token that is %s offers what can be done with it',
  async ([status, ...offered]) => {
    const { stage, alice, clock } = await setStill();
    await holdsInStatus(stage, alice, status, clock);

    await alice.opensHome();
    await soon(() => expect(alice.home()?.text).toContain('My API Tokens'));
    await alice.selects('Show', 'All', { in: 'home' });
    await soon(() => expect(alice.home()?.menus).toEqual([offered]));

    expect((await answerTo(alice, '/apitoken list all')).menus).toEqual([offered]);
  },
);

test.for([['revoked'], ['expired']] as const)(
  'Create again on a token that is %s opens the dialog filled in after it, with a free name, and creates another',
  async ([status]) => {
    const { stage, alice, clock } = await setStill({ SCOPES: 'deploy,read,write' });
    await holdsInStatus(stage, alice, status, clock);
    await holdsToken(stage, alice, 'deploy-bot-2', { createdAt: clock() });
    await answerTo(alice, `/apitoken list ${status}`);

    await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Create again');

    const modal = await modalOf(alice);
    expect(modal.title).toBe('Create API Token');
    expect(modal.inputs.map(({ label, value }) => [label, value])).toEqual([
      ['Token Name', 'deploy-bot-3'],
      ['Purpose', 'the *nightly* build'],
      ['Expires', '90 days'],
      ['Expiry date', undefined],
      ['Scopes', ['deploy', 'write']],
    ]);
    await shownBy(alice, () => alice.submits());
    expect(tokenRow(stage, 'deploy-bot-3')).toMatchObject({ purpose: 'the *nightly* build', generation: 0 });
    await settled(stage);
    expect(receiptOf(alice, 'deploy-bot-3').text).toContain('Status\nactive');
  },
);

test('Create again of somebody else’s token, made up, is refused with an audit event', async () => {
  const { stage, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  const { id } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0, purpose: 'secret plans' });
  const { ts } = await answerTo(bob, '/apitoken list');

  await bob.forges({
    type: 'block_actions',
    action_id: 'token_menu_0',
    action: { type: 'overflow', selected_option: { value: `create_again:${id}:all:1` } },
    from: { message: ts },
  });

  await soon(() => expect(bob.reads('#general')).toContain('No token found.'));
  expect(bob.modal()).toBeUndefined();
  expect(auditOf(stage).at(-1)).toEqual({ actor: bob.id, action: 'action.refused', tokenId: id });
});

/** deploy-bot in a status. */
async function holdsInStatus(
  stage: Still['stage'],
  person: Still['alice'],
  status: 'active' | 'expired' | 'revoked' | 'unclaimed',
  clock: Still['clock'],
): Promise<void> {
  await holdsToken(stage, person, 'deploy-bot', {
    createdAt: T0,
    lifetimeDays: 1,
    purpose: 'the *nightly* build',
    scopes: ['deploy', 'write', 'gone'],
    shown: status !== 'unclaimed',
  });
  if (status === 'expired') await clock.moveBy(DAY_MS);
  if (status === 'revoked') {
    await opens(person, '/apitoken revoke deploy-bot');
    await person.submits();
    await modalSaying(person, 'deploy-bot is revoked.');
    await person.closes();
  }
}

type Still = Awaited<ReturnType<typeof setStill>>;
