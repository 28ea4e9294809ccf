import { expect, test } from 'vitest';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { leakCards, setGuard } from './a-guard.ts';
import { callsOf, holdsToken, settled, soon, tokenRow, verdictsOf } from './flows.ts';
import { changedAt, variantsOf } from './variants.ts';

/** Without these nobody can know that it is a message, where it stands or what it says. */
const NEEDED = /^(type|event(\.(type|channel|ts|text|subtype|message(\.(ts|text))?))?)$/;

const POSTED = {
  channel: 'C0GENERAL01',
  channel_type: 'channel',
  ts: '1700000000.000100',
  blocks: undefined,
};
const EDITED = {
  ...POSTED,
  subtype: 'message_changed',
  hidden: true,
  text: undefined,
  message: { type: 'message', user: 'U0CAROL0001', ts: POSTED.ts, text: 'VALUE', edited: { ts: '1.1' } },
  previous_message: { type: 'message', user: 'U0CAROL0001', ts: POSTED.ts, text: 'x' },
};

test.for([
  ['a message', 'sockets', POSTED],
  ['an edit', 'http', EDITED],
] as const)(
  '%s, over %s: with each key left out or null it is acknowledged, and what can be found in it is found',
  async ([, deliverBy, claims]) => {
    const { stage, workspace, alice, carol } = await setGuard('revoke', {
      deliverBy,
      env: { TOKENS_PER_PERSON_MAX: '500' },
    });
    const drafted = (value: string) =>
      JSON.parse(
        JSON.stringify(carol.drafts({ type: 'message', text: 'VALUE', claims })).replaceAll('VALUE', value),
      );
    const unacked: string[] = [];
    const found: string[] = [];

    for (const [index, variant] of variantsOf(drafted('x').payload).entries()) {
      const { value } = await holdsToken(stage, alice, `bot ${index}`);
      const full = drafted(value);
      const outcome = await workspace.delivers({ ...full, payload: changedAt(full.payload, variant) });
      if (!outcome.acked) unacked.push(`${variant.path} ${variant.as}`);
      if (!NEEDED.test(variant.path)) found.push(value);
    }
    await settled(stage);

    expect(unacked).toEqual([]);
    expect(new Set(await verdictsOf(stage, ...found))).toEqual(new Set([401]));
    expect(stage.log()).not.toMatch(/"level":"(error|fatal)"/);
    workspace.takeRefusals();
  },
);

test('a channel that the app was taken out of, or that is archived, breaks nothing', async () => {
  const { stage, workspace, alice, bob, carol } = await setGuard('revoke');
  const first = await holdsToken(stage, alice, 'first');
  const claims = { channel: 'C0NOAPP0001', channel_type: 'channel' };

  await carol.forges({ type: 'message', text: first.value, claims });
  await settled(stage);

  expect(await verdictsOf(stage, first.value)).toEqual([401]);
  expect(leakCards(bob)).toHaveLength(1);
  workspace.expectRefusal('not_in_channel');
  // The poster is told in their conversation with the app then.
  expect(carol.sees('@apitoken').map(({ text }) => text.split('\n')[0])).toEqual([
    'Your message holds a token value. It leaked here, so it no longer works.',
  ]);
});

test('a message of another company in a shared channel ends what it holds, and names its poster', async () => {
  const { stage, workspace, alice, bob } = await setGuard('revoke');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  await workspace.person('sam').types('#general', value);
  await settled(stage);

  expect(await verdictsOf(stage, value)).toEqual([401]);
  expect(leakCards(bob)[0]?.text).toContain('Ask @sam or a workspace admin to delete it.');
});

test('a slow Slack keeps no value alive: its channel is not named then', async () => {
  const { stage, workspace, alice, carol } = await setGuard('revoke');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');
  workspace.faults.add({ method: 'conversations.info', delayMs: 900 });
  workspace.faults.add({ method: 'chat.postMessage', status: 429, retryAfter: 1, times: 2 });

  await carol.types('#general', value);
  await soon(async () => expect(await verdictsOf(stage, value)).toEqual([401]));
  await settled(stage);

  expect(tokenRow(stage, 'deploy-bot').revoke_reason).toBe('Leaked in a channel');
  expect(callsOf(workspace, 'conversations.info')).toHaveLength(1);
  workspace.takeRefusals();
});

test('live values in messages are counted once, with the time until they were dead', async () => {
  const { stage, alice, carol } = await setGuard('revoke');
  const { value } = await holdsToken(stage, alice, 'deploy-bot');

  await carol.types('#general', `${value} ${TokenValue.generate('apit').reveal()}`);
  await carol.types('#general', `again ${value}`);
  await settled(stage);

  const metrics = await (await fetch(`http://127.0.0.1:${stage.app.port}/metrics`)).text();
  expect(metrics).toContain('apitoken_leaks_found_total{source="message"} 1');
  expect(metrics).toContain('apitoken_leak_seconds_count 1');
});
