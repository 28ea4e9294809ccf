import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/clock.ts';
import {
  revokedByOtherMessage,
  revokedOfCreatedMessage,
  severalRevokedMessage,
} from '../../src/slack/notices/news-blocks.ts';
import { receiptMessage } from '../../src/slack/notices/receipt-blocks.ts';
import { killCardMessage, sharedCardMessage } from '../../src/slack/revoke/card-blocks.ts';
import type { PersonId } from '../../src/tokens/token.ts';
import { setStage } from '../fixture.ts';
import { ANN, aToken, BOB, T0 } from '../tokens/a-token.ts';
import {
  actionsOf,
  answerIn,
  answerTo,
  holdsToken,
  modalOf,
  modalSaying,
  opens,
  rowsOf,
  setStill,
  settled,
  soon,
  verdictsOf,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const NOT_FOUND = 'No token found. Type /apitoken list all to see yours.';
const PERSON_ONLY = 'Only on-call and admins can use /apitoken revoke @person.';
/** Of a card for whoever could have ended its token; what shares it comes after them. */
const BUTTONS = ['Refresh', 'It has stopped', 'Copy timeline'];
const ONCALL = { ONCALL: 'U0CAROL0001' };

test('the card tells what, whose, by whom, when, the last use, and what was tried since', async () => {
  const { stage, clock, alice, workspace } = await setStill(ONCALL);
  const carol = workspace.person('carol');
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await verdictsOf(stage, value);
  await stage.restart();
  await clock.moveBy(HOUR_MS);
  await revokes(carol, 'deploy-bot', '#oncall');
  const card = () => carol.modal();
  const FACTS =
    'Owner: @alice · Date Revoked: Jan 1, 2026 at 1:00 AM UTC · By: @carol · Last used: Jan 1, 2026 at 12:00 AM UTC · Refused since: ';
  expect(card()?.text.split('\n')).toEqual([
    'deploy-bot is revoked. Anything using it has stopped working.',
    `${FACTS}0 times`,
    'Reason: leaked',
  ]);
  expect(card()?.buttons).toEqual([...BUTTONS, 'Share to channel']);

  await verdictsOf(stage, value, value);
  await clock.moveBy(5 * MINUTE_MS);
  await carol.clicks('Refresh', { in: 'modal' });

  await soon(() => expect(card()?.text).toContain(`${FACTS}2 times, last 5 minutes ago`));
  expect(carol.sees('#oncall')).toEqual([]);
  await settled(stage);
  expectNeverSaid(value, stage);
});

test('tries since are no uses, and info counts them as refused', async () => {
  const { stage, alice, workspace } = await setStill(ONCALL);
  const { id, value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await revokes(workspace.person('carol'), 'deploy-bot');
  await verdictsOf(stage, value);
  await stage.restart();
  await settled(stage);

  const info = await answerIn(alice, '#general', () => alice.types('#general', `/apitoken info ${id}`));
  expect(info.text).toContain('Uses\n0\nRefused\n1');
});

test('the card is shared once it is confirmed, with who shared it and without buttons, and then says so', async () => {
  const stage = await setStage({ env: ONCALL });
  const [bob, carol] = [stage.workspace.person('bob'), stage.workspace.person('carol')];
  const { id, value } = await holdsToken(stage, stage.workspace.person('alice'), '<!channel> *bot*');
  await revokes(carol, '<!channel> *bot*', '#oncall');

  expect(carol.confirmation('Share to channel', { in: 'modal' })).toMatchObject({
    title: 'Share to channel?',
    text: expect.stringContaining('Everyone in this conversation sees'),
  });
  await carol.clicks('Share to channel', { in: 'modal', confirm: 'deny' });
  expect(bob.sees('#oncall')).toEqual([]);
  await carol.clicks('Share to channel', { in: 'modal' });
  await soon(() => expect(bob.sees('#oncall')).toHaveLength(1));
  await soon(() => expect(carol.modal()?.buttons).toEqual([...BUTTONS, 'Shared to #oncall']));
  await carol.redelivers();
  await carol.clicks('Refresh', { in: 'modal' });
  await settled(stage);
  expect(carol.modal()?.buttons).toEqual([...BUTTONS, 'Shared to #oncall']);
  await carol.clicks('Shared to #oncall', { in: 'modal' });
  await modalSaying(carol, "It's already shared to #oncall.");
  await settled(stage);

  const [shared, ...more] = bob.sees('#oncall');
  expect(more).toEqual([]);
  expect(shared).toMatchObject({ ephemeral: false, buttons: [] });
  expect(shared?.text).toContain('<!channel> *bot* is revoked.\nOwner: @alice');
  expect(shared?.text).toContain('Shared by @carol');
  expect(shared?.raw.text).toBe('&lt;!channel&gt; *bot* is revoked.');
  const events = rowsOf(stage, "select * from audit_events where action like 'card.%' order by sequence");
  expect(events.map(({ action }) => action)).toEqual(['card.share_asked', 'card.shared']);
  for (const event of events) {
    expect(JSON.parse(String(event.detail))).toEqual({
      channel: expect.stringMatching(/^C[0-9A-Z]+$/),
      tokens: 1,
      ids: id,
    });
  }
  expectNeverSaid(value, stage);
});

test('two presses of Share at once share the card once, and the second is told so', async () => {
  const stage = await setStage({ env: ONCALL });
  const [bob, carol] = [stage.workspace.person('bob'), stage.workspace.person('carol')];
  const { id } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  await revokes(carol, 'deploy-bot', '#oncall');
  const { id: view } = await modalOf(carol);
  const press = () =>
    carol.forges({
      type: 'block_actions',
      action_id: 'share_card',
      value: `alone:${id}`,
      from: { view },
    });

  await Promise.all([press(), press()]);

  await modalSaying(carol, "It's already shared to #oncall.");
  await settled(stage);
  expect(bob.sees('#oncall')).toHaveLength(1);
});

test('where the app knows no name of the place, the card says that it is shared to this channel', async () => {
  const stage = await setStage({ env: ONCALL });
  const carol = stage.workspace.person('carol');
  await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  await revokes(carol, 'deploy-bot', '@apitoken');

  await carol.clicks('Share to channel', { in: 'modal' });

  await soon(() => expect(carol.modal()?.buttons).toEqual([...BUTTONS, 'Shared to this channel']));
});

test('what a dialog cannot say any longer, since it was closed, is said where it was opened, and shared from there', async () => {
  const stage = await setStage({ env: ONCALL });
  const [bob, carol] = [stage.workspace.person('bob'), stage.workspace.person('carol')];
  const { value } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  await opens(carol, '/apitoken revoke deploy-bot', '#oncall');
  await carol.fills({ Reason: 'leaked' });
  const locked = stage.look();
  locked.exec('begin immediate');
  await carol.submits();
  await modalSaying(carol, 'being revoked');
  await carol.closes();
  locked.exec('commit');

  const card = await soon(() => {
    const [found] = carol.sees('#oncall');
    if (found === undefined) throw new Error('no card');
    return found;
  });
  stage.workspace.expectRefusal('not_found');
  expect(card).toMatchObject({ ephemeral: true, buttons: [...BUTTONS, 'Share to channel'] });
  expect(card.text).toContain('deploy-bot is revoked.');
  expect(await verdictsOf(stage, value)).toEqual([401]);
  await carol.clicks('Share to channel', { in: '#oncall' });
  await soon(() => expect(bob.sees('#oncall')).toHaveLength(1));
  await soon(() =>
    expect(carol.sees('#oncall').find(({ ephemeral }) => ephemeral)?.buttons).toEqual([
      ...BUTTONS,
      'Shared to #oncall',
    ]),
  );
});

test('a token that is revoked from Home has a card in its dialog that cannot be shared, since nobody else is there', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  await holdsToken(stage, alice, 'deploy-bot');
  await alice.opensHome();
  await soon(() => expect(alice.home()?.text).toContain('deploy-bot'));
  await alice.choosesFrom({ in: 'home', near: 'deploy-bot' }, 'Revoke API Token');
  await modalSaying(alice, 'Revoke your deploy-bot?');
  await alice.submits();

  expect((await modalSaying(alice, 'deploy-bot is revoked.')).buttons).toEqual(BUTTONS);
});

test.for([
  ['Refresh of a card', 'refresh_card', 'alone:ID', NOT_FOUND],
  ['Share of a card', 'share_card', 'alone:ID', NOT_FOUND],
  ['It has stopped, of a card', 'card_stopped', 'alone:ID', NOT_FOUND],
  ['Copy timeline of a card', 'card_timeline', 'alone:ID', NOT_FOUND],
  ['It has stopped, of no card', 'card_stopped', 'alone:', NOT_FOUND],
  ['Copy timeline of no card', 'card_timeline', 'everything', NOT_FOUND],
  ['Refresh of no card', 'refresh_card', 'garbage', NOT_FOUND],
  ['Share of no card', 'share_card', 'alone:rm -rf', NOT_FOUND],
  ['the tokens of a person', 'revoke_person', 'U0ALICE0001', PERSON_ONLY],
  ['the tokens of nobody', 'revoke_person', '<!channel>', NOT_FOUND],
] as const)(
  '%s, forged by somebody who may not see it, is refused and noted',
  async ([, action_id, given, sentence]) => {
    const stage = await setStage({ env: ONCALL });
    const bob = stage.workspace.person('bob');
    const { id } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
    await revokes(stage.workspace.person('carol'), 'deploy-bot');
    await settled(stage);
    const { ts: message } = await answerTo(bob, '/apitoken help', '#oncall');

    const answer = await answerIn(bob, '#oncall', async () => {
      await bob.forges({
        type: 'block_actions',
        action_id,
        block_id: 'card:0',
        value: given.replace('ID', id),
        from: { message },
      });
    });

    expect(answer).toMatchObject({ text: sentence, ephemeral: true });
    expect(actionsOf(stage).at(-1)).toBe('action.refused');
    expect(stage.workspace.person('alice').sees('#oncall')).toEqual([]);
  },
);

test('a card of a token that is not revoked is not there, whoever asks', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { id } = await holdsToken(stage, alice, 'deploy-bot');
  const { ts: message } = await answerTo(alice, '/apitoken help');

  const answer = await answerIn(alice, '#general', async () => {
    await alice.forges({
      type: 'block_actions',
      action_id: 'share_card',
      block_id: 'card:0',
      value: `alone:${id}`,
      from: { message },
    });
  });

  expect(answer.text).toBe(NOT_FOUND);
});

