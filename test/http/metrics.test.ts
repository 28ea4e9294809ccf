import { describe, expect, test } from 'vitest';
import { SECOND_MS } from '../../src/clock.ts';
import { countVerification, type RefusalReason } from '../../src/http/metrics.ts';
import type { TokenCounts } from '../../src/tokens/token.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aName, aSecret, sealed, T0 } from '../tokens/a-token.ts';
import { aServer, ask } from './a-server.ts';
import { bearer, post } from './a-service.ts';

const VALUE = TokenValue.generate('apit');
const CALLER = TokenValue.generate('apit');
const COUNTS: TokenCounts = { unclaimed: 1, active: 2, expired: 3, revoked: 4, expiringSoon: 5 };

/** The samples of `/metrics` whose name starts with `apitoken_`, and the type of each metric. */
async function metricsOf(port: number): Promise<{ samples: Record<string, number>; types: string[] }> {
  const { body } = await ask(port, '/metrics');
  const lines = body.split('\n').filter((line) => line.includes('apitoken_'));
  const samples = lines.filter((line) => !line.startsWith('#')).map((line) => line.split(' '));
  return {
    samples: Object.fromEntries(samples.map(([name, value]) => [name, Number(value)])),
    types: lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.slice('# TYPE '.length)),
  };
}

describe('/metrics', () => {
  test('is the text format of Prometheus, with these metrics of ours beside those of the process', async () => {
    const server = await aServer([], { sources: { countTokens: async () => COUNTS } });

    const reply = await ask(server.port, '/metrics');
    const { types } = await metricsOf(server.port);

    expect(reply).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        'cache-control': 'no-store',
      },
    });
    expect(types.sort()).toEqual([
      'apitoken_audit_chain_broken gauge',
      'apitoken_bcrypt_queue_length gauge',
      'apitoken_broken_seals_total counter',
      'apitoken_dropped_connections_total counter',
      'apitoken_github_matches_total counter',
      'apitoken_github_requests_total counter',
      'apitoken_introspections_total counter',
      'apitoken_leak_seconds histogram',
      'apitoken_leaks_found_total counter',
      'apitoken_limited_requests_total counter',
      'apitoken_log_lines_dropped_total counter',
      'apitoken_outbox_length gauge',
      'apitoken_outbox_oldest_age_seconds gauge',
      'apitoken_revocations_by_value_total counter',
      'apitoken_slack_ack_seconds histogram',
      'apitoken_slack_connected gauge',
      'apitoken_tokens gauge',
      'apitoken_tokens_expiring_soon gauge',
      'apitoken_verification_refusals_total counter',
      'apitoken_verification_seconds histogram',
      'apitoken_verifications_total counter',
    ]);
    for (const name of [
      'process_cpu_seconds_total',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_heap_size_used_bytes',
    ])
      expect(reply.body).toMatch(new RegExp(`^${name} \\d`, 'm'));
  });

  test('tells what its sources tell', async () => {
    const server = await aServer([], {
      sources: {
        countTokens: async () => COUNTS,
        waitingSayings: async () => ({ count: 7, sinceAt: T0 + 1 - 90 * SECOND_MS }),
        waitingHashes: () => 8,
        slackConnected: () => false,
        droppedLogLines: () => 6,
      },
    });

    expect((await metricsOf(server.port)).samples).toMatchObject({
      'apitoken_tokens{status="unclaimed"}': 1,
      'apitoken_tokens{status="active"}': 2,
      'apitoken_tokens{status="expired"}': 3,
      'apitoken_tokens{status="revoked"}': 4,
      apitoken_tokens_expiring_soon: 5,
      apitoken_outbox_length: 7,
      apitoken_outbox_oldest_age_seconds: 90,
      apitoken_bcrypt_queue_length: 8,
      apitoken_log_lines_dropped_total: 6,
      apitoken_slack_connected: 0,
    });
  });

  test('has nought for everything before anything happened: what is not there cannot be watched', async () => {
    const server = await aServer();

    const { samples } = await metricsOf(server.port);

    const { apitoken_slack_connected: connected, ...others } = samples;
    expect(connected).toBe(1);
    expect(new Set(Object.values(others))).toEqual(new Set([0]));
    expect(Object.keys(others).filter((name) => name.includes('reason='))).toHaveLength(10);
  });

  test('counts tokens again after 10 s, and once for all who ask meanwhile', async () => {
    let now = T0;
    let counted = 0;
    const server = await aServer([], {
      clock: () => now,
      sources: { countTokens: async () => ({ ...COUNTS, active: ++counted }) },
    });
    const active = async () => (await metricsOf(server.port)).samples['apitoken_tokens{status="active"}'];

    const first = await Promise.all([active(), active(), active()]);
    now += 10 * SECOND_MS - 1;
    const soon = await active();
    now += 1;
    const later = await active();

    expect([...first, soon, later]).toEqual([1, 1, 1, 1, 2]);
  });

  test('is 503 with a reference while the database fails, and well again with it', async () => {
    let isBroken = true;
    const server = await aServer([], {
      sources: {
        countTokens: async () => {
          if (isBroken) throw new Error('select count(*) from tokens: SQLITE_IOERR /data/x.db');
          return COUNTS;
        },
      },
    });

    const broken = await ask(server.port, '/metrics');
    isBroken = false;
    const mended = await ask(server.port, '/metrics');

    expect(broken).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(broken.body).toMatch(/^\{"error":"unavailable","reference":"\w+"\}$/);
    expect(mended.status).toBe(200);
  });

  test('holds the times of acknowledgements by their kind', async () => {
    const server = await aServer();
    server.metrics.acked('command', 0.02);
    server.metrics.acked('command', 2.5);

    const { samples } = await metricsOf(server.port);

    expect(samples).toMatchObject({
      'apitoken_slack_ack_seconds_bucket{le="0.01",kind="command"}': 0,
      'apitoken_slack_ack_seconds_bucket{le="0.025",kind="command"}': 1,
      'apitoken_slack_ack_seconds_bucket{le="3",kind="command"}': 2,
      'apitoken_slack_ack_seconds_count{kind="command"}': 2,
    });
  });
});

