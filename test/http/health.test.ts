import { describe, expect, test } from 'vitest';
import { aServer, ask } from './a-server.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

test('/healthz says that the process answers, whatever is broken', async () => {
  const server = await aServer([], {
    store: {
      isReadable: () => Promise.reject(new Error('x')),
      isWritable: () => Promise.reject(new Error('x')),
    },
    slackConnected: () => false,
  });

  const reply = await ask(server.port, '/healthz');

  expect(reply).toMatchObject({
    status: 200,
    body: '{"alive":true}',
    headers: { 'cache-control': 'no-store', 'content-type': JSON_TYPE },
  });
});

describe('/readyz', () => {
  test.for([
    ['200 when all is well', 200, true, true, true],
    ['200 without Slack: verification does not need it', 200, true, true, false],
    ['200 when the store takes no writes: verification does not need them', 200, true, false, true],
    ['503 when the store cannot be read', 503, false, true, true],
    ['503 when nothing works', 503, false, false, false],
  ] as const)('is %s', async ([, status, readable, writable, slack]) => {
    const server = await aServer([], {
      store: { isReadable: async () => readable, isWritable: async () => writable },
      slackConnected: () => slack,
    });

    const reply = await ask(server.port, '/readyz');

    expect(reply).toMatchObject({
      status,
      headers: { 'cache-control': 'no-store', 'content-type': JSON_TYPE },
    });
    expect(JSON.parse(reply.body)).toEqual({
      ready: status === 200,
      readable,
      writable,
      slack,
      draining: false,
    });
  });

  test('does not wait for a database that is busy with something else', async () => {
    const server = await aServer([], { store: { isWritable: () => new Promise(() => {}) } });

    const reply = await ask(server.port, '/readyz');

    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toMatchObject({ ready: true, writable: false });
  });

  test('is 503 with a reference, and nothing else of the fault, when the store throws', async () => {
    const fault = new Error('select 1 from secrets: SQLITE_IOERR /data/x.db');
    const server = await aServer([], { store: { isReadable: () => Promise.reject(fault) } });

    const reply = await ask(server.port, '/readyz');

    expect(reply).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
    });
    const { reference, ...rest } = JSON.parse(reply.body);
    expect(rest).toEqual({ error: 'unavailable' });
    expect(server.lines).toHaveLength(1);
    expect(JSON.parse(server.lines[0] ?? '')).toMatchObject({ level: 'error', reference });
  });
});
