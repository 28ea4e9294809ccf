import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { setStage } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { holdsToken, modalSaying, opens, soon } from '../slack/flows.ts';
import { aClient, aDatabaseWithTables, administer } from '../store/fixtures/a-postgres.ts';

test('while PostgreSQL is away nothing untrue is answered, people are told, and it comes back by itself', async () => {
  const { stage, value, way } = await aScene();
  const alice = stage.workspace.person('alice');
  expect((await stage.verify(value)).status).toBe(200);

  await way.close();

  await soon(async () => expect((await stage.verify(value)).status).toBe(503));
  expect((await fetch(`http://127.0.0.1:${stage.app.port}/readyz`)).status).toBe(503);
  await alice.types('#general', '/apitoken list');
  await soon(() => expect(lastText(alice)).toMatch(/Reference \w+/));
  await way.open();
  await vi.waitFor(async () => expect((await stage.verify(value)).status).toBe(200), PATIENT);
  await alice.types('#general', '/apitoken list');
  await soon(() => expect(lastText(alice)).toContain('deploy-bot'));
});

test('connections that are cut are opened anew: a verification is right, or 503 once', async () => {
  const { stage, value, url } = await aScene();
  const answers: number[] = [];

  for (let cut = 0; cut < 5; cut++) {
    await administer(
      url,
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'apitoken' and datname = current_database()",
    );
    for (let asked = 0; asked < 4; asked++) answers.push((await stage.verify(value)).status);
  }

  expect(answers.filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect(answers.filter((status) => status === 503).length).toBeLessThanOrEqual(5);
  expect(answers.at(-1)).toBe(200);
  const alice = stage.workspace.person('alice');
  await opens(alice, '/apitoken revoke deploy-bot');
  await alice.submits();
  await modalSaying(alice, 'is revoked');
  expect((await stage.verify(value)).status).toBe(401);
});

test('a lock that somebody holds on the tokens stops no verification, and nothing is lost by it', async () => {
  const { stage, value, url } = await aScene();
  const alice = stage.workspace.person('alice');
  await opens(alice, '/apitoken revoke deploy-bot');
  const holder = await aClient(url);
  await holder.query('begin; lock table tokens in access exclusive mode');

  await alice.submits();

  for (let asked = 0; asked < 5; asked++) expect((await stage.verify(value)).status).toBe(200);
  await holder.query('rollback');
  // Whoever pressed is told what became of it, sooner or later than the lock's end.
  await soon(() => expect(alice.modal()?.text).toMatch(/is revoked|Nothing was changed|Try again/));
  const isRevoked = alice.modal()?.text.includes('is revoked');
  await soon(async () => expect((await stage.verify(value)).status).toBe(isRevoked ? 401 : 200));
});

type Seen = { sees(place: string): { text: string }[] };

function lastText(person: Seen): string {
  return [...person.sees('#general'), ...person.sees('@apitoken')].map(({ text }) => text).join('\n');
}

async function aScene() {
  const url = await aDatabaseWithTables();
  const way = await aWay(url);
  const stage = await setStage({ env: { DATABASE_URL: way.url } });
  const { value } = await holdsToken(
    { ...stage, databaseUrl: url },
    stage.workspace.person('alice'),
    'deploy-bot',
  );
  return { stage, value, url, way };
}

/** A way to the server that can be closed: then nobody answers there, and what was open is cut. */
async function aWay(to: string) {
  const target = new URL(to);
  const open = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;

  async function listen(): Promise<void> {
    const made = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        open.add(one);
        one.on('error', () => undefined);
        one.on('close', () => {
          open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    await new Promise<void>((done) => void made.listen(port, '127.0.0.1', done));
    const address = made.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    server = made;
  }

  async function close(): Promise<void> {
    const closing = server;
    server = undefined;
    for (const socket of open) socket.destroy();
    await new Promise<void>((done) => (closing === undefined ? done() : void closing.close(() => done())));
  }

  await listen();
  onTestFinished(close);
  const url = new URL(to);
  url.port = String(port);
  return { url: url.href, open: listen, close };
}