describe('a verification is counted', () => {
  const good = aSecret(VALUE, { scopes: ['read'] });
  const BEARER = bearer(VALUE.reveal());

  test.for<readonly [string, string, readonly string[], Partial<typeof good>, RefusalReason | 'allowed']>([
    ['that is allowed', '/verify', BEARER, {}, 'allowed'],
    ['of no credential', '/verify', [], {}, 'no_credential'],
    ['of two credentials', '/verify', [...BEARER, 'Token', 'x'], {}, 'several_credentials'],
    ['of one header twice', '/verify', [...BEARER, ...BEARER], {}, 'several_credentials'],
    ['of a scope that can be none', '/verify?scope=%22', BEARER, {}, 'invalid_scope'],
    ['of a scope that is lacking', '/verify?scope=write', BEARER, {}, 'insufficient_scope'],
    ['of something else', '/verify', ['Token', 'x'], {}, 'malformed'],
    ['of another value', '/verify', BEARER, { lookupId: 'x' }, 'unknown'],
    ['of a wrong secret', '/verify', BEARER, { digest: Buffer.alloc(32) }, 'wrong'],
    ['of a revoked token', '/verify', BEARER, { digest: null }, 'revoked'],
    ['of a value that has ended', '/verify', BEARER, { endsAt: T0 }, 'ended'],
    ['of a value that was not shown', '/verify', BEARER, { shownAt: null, createdAt: 0 }, 'not_shown'],
  ])('%s', async ([, path, headers, fields, counted]) => {
    const server = await aServer([sealed({ ...good, ...fields })]);

    await ask(server.port, path, { headers });

    const { samples } = await metricsOf(server.port);
    const isAllowed = counted === 'allowed';
    const result = isAllowed ? 'allowed' : 'refused';
    expect(samples).toMatchObject({
      [`apitoken_verification_seconds_count{result="${result}"}`]: 1,
      [`apitoken_verification_seconds_bucket{le="+Inf",result="${result}"}`]: 1,
    });
    const above = Object.entries(samples).filter(
      ([name, count]) => /verification.*_total/.test(name) && count > 0,
    );
    expect(Object.fromEntries(above)).toEqual(
      isAllowed
        ? { 'apitoken_verifications_total{result="allowed"}': 1 }
        : {
            'apitoken_verifications_total{result="refused"}': 1,
            [`apitoken_verification_refusals_total{reason="${counted}"}`]: 1,
          },
    );
  });

  test('that could not be answered as neither', async () => {
    const server = await aServer([], { store: { readSecret: () => Promise.reject(new Error('busy')) } });

    await ask(server.port, '/verify', { headers: BEARER });

    const { samples } = await metricsOf(server.port);
    expect(samples).toMatchObject({
      'apitoken_verifications_total{result="allowed"}': 0,
      'apitoken_verifications_total{result="refused"}': 0,
      'apitoken_verifications_total{result="unavailable"}': 1,
      'apitoken_verification_seconds_count{result="unavailable"}': 1,
      'apitoken_verification_seconds_count{result="allowed"}': 0,
    });
  });

  test('not at all where it is no question', async () => {
    const server = await aServer([good]);

    await ask(server.port, '/verify', { method: 'POST', headers: BEARER });

    const { samples } = await metricsOf(server.port);
    const counted = Object.entries(samples).filter(([name]) => /verification/.test(name));
    expect(counted.every(([, count]) => count === 0)).toBe(true);
  });

  test('by how long it took', async () => {
    const server = await aServer();
    const { figures } = server.metrics;
    for (const seconds of [0, 0.00005, 0.000051, 0.02, 2.5, 60]) {
      countVerification(figures, 'allowed', seconds);
    }
    countVerification(figures, 'refused', 0.5);

    const { samples } = await metricsOf(server.port);

    const upTo = (le: string, result = 'allowed') =>
      samples[`apitoken_verification_seconds_bucket{le="${le}",result="${result}"}`];
    expect(['0.00005', '0.0001', '0.01', '0.025', '1', '2.5', '+Inf'].map((le) => upTo(le))).toEqual([
      2, 3, 3, 4, 4, 5, 6,
    ]);
    expect(['0.25', '0.5', '+Inf'].map((le) => upTo(le, 'refused'))).toEqual([0, 1, 1]);
    expect(samples).toMatchObject({
      'apitoken_verification_seconds_count{result="allowed"}': 6,
      'apitoken_verification_seconds_count{result="refused"}': 1,
      'apitoken_verification_seconds_sum{result="refused"}': 0.5,
      'apitoken_verifications_total{result="allowed"}': 6,
    });
    expect(samples['apitoken_verification_seconds_sum{result="allowed"}']).toBeCloseTo(62.520101, 9);
  });
});

