import { expect, test } from 'vitest';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../src/clock.ts';
import { type Stage, setStage } from './fixture.ts';
import { answerTo, createsToken, holdsToken, rowsOf, setStill, settled, soon } from './slack/flows.ts';
import { T0 } from './tokens/a-token.ts';

/** Our own samples of `/metrics` by their name. */
async function metricsOf(stage: Stage): Promise<Record<string, number>> {
  const reply = await fetch(`http://127.0.0.1:${stage.app.port}/metrics`);
  const lines = (await reply.text()).split('\n').filter((line) => line.startsWith('apitoken_'));
  return Object.fromEntries(
    lines.map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]),
  );
}

test('the metrics follow a token from its creation to its verification, and Slack’s acks by their kind', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  const value = await createsToken(alice, 'deploy-bot');
  await settled(stage);
  await stage.verify(value);
  await stage.verify('apit_x');
  await answerTo(alice, '/apitoken info deploy-bot');

  expect(await metricsOf(stage)).toMatchObject({
    'apitoken_tokens{status="active"}': 1,
    'apitoken_tokens{status="unclaimed"}': 0,
    'apitoken_verifications_total{result="allowed"}': 1,
    'apitoken_verification_refusals_total{reason="malformed"}': 1,
    'apitoken_slack_ack_seconds_count{kind="command"}': 2,
    'apitoken_slack_ack_seconds_count{kind="submission"}': 1,
    apitoken_bcrypt_queue_length: 0,
    apitoken_outbox_length: 0,
    apitoken_outbox_oldest_age_seconds: 0,
    apitoken_slack_connected: 1,
  });
});

test('what Slack does not take is seen waiting, and for how long; a receipt to be drawn later is not', async () => {
  const { stage, alice, clock, workspace } = await setStill();
  await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  await settled(stage);
  expect(await metricsOf(stage)).toMatchObject({ apitoken_outbox_length: 0 });
  expect(rowsOf(stage, "select due_at, attempts from outbox where key like 'receipt:%'")).toEqual([
    { due_at: T0 + 90 * DAY_MS, attempts: 0 },
  ]);

  for (let i = 0; i < 99; i++) workspace.faults.add({ method: 'chat.postMessage', error: 'missing_scope' });
  await holdsToken(stage, alice, 'other-bot', { createdAt: clock(), shown: false });
  await clock.moveBy(3 * SECOND_MS);
  await soon(() =>
    expect(rowsOf(stage, 'select attempts from outbox where attempts > 0').length).toBeGreaterThan(0),
  );
  await clock.moveBy(10 * MINUTE_MS);

  const metrics = await metricsOf(stage);
  expect(metrics.apitoken_outbox_length).toBeGreaterThan(0);
  expect(metrics.apitoken_outbox_oldest_age_seconds).toBeGreaterThan(590);
  expect(metrics['apitoken_tokens{status="unclaimed"}']).toBe(1);
});