test('a revocation stands though Slack does not take the list that it was asked for from', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  await answerTo(alice, '/apitoken list');
  await alice.choosesFrom({ in: '#general', near: 'deploy-bot' }, 'Revoke API Token');
  await modalOf(alice);
  stage.workspace.faults.add({ url: 'response_url', status: 500 });
  await alice.submits();
  await soon(() => expect(stage.log()).toContain('could not be drawn again'));

  expect((await modalOf(alice)).text).toContain('deploy-bot is revoked.');
  expect(await verdictsOf(stage, value)).toEqual([401]);
});

test('half an hour later the dialog still becomes the card, which is then told nowhere else', async () => {
  const { stage, clock, alice, workspace } = await setStill(ONCALL);
  const carol = workspace.person('carol');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(carol, '/apitoken revoke deploy-bot');
  await carol.fills({ Reason: 'leaked' });
  // By then the place is noted.
  await answerTo(alice, '/apitoken help', '#oncall');
  await clock.moveBy(30 * MINUTE_MS);
  await carol.submits();

  expect((await modalSaying(carol, 'deploy-bot is revoked.')).buttons).toEqual(BUTTONS);
  await settled(stage);
  expect(carol.sees('#general')).toEqual([]);
});

test('what is said to have stopped is on record and off the lists, once, until something uses it again', async () => {
  const { stage, clock, alice, workspace } = await setStill(ONCALL);
  const carol = workspace.person('carol');
  const { value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await revokes(carol, 'deploy-bot', '#oncall');
  await verdictsOf(stage, value);
  const standing = async () => (await answerTo(carol, '/apitoken status revoked')).text;
  await carol.clicks('Refresh', { in: 'modal' });
  await modalSaying(carol, 'Refused since: once');
  expect(await standing()).toContain('still presented');
  await clock.moveBy(MINUTE_MS);

  await carol.clicks('It has stopped', { in: 'modal' });
  await modalSaying(carol, '@carol said that it has stopped: Jan 1, 2026 at 12:01 AM UTC');
  await carol.redelivers();
  await settled(stage);

  expect(carol.modal()?.buttons).toEqual(['Refresh', 'Copy timeline', 'Share to channel']);
  expect(carol.modal()?.text).not.toContain('again since');
  expect(await standing()).not.toContain('still presented');
  expect(actionsOf(stage).filter((action) => action === 'incident.closed')).toHaveLength(1);
  expect((await answerTo(alice, '/apitoken history deploy-bot')).text).toContain(
    '@carol said that nothing uses it now',
  );

  await clock.moveBy(MINUTE_MS);
  await verdictsOf(stage, value);
  await carol.clicks('Refresh', { in: 'modal' });
  await modalSaying(carol, 'Something used it again since.');
  expect(carol.modal()?.buttons).toEqual([...BUTTONS, 'Share to channel']);
  expect(await standing()).toContain('still presented');
  await clock.moveBy(MINUTE_MS);
  await carol.clicks('It has stopped', { in: 'modal' });
  await soon(() => expect(carol.modal()?.text).toContain('it has stopped: Jan 1, 2026 at 12:03 AM UTC'));
  expect(carol.modal()?.text).not.toContain('again since');
});

test('a timeline tells who did what when, as text in UTC that can be copied, and nothing secret', async () => {
  const { stage, clock, alice, workspace } = await setStill(ONCALL);
  const carol = workspace.person('carol');
  const { value } = await holdsToken(stage, alice, '*bot* <!here>', { createdAt: T0 });
  await verdictsOf(stage, value);
  await clock.moveBy(HOUR_MS);
  await revokes(carol, '*bot* <!here>', '#oncall');
  await clock.moveBy(MINUTE_MS);
  await verdictsOf(stage, value, value);
  await clock.moveBy(MINUTE_MS);
  await carol.clicks('It has stopped', { in: 'modal' });
  await modalSaying(carol, '@carol said that it has stopped');

  await carol.clicks('Copy timeline', { in: 'modal' });

  const timeline = await modalSaying(carol, 'Copy this timeline to your incident channel.');
  const of = (time: string, deed: string) =>
    `Jan 1, 2026 at ${time} AM UTC · *bot* <!here> of @alice: ${deed}`;
  const lines = timeline.text.split('\n').map((line) => line.replace(/^• /, ''));
  expect(lines.filter((line) => line.includes('UTC'))).toEqual([
    expect.stringContaining('@alice created it'),
    expect.stringContaining('@alice was shown its value'),
    of('12:00', 'used for the last time'),
    of('1:00', '@carol revoked it (leaked)'),
    of('1:01', 'refused 2 times since it was revoked, the last time here'),
    of('1:02', '@carol said that nothing uses it now'),
  ]);
  await carol.closes();
  await settled(stage);
  expectNeverSaid(value, stage);
});

test('whoever ended a token that they only held hears of it from its end on, and cannot say that it has stopped', async () => {
  const { stage, alice, workspace } = await setStill();
  const bob = workspace.person('bob');
  const { id, value } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await opens(bob, `/apitoken revoke ${value}`, '#oncall');
  await bob.fills({ Reason: 'found it' });
  await bob.submits();
  const { id: view } = await modalSaying(bob, 'deploy-bot is revoked.');
  expect(bob.modal()?.buttons).toEqual(['Refresh', 'Copy timeline', 'Share to channel']);

  await bob.clicks('Copy timeline', { in: 'modal' });
  const timeline = await modalSaying(bob, 'Copy this timeline');
  expect(timeline.text).toContain('@bob revoked it, holding its value (found it)');
  expect(timeline.text).not.toContain('created it');
  await bob.forges({
    type: 'block_actions',
    action_id: 'card_stopped',
    value: `alone:${id}`,
    from: { view },
  });
  await settled(stage);

  expect(actionsOf(stage)).not.toContain('incident.closed');
  expect(actionsOf(stage).at(-1)).toBe('action.refused');
});

test('a card of tokens that different people ended says of each by whom and when', async () => {
  const { stage, clock, alice, workspace } = await setStill(ONCALL);
  const [bob, carol] = [workspace.person('bob'), workspace.person('carol')];
  const first = await holdsToken(stage, alice, 'first', { createdAt: T0 });
  await holdsToken(stage, alice, 'second', { createdAt: T0 });
  await opens(carol, '/apitoken revoke @alice', '#oncall');
  await opens(bob, `/apitoken revoke ${first.value}`);
  await bob.fills({ Reason: 'found it' });
  await bob.submits();
  await modalSaying(bob, 'first is revoked.');
  await clock.moveBy(20 * MINUTE_MS);

  await carol.fills({ Reason: 'leaked' });
  await carol.submits();

  const card = await modalSaying(carol, '2 tokens revoked.');
  expect(card.text).toContain('first of @alice, never used, revoked by @bob Jan 1, 2026 at 12:00 AM UTC');
  expect(card.text).toContain('second of @alice, never used, revoked by @carol Jan 1, 2026 at 12:20 AM UTC');
});

test.for(['system', 'holder', 'cli:ops'] as const)(
  '%s is named in words, and not as a person of Slack',
  (doer) => {
    const revoked = (fields: object = {}) =>
      aToken({
        createdBy: BOB,
        revokedAt: T0,
        revokedBy: doer as PersonId,
        revokeReason: 'leaked',
        ...fields,
      });
    const both = [revoked(), revoked({ revokedAt: T0 + 1 })];
    const card = {
      tokens: both,
      tries: new Map(),
      inMessage: undefined,
      reader: ANN,
      mayClose: false,
      now: T0 + 2,
    };
    const messages = [
      revokedByOtherMessage(revoked()),
      revokedOfCreatedMessage(revoked()),
      severalRevokedMessage(both, ANN),
      severalRevokedMessage(both, BOB),
      killCardMessage(card, { kind: 'none' }),
      sharedCardMessage(card, BOB),
      receiptMessage(revoked(), { liveValues: [], hasLiveSecret: false, notShownReason: undefined }, T0 + 2),
    ];
    const words = {
      system: 'apitoken',
      holder: /somebody who held its value/i,
      'cli:ops': /an operator \(ops\)/i,
    };

    for (const message of messages) {
      const drawn = JSON.stringify(message);
      expect(drawn).toMatch(words[doer]);
      expect(drawn).not.toContain(`"user_id":"${doer}"`);
      expect(drawn).not.toContain(`<@${doer}>`);
    }
  },
);

test('who ended a token and may not see it otherwise has its card for half an hour', async () => {
  const { stage, clock, alice, workspace } = await setStill();
  const dave = workspace.person('dave');
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await revokes(dave, 'deploy-bot', '#oncall');
  await workspace.setPerson('dave', { is_admin: false });

  await clock.moveBy(30 * MINUTE_MS - 1);
  await dave.clicks('Refresh', { in: 'modal' });
  await soon(() => expect(dave.modal()?.text).toContain('deploy-bot is revoked.'));
  expect(actionsOf(stage)).not.toContain('action.refused');
  await clock.moveBy(1);
  await dave.clicks('Refresh', { in: 'modal' });

  await modalSaying(dave, 'No token found');
  expect(actionsOf(stage).at(-1)).toBe('action.refused');
});

test('nobody shares a card where somebody else opened a dialog', async () => {
  const stage = await setStage({ env: ONCALL });
  const [bob, carol] = [stage.workspace.person('bob'), stage.workspace.person('carol')];
  const { id: tokenId } = await holdsToken(stage, bob, 'bobs-bot');
  await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
  await revokes(bob, 'bobs-bot');
  const { id: view } = await opens(carol, '/apitoken revoke deploy-bot', '#oncall');

  await bob.forges({
    type: 'block_actions',
    action_id: 'share_card',
    value: `alone:${tokenId}`,
    from: { view },
  });
  await settled(stage);

  expect(actionsOf(stage)).not.toContain('card.shared');
  expect(carol.sees('#oncall')).toEqual([]);
});

async function revokes(person: Person, name: string, place = '#general'): Promise<void> {
  await opens(person, `/apitoken revoke ${name}`, place);
  await person.fills({ Reason: 'leaked' });
  await person.submits();
  await modalSaying(person, `${name} is revoked.`);
}

test.for([
  [
    'refuses',
    { error: 'channel_not_found' },
    'channel_not_found',
    "couldn't share its revocation to a channel: Slack refused",
  ],
  ['does not answer', { drop: 'after' as const }, 'no_answer', 'may have shared its revocation to a channel'],
] as const)(
  'of a card that Slack %s, the history says so, and that it was asked for',
  async ([, fault, code, told]) => {
    const stage = await setStage({ env: ONCALL });
    const carol = stage.workspace.person('carol');
    const { id } = await holdsToken(stage, stage.workspace.person('alice'), 'deploy-bot');
    await revokes(carol, 'deploy-bot', '#oncall');
    stage.workspace.faults.add({ url: 'response_url', ...fault });

    await carol.clicks('Share to channel', { in: 'modal' });
    await soon(() => expect(actionsOf(stage)).toContain('card.share_failed'));

    const rows = rowsOf(stage, "select detail from audit_events where action = 'card.share_failed'");
    expect(rows.map(({ detail }) => JSON.parse(String(detail)))).toEqual([
      { channel: expect.any(String), tokens: 1, ids: id, code },
    ]);
    expect(actionsOf(stage)).not.toContain('card.shared');
    const history = await answerTo(carol, '/apitoken history deploy-bot');
    expect(history.text).toContain(told);
    expect(history.text).toContain('asked to share its revocation to a channel');
  },
);