test('introspections, killed values and requests too many are counted by their answer', async () => {
  const server = await aServer([aSecret(VALUE), aSecret(CALLER, { scopes: ['introspect'] })]);
  const asker = bearer(CALLER.reveal());

  await post(server.port, '/introspect', `token=${VALUE.reveal()}`, asker);
  for (let i = 0; i < 2; i++) await post(server.port, '/introspect', 'token=x', asker);
  for (let i = 0; i < 31; i++) await post(server.port, '/introspect', 'token=x');
  await post(server.port, '/revoke', `token=${VALUE.reveal()}`);
  for (let i = 0; i < 31; i++) await post(server.port, '/revoke', 'token=x');

  expect((await metricsOf(server.port)).samples).toMatchObject({
    'apitoken_introspections_total{result="active"}': 1,
    'apitoken_introspections_total{result="inactive"}': 2,
    'apitoken_introspections_total{result="refused"}': 31,
    'apitoken_revocations_by_value_total{result="revoked"}': 1,
    'apitoken_revocations_by_value_total{result="not_live"}': 29,
    'apitoken_leaks_found_total{source="http"}': 1,
    'apitoken_leaks_found_total{source="github"}': 0,
    'apitoken_limited_requests_total{path="introspect"}': 1,
    'apitoken_limited_requests_total{path="revoke"}': 2,
  });
});

test('no name, id, address or value gets into the metrics, and no number of strangers makes them longer', async () => {
  const secret = aSecret(VALUE, { name: aName('a-name-to-look-for'), scopes: ['a-scope'] });
  const server = await aServer([secret], { isProxy: () => true });
  const before = (await ask(server.port, '/metrics')).body.split('\n').length;

  for (let i = 0; i < 40; i++) {
    const headers = [...bearer(VALUE.reveal()), 'X-Forwarded-For', `203.0.113.${i}`];
    await ask(server.port, `/verify?scope=scope-${i}`, { method: i % 2 ? 'GET' : 'HEAD', headers });
    await ask(server.port, `/path-${i}`, { method: 'POST', headers });
    await post(server.port, '/revoke', `token=value-${i}`, ['X-Forwarded-For', `203.0.113.${i}`]);
  }

  const { body } = await ask(server.port, '/metrics');
  const lines = body.split('\n').filter((line) => !line.startsWith('nodejs_'));
  expect(body.split('\n').length).toBeLessThan(before + 20);
  expect(lines.join('\n')).not.toMatch(
    new RegExp(`a-name-to-look-for|a-scope|scope-\\d|path-\\d|value-\\d|203\\.0|tok_|U0|${VALUE.lookupId}`),
  );
});
