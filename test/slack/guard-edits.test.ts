import { describe, expect, test } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/clock.ts';
import type { TokenId } from '../../src/tokens/token.ts';
import type { Stage } from '../fixture.ts';
import { hears, leakCards, posterTold, setGuard } from './a-guard.ts';
import {
  auditOf,
  callsOf,
  holdsToken,
  idOf,
  modalSaying,
  rowsOf,
  settled,
  soon,
  toldTo,
  verdictsOf,
  withStore,
} from './flows.ts';
import { expectNeverSaid, expectNotKept } from './leaks.ts';

/** What was posted, changed or whispered so far. */
function saidIn({ workspace }: Stage): string[] {
  return ['chat.postMessage', 'chat.update', 'chat.postEphemeral'].flatMap((method) =>
    callsOf(workspace, method).map(({ args }) => `${method} ${JSON.stringify(args)}`),
  );
}

describe('one card a message', () => {
  test('the same event again, by whatever id, has no second effect', async () => {
    const { stage, workspace, alice, bob, carol } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const claims = { channel: 'C0GENERAL01', channel_type: 'channel' };
    const delivery = carol.drafts({ type: 'message', text: value, claims });
    await workspace.delivers(delivery);
    await settled(stage);
    const before = saidIn(stage);

    await workspace.delivers(delivery);
    await Promise.all(
      [1, 2, 3].map((retry) => workspace.delivers({ ...delivery, envelopeId: `again-${retry}` })),
    );
    await workspace.delivers({ ...delivery, payload: { ...delivery.payload, event_id: 'Ev0OTHER001' } });
    await settled(stage);

    expect(saidIn(stage)).toEqual(before);
    expect(leakCards(bob)).toHaveLength(1);
  });

  test('an unfurled link changes nothing, whether the value lives or was ended by then', async () => {
    for (const policy of ['warn', 'revoke'] as const) {
      const { stage, workspace, alice, bob } = await setGuard(policy);
      const { value } = await holdsToken(stage, alice, 'deploy-bot');
      const ts = workspace.post('#general', 'carol', { text: `https://x.org ${value}` });
      await soon(() => expect(leakCards(bob)).toHaveLength(1));
      await settled(stage);
      const before = saidIn(stage);

      await workspace.edits(ts, { attachments: [{ title: 'X', fallback: 'a page' }] });
      await settled(stage);

      expect(saidIn(stage)).toEqual(before);
      expect(leakCards(bob)[0]?.text).not.toContain('no longer holds a value');
    }
  });

  test('a value that is edited in is found, and one that is edited out is said to be gone', async () => {
    const { stage, workspace, alice, bob, carol } = await setGuard('warn');
    const first = await holdsToken(stage, alice, 'first');
    const second = await holdsToken(stage, bob, 'second');
    const ts = workspace.post('#general', 'carol', { text: 'hello' });
    await settled(stage);
    expect(leakCards(bob)).toEqual([]);

    await workspace.edits(ts, { text: `hello ${first.value}` });
    await settled(stage);
    expect(leakCards(bob).map(({ text }) => text.split('\n')[0])).toEqual([
      'first of @alice leaked in #general.',
    ]);

    await workspace.edits(ts, { text: `hello ${first.value} ${second.value}` });
    await settled(stage);
    expect(leakCards(bob).map(({ text }) => text.split('\n')[0])).toEqual(['2 tokens leaked in #general.']);
    expect(posterTold(carol)).toHaveLength(2);

    await workspace.edits(ts, { text: `hello ${second.value}` });
    await settled(stage);
    const [card, ...more] = leakCards(bob);
    expect(more).toEqual([]);
    expect(card?.text).toContain('first of @alice: still works');
    expect(card?.text).not.toContain('no longer holds a value');
    expect(toldTo(alice).map(({ text }) => text.includes('The message no longer holds a value.'))).toEqual([
      true,
    ]);
    expect(toldTo(bob).map(({ text }) => text.includes('The message no longer holds a value.'))).toEqual([
      false,
    ]);

    await workspace.edits(ts, { text: 'hello' });
    await settled(stage);
    expect(leakCards(bob)[0]?.text).toContain('The message no longer holds a value.');
    // Whoever read it before may have it still.
    expect(leakCards(bob)[0]?.buttons).toEqual(['Revoke']);
    expect(posterTold(carol)).toHaveLength(2);
    for (const { value } of [first, second]) expectNeverSaid(value, stage);
  });

  test('with revoke, an edit ends what it brings, and nothing else', async () => {
    const { stage, workspace, alice, bob } = await setGuard('revoke');
    const first = await holdsToken(stage, alice, 'first');
    const second = await holdsToken(stage, alice, 'second');
    const ts = workspace.post('#general', 'carol', { text: first.value });
    await soon(async () => expect(await verdictsOf(stage, first.value)).toEqual([401]));
    await settled(stage);

    await workspace.edits(ts, { text: second.value });
    await settled(stage);

    expect(await verdictsOf(stage, second.value)).toEqual([401]);
    expect(leakCards(bob).map(({ text }) => text.split('\n')[0])).toEqual(['2 tokens leaked in #general.']);
    expect(auditOf(stage).filter(({ actor }) => actor === 'guard')).toHaveLength(2);
  });

  test('an edit that is told before the message it changed has the same end', async () => {
    const { stage, alice, bob, carol } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const ts = '1700000000.000100';
    const changed = { subtype: 'message_changed', hidden: true, ts: '1700000001.000100' };

    await hears(stage, carol, {
      ...changed,
      message: { user: carol.id, ts, text: value },
      previous_message: null,
    });
    await hears(stage, carol, { user: carol.id, ts }, value);

    expect(leakCards(bob)).toHaveLength(1);
    expect(leakCards(bob)[0]?.text).not.toContain('no longer holds a value');
  });

  test('a deleted message leaves the card: whoever read it may have the value', async () => {
    const { stage, workspace, alice, bob } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const ts = workspace.post('#general', 'carol', { text: value });
    await soon(() => expect(leakCards(bob)).toHaveLength(1));
    await settled(stage);
    const before = saidIn(stage);

    await workspace.deletes(ts);
    await settled(stage);

    expect(saidIn(stage)).toEqual(before);
    expect(leakCards(bob)[0]?.buttons).toEqual(['Revoke']);
  });

  test('a card that somebody deleted is not posted again', async () => {
    const { stage, workspace, alice, bob } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const ts = workspace.post('#general', 'carol', { text: value });
    await soon(() => expect(leakCards(bob)).toHaveLength(1));
    await settled(stage);
    await workspace.deletes(leakCards(bob)[0]?.ts ?? '');

    await workspace.edits(ts, { text: 'gone' });
    await settled(stage);

    workspace.expectRefusal('message_not_found');
    expect(leakCards(bob)).toEqual([]);
  });
});

