import { spawn } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStore } from '../../../src/store/store.ts';
import { freePort } from '../../gateways/a-gateway.ts';
import { PATIENT } from '../../patience.ts';
import { hasProgram, placeOf } from '../../programs.ts';
import { aDatabaseWithTables, administer } from '../fixtures/a-postgres.ts';
import { aFolder, PEPPER } from '../fixtures/temp-store.ts';
import {
  aDelivery,
  anEffect,
  aShownValue,
  aStoredToken,
  aToken,
  BY_ANN,
  LIMITS,
  NOW,
  verdictOn,
} from '../fixtures/tokens.ts';

/** Fewer connections than any store would open by itself. */
const SERVER_CONNECTIONS = 2;

/** The database behind a PgBouncer in transaction mode: each transaction may get another connection. */
async function aPooled(url: string): Promise<string> {
  const folder = aFolder();
  chmodSync(folder, 0o755);
  const port = await freePort();
  const server = new URL(url);
  const users = join(folder, 'users.txt');
  const settings = join(folder, 'pgbouncer.ini');
  writeFileSync(users, '"postgres" ""\n');
  writeFileSync(
    settings,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${SERVER_CONNECTIONS}
max_client_conn = 100
`,
  );
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const pooler = spawn(placeOf('pgbouncer'), [...user, settings], { stdio: 'ignore' });
  const ended = new Promise((done) => void pooler.once('exit', done));
  onTestFinished(async () => {
    pooler.kill('SIGKILL');
    await ended;
  });
  await expect.poll(() => answers(port), PATIENT).toBe(true);
  server.port = String(port);
  return server.href;
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

test.runIf(hasProgram('pgbouncer'))(
  'behind PgBouncer in transaction mode two stores work with prepare=false, over fewer connections than they open',
  async () => {
    const url = await aDatabaseWithTables();
    const pooled = `${await aPooled(url)}?prepare=false`;
    const [one, other] = await Promise.all([1, 2].map(() => openStore({ url: pooled, pepper: PEPPER })));
    if (one === undefined || other === undefined) throw new Error('there are two');
    onTestFinished(async () => void (await Promise.all([one.close(), other.close()])));

    const tokens = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const store = i % 2 === 0 ? one : other;
        const token = await aStoredToken(store);
        const { value } = await aShownValue(store, token);
        return { token, value };
      }),
    );
    const before = await Promise.all(tokens.map(({ value }) => verdictOn(one, value, NOW)));
    for (const { token } of tokens.slice(0, 10)) await one.revokeTokens([token.id], BY_ANN, aDelivery());
    const after = await Promise.all(tokens.map(({ value }) => verdictOn(other, value, NOW)));

    expect(before.map(({ kind }) => kind)).toEqual(Array(20).fill('good'));
    expect(after.map(({ kind }) => kind === 'good')).toEqual([
      ...Array(10).fill(false),
      ...Array(10).fill(true),
    ]);
    const left = await administer(url, 'select count(*)::int as n from audit_events');
    expect(left.rows[0].n).toBeGreaterThanOrEqual(30);
  },
);

test.runIf(hasProgram('pgbouncer'))(
  'no name that was taken once is given again by way of the pooler',
  async () => {
    const url = await aDatabaseWithTables();
    const pooled = `${await aPooled(url)}?prepare=false`;
    const stores = await Promise.all([1, 2].map(() => openStore({ url: pooled, pepper: PEPPER })));
    onTestFinished(async () => void (await Promise.all(stores.map((store) => store.close()))));

    const outcomes = await Promise.all(
      stores.flatMap((store) =>
        Array.from({ length: 10 }, () => {
          const token = aToken({ name: 'deploy' as never });
          return store.insertToken(token, LIMITS, anEffect(token.id));
        }),
      ),
    );

    expect(outcomes.filter(({ kind }) => kind === 'inserted')).toHaveLength(1);
  },
);

test.runIf(hasProgram('pgbouncer'))(
  'without prepare=false a start behind it is refused with what to do',
  async () => {
    const pooled = await aPooled(await aDatabaseWithTables());

    await expect(openStore({ url: pooled, pepper: PEPPER })).rejects.toMatchObject({
      code: 'cannot_open',
      message: expect.stringMatching(
        /behind a pooler that takes no settings \(08P01\)\. Add prepare=false to DATABASE_URL\.$/,
      ),
    });
  },
);
