import { describe, expect, test } from 'vitest';
import { leakCards, posterTold, setGuard } from './a-guard.ts';
import {
  auditOf,
  callsOf,
  holdsToken,
  modalSaying,
  rotates,
  settled,
  soon,
  tokenRow,
  toldTo,
  verdictsOf,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

describe('with LEAK_GUARD=warn', () => {
  test('owner, on-call and poster are told what leaked, where, and what to do', async () => {
    const { stage, alice, bob, carol } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');

    await carol.types('#general', `does this work? ${value}`);
    await settled(stage);

    expect(await verdictsOf(stage, value)).toEqual([200]);
    const [card, ...more] = leakCards(bob);
    expect(more).toEqual([]);
    expect(card?.text.split('\n').slice(0, 5)).toEqual([
      'deploy-bot of @alice leaked in #general.',
      'It still works. Everyone who reads the message can use it.',
      'Rotate it and replace it where it is used, or revoke it.',
      'Now delete the message',
      'Ask @carol or a workspace admin to delete it.',
    ]);
    expect(card?.text).toContain('Posted by: @carol · Open the message');
    expect(card?.buttons).toEqual(['Revoke']);
    expect(card?.raw.text).toBe(`deploy-bot of <@${alice.id}> leaked in <#C0GENERAL01>.`);
    const [told] = toldTo(alice);
    expect(told?.text).toContain('Your token deploy-bot leaked in #general.');
    expect(told?.buttons).toEqual(['Rotate', 'Revoke']);
    const [note, ...notes] = posterTold(carol);
    expect(notes).toEqual([]);
    expect(note?.text).toContain(
      'Your message holds a token value that works. Everyone who reads it can use it.',
    );
    expect(note?.buttons).toEqual(['Revoke it']);
    expectNeverSaid(value, stage);
  });

  test('Revoke on the card asks with the reason filled in, and the card then says that it is done', async () => {
    const { stage, alice, bob, carol } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot', { purpose: 'deploys' });
    await carol.types('#general', value);
    await settled(stage);

    await bob.clicks('Revoke', { in: '#oncall' });
    const asked = await modalSaying(bob, "Revoke @alice's deploy-bot? Never used.");
    expect(asked.text).toContain('Purpose: deploys');
    expect(asked.inputs).toMatchObject([{}, { label: 'Reason', value: 'Leaked in #general' }]);
    await bob.submits();
    const done = await modalSaying(bob, 'deploy-bot is revoked.');
    expect(done.text).toContain('Ask @carol or a workspace admin to delete it.');
    await settled(stage);

    expect(await verdictsOf(stage, value)).toEqual([401]);
    expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ revoke_reason: 'Leaked in #general' });
    expect(auditOf(stage).at(-1)).toMatchObject({ actor: bob.id, action: 'token.revoked' });
    const [card, ...more] = leakCards(bob);
    expect(more).toEqual([]);
    expect(card?.text).toContain("It's revoked. Anything using it has stopped working.");
    expect(card?.text).toContain('By: @bob');
    expect(card?.buttons).toEqual([]);
    expect(toldTo(alice).map(({ buttons }) => buttons)).toEqual([[], []]);
  });

  test('of several values the card asks about all that are theirs to revoke', async () => {
    const { stage, alice, bob, carol } = await setGuard('warn');
    const first = await holdsToken(stage, alice, 'first');
    const second = await holdsToken(stage, bob, 'second');
    await carol.types('#general', `${first.value} ${second.value}`);
    await settled(stage);

    await alice.clicks('Revoke', { in: '@apitoken' });
    await modalSaying(alice, 'Revoke your first?');
    await alice.closes();
    await bob.clicks('Revoke', { in: '#oncall' });
    const sheet = await modalSaying(bob, 'second, yours');
    expect(sheet.submit).toBe('Revoke 2 tokens');
    await bob.submits();
    await modalSaying(bob, '2 tokens revoked.');
    await settled(stage);

    expect(leakCards(bob)[0]?.text).toContain('first of @alice: revoked');
    expect(leakCards(bob)[0]?.buttons).toEqual([]);
  });

  test('an old value can be ended by itself from the card', async () => {
    const { stage, alice, bob, carol } = await setGuard('warn');
    const { value: old } = await holdsToken(stage, alice, 'deploy-bot');
    const fresh = await rotates(stage, alice, 'deploy-bot');
    await carol.types('#general', old);
    await settled(stage);
    expect(leakCards(bob)[0]?.text).toMatch(
      /This is the old value\. It works until .*\. The new value didn't leak\./,
    );

    await bob.clicks('Revoke', { in: '#oncall' });
    await modalSaying(bob, 'This is the old value (works until');
    await bob.clicks('End old value only', { in: 'modal' });
    await modalSaying(bob, 'The new value still works.');
    await settled(stage);

    expect(await verdictsOf(stage, old, fresh)).toEqual([401, 200]);
    expect(leakCards(bob)[0]?.text).toContain('The leaked value no longer works. The new value still works.');
    expect(leakCards(bob)[0]?.buttons).toEqual([]);
  });

  test('a rotation that ends the old value now settles the card', async () => {
    const { stage, alice, bob, carol } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    await carol.types('#general', value);
    await settled(stage);

    await rotates(stage, alice, 'deploy-bot', { 'Old value ends': 'Now' });
    await settled(stage);

    expect(leakCards(bob)[0]?.text).toContain('The leaked value no longer works. The new value still works.');
    expect(leakCards(bob)[0]?.buttons).toEqual([]);
  });

  test('whoever may not revoke it is refused in the words for none, with an event', async () => {
    const { stage, alice, carol } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    await carol.types('#general', value);
    await settled(stage);

    await carol.clicks('Revoke', { in: '#oncall' });

    await soon(() => expect(carol.reads('#oncall')).toContain('No token found.'));
    expect(auditOf(stage).at(-1)).toMatchObject({ actor: carol.id, action: 'action.refused' });
  });

  test('whoever posted it may revoke it where they are told, whosever it is', async () => {
    const { stage, alice, carol } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    await carol.types('#general', value);
    await settled(stage);

    await carol.clicks('Revoke it', { in: '#general' });
    await modalSaying(carol, "Revoke @alice's deploy-bot?");
    await carol.fills({ Reason: 'my mistake' });
    await carol.submits();
    await modalSaying(carol, 'deploy-bot is revoked.');

    expect(await verdictsOf(stage, value)).toEqual([401]);
  });

  test.for([
    ['a guest', 'gus'],
    ['somebody of another company', 'sam'],
  ] as const)('%s who posted it is told to delete it, and offered nothing', async ([, handle]) => {
    const { stage, workspace, alice, bob } = await setGuard('warn');
    const poster = workspace.person(handle);
    const { value } = await holdsToken(stage, alice, 'deploy-bot');

    await poster.types('#general', value);
    await settled(stage);

    expect(posterTold(poster).map(({ buttons }) => buttons)).toEqual([[]]);
    expect(posterTold(poster)[0]?.text).not.toContain('deploy-bot');
    expect(leakCards(bob)).toHaveLength(1);
  });

  test('a reply is answered in its thread, and the way to it leads there', async () => {
    const { stage, workspace, alice, bob } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');
    const threadTs = workspace.post('#general', 'bob', { text: 'any news?' });

    const ts = workspace.post('#general', 'carol', { text: value, threadTs });
    await soon(() => expect(leakCards(bob)).toHaveLength(1));
    await settled(stage);

    expect(callsOf(workspace, 'chat.postEphemeral').at(-1)?.args).toMatchObject({ thread_ts: threadTs });
    expect(JSON.stringify(leakCards(bob)[0]?.raw.blocks)).toContain(
      `https://sandbox.slack.com/archives/C0GENERAL01/p${ts.replace('.', '')}?thread_ts=${threadTs}`,
    );
  });

  test('a bot’s message is nobody’s to be told of, and on-call is told who can delete it', async () => {
    const { stage, workspace, alice, bob } = await setGuard('warn');
    const { value } = await holdsToken(stage, alice, 'deploy-bot');

    workspace.post('#general', 'buildbot', { text: 'build 7', attachments: [{ text: value }] });
    await soon(() => expect(leakCards(bob)).toHaveLength(1));
    await settled(stage);

    expect(callsOf(workspace, 'chat.postEphemeral')).toEqual([]);
    expect(leakCards(bob)[0]?.text).toContain('Ask a workspace admin to delete it.');
  });
});