describe('after a restart', () => {
  test('an edit changes the card that stands there', async () => {
    const { stage, workspace, alice, bob } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const ts = workspace.post('#general', 'carol', { text: value });
    await soon(() => expect(leakCards(bob)).toHaveLength(1));
    await settled(stage);

    await stage.restart();
    await workspace.edits(ts, { text: 'never mind' });
    await settled(stage);

    expect(leakCards(bob).map(({ text }) => text.includes('The message no longer holds a value.'))).toEqual([
      true,
    ]);
    await bob.clicks('Revoke', { in: '#oncall' });
    await modalSaying(bob, "Revoke @alice's deploy-bot?");
    await bob.submits();
    await settled(stage);
    expect(leakCards(bob).map(({ buttons }) => buttons)).toEqual([[]]);
  });

  test('what was to end and had not is ended, and what was to be told is told', async () => {
    const { stage, alice, bob, carol } = await setGuard('revoke');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    await stage.app.stop();
    await leavesHalf(stage, idOf(stage, 'deploy-bot'), carol.id);
    await stage.restart();

    await soon(async () => expect(await verdictsOf(stage, value)).toEqual([401]));
    await settled(stage);

    expect(auditOf(stage).at(-1)).toMatchObject({ actor: 'guard', action: 'token.revoked' });
    expect(leakCards(bob)[0]?.text).toContain("It's revoked.");
    expect(toldTo(alice)).toHaveLength(1);
  });

  test('a policy of today does not end what was only warned of yesterday', async () => {
    const { stage, workspace, alice, bob } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const ts = workspace.post('#general', 'carol', { text: value });
    await soon(() => expect(leakCards(bob)).toHaveLength(1));
    await settled(stage);

    await stage.restart({ LEAK_GUARD: 'revoke' });
    await workspace.edits(ts, { text: 'never mind' });
    await settled(stage);

    expect(await verdictsOf(stage, value)).toEqual([200]);
  });
});

test('of a message that was looked at nothing is kept, with a value or without', async () => {
  const { stage, workspace, alice, carol } = await setGuard('revoke');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  const words = 'zwiebelkuchen-rezept-4711';

  await carol.types('#general', `${words} without anything`);
  const ts = workspace.post('#general', 'carol', { text: `${words} with ${value}` });
  await soon(async () => expect(await verdictsOf(stage, value)).toEqual([401]));
  await workspace.edits(ts, { text: `${words} and nothing more` });
  await settled(stage);

  expect(stage.databaseBytes()).not.toContain('zwiebelkuchen');
  expect(stage.log()).not.toContain('zwiebelkuchen');
  expect(JSON.stringify(saidIn(stage))).not.toContain('zwiebelkuchen');
  expectNotKept(value, stage);
  const [leak] = rowsOf(stage, 'select * from leaks');
  expect({ ...leak, cards: null, seen_at: null }).toEqual({
    channel: 'C0GENERAL01',
    ts,
    thread_ts: null,
    place: `channel.person.${carol.id}`,
    reason: 'Leaked in #general',
    policy: 'revoke',
    seen_at: null,
    cards: null,
  });
});

test('what is remembered of a message is forgotten after 90 days', async () => {
  const { stage, workspace, alice, bob } = await setGuard('warn');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  workspace.post('#general', 'carol', { text: value });
  await soon(() => expect(leakCards(bob)).toHaveLength(1));
  await settled(stage);

  await forgetsOld(stage, 90);
  expect(rowsOf(stage, 'select token_id from leaked_tokens')).toHaveLength(1);
  await forgetsOld(stage, 91);
  expect(rowsOf(stage, 'select ts from leaks union all select ts from leaked_tokens')).toEqual([]);

  await bob.clicks('Revoke', { in: '#oncall' });
  await soon(() => expect(bob.reads('#oncall')).toContain('No token found.'));
});

/** The database as a crash leaves it: it is known that the token's value stands in a message, and neither ended nor told. */
async function leavesHalf(stage: Stage, tokenId: string, poster: string): Promise<void> {
  const [secret] = rowsOf(stage, 'select created_at from secrets where token_id = ?', tokenId);
  const leak = {
    channel: 'C0GENERAL01',
    ts: '1700000000.000100',
    threadTs: null,
    place: `channel.person.${poster}`,
    reason: 'Leaked in #general',
    policy: 'revoke',
    seenAt: stage.now(),
  } as const;
  const token = { tokenId: tokenId as TokenId, madeAt: Number(secret?.created_at) };
  await withStore(stage, (store) => store.keepLeak(leak, { live: [token], there: new Set([token.tokenId]) }));
}

/** Tidies as the app does each minute, so many days and a second from now. */
async function forgetsOld(stage: Stage, days: number): Promise<void> {
  await withStore(stage, (store) => store.tidy(stage.now() + days * DAY_MS - (days === 90 ? MINUTE_MS : 0)));
}