describe('whoever is on call is told', () => {
  test.for([
    ['no channel is set', { LEAK_CHANNEL: '' }, undefined],
    ['the app is not in the channel', { LEAK_CHANNEL: 'C0NOAPP0001' }, 'not_in_channel'],
    ['there is no such channel', { LEAK_CHANNEL: 'C0GONE00001' }, 'channel_not_found'],
  ] as const)('each in their direct messages where %s', async ([, env, refusal]) => {
    const { stage, workspace, alice, bob, carol } = await setGuard('warn', {
      env: { ONCALL: 'S0ONCALL001,U0CAROL0001', ...env },
    });
    const { value } = await holdsToken(stage, alice, 'deploy-bot');

    await alice.types('#general', value);
    await settled(stage);

    for (const person of [bob, carol]) {
      expect(leakCards(person, '@apitoken').map(({ buttons }) => buttons)).toEqual([['Revoke']]);
    }
    if (refusal !== undefined) workspace.expectRefusal(refusal);
    await bob.clicks('Revoke', { in: '@apitoken' });
    await modalSaying(bob, "Revoke @alice's deploy-bot?");
    await bob.submits();
    await settled(stage);
    expect(leakCards(carol, '@apitoken').map(({ buttons }) => buttons)).toEqual([[]]);
  });

  test('and where nobody is, the log says so and the owner is told all the same', async () => {
    const { stage, alice } = await setGuard('warn', { env: { LEAK_CHANNEL: '', ONCALL: '' } });
    const { value } = await holdsToken(stage, alice, 'deploy-bot');

    await alice.types('#general', value);
    await settled(stage);

    expect(stage.log()).toContain('nobody on call could be told of a leak');
    expect(toldTo(alice)).toHaveLength(1);
  });
});

test('where Slack does not say what a channel is called, its name stands where Slack draws it and not in the reason', async () => {
  const { stage, workspace, alice, bob, carol } = await setGuard('revoke');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  workspace.faults.add({ method: 'conversations.info', status: 500 });

  await carol.types('#general', value);
  await settled(stage);

  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ revoke_reason: 'Leaked in a channel' });
  expect(leakCards(bob)[0]?.text).toContain('leaked in #general.');
});
