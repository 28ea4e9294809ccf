import { afterEach, beforeEach, expect, test } from 'vitest';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { call, connect, lastPayload, post, respond } from './tiny-app.ts';

let workspace: Workspace;

beforeEach(async () => {
  workspace = await startWorkspace();
});

afterEach(async () => {
  await workspace.close();
  expect(workspace.refusals).toEqual([]);
});

const general = { channel: 'C0GENERAL01', text: 'hello' };
const say = (): Promise<Response> => post(workspace, 'chat.postMessage', general);

test('an error is answered as often as it says, and nothing happens', async () => {
  workspace.faults.add({ method: 'chat.postMessage', error: 'internal_error', times: 2 });

  expect(await (await say()).json()).toEqual({ ok: false, error: 'internal_error' });
  expect(await (await say()).json()).toEqual({ ok: false, error: 'internal_error' });
  expect(await (await say()).json()).toMatchObject({ ok: true });
  expect(workspace.messages()).toHaveLength(1);
});

test('other methods are not hit, and a fault can be taken back', async () => {
  workspace.faults.add({ method: 'chat.postMessage', status: 500 });

  expect(await call(workspace, 'auth.test')).toMatchObject({ ok: true });
  workspace.faults.clear();
  expect((await say()).status).toBe(200);
});

test('a rate limit tells when to come back', async () => {
  workspace.faults.add({ method: 'chat.postMessage', status: 429, retryAfter: 7 });
  const response = await say();

  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('7');
  expect(workspace.messages()).toEqual([]);
});

test.for([
  ['before', 0],
  ['after', 1],
  [true, 1],
] as const)('a connection that is cut %s leaves %i messages', async ([drop, messages]) => {
  workspace.faults.add({ method: 'chat.postMessage', drop });

  await expect(say()).rejects.toThrow();
  expect(workspace.messages()).toHaveLength(messages);
});

test('an answer that is late comes after its effect', async () => {
  workspace.faults.add({ method: 'chat.postMessage', delayMs: 10_000 });

  await expect(
    fetch(`${workspace.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { authorization: `Bearer ${workspace.botToken}` },
      body: new URLSearchParams(general),
      signal: AbortSignal.timeout(100),
    }),
  ).rejects.toThrow();
  expect(workspace.messages()).toHaveLength(1);
});

test('a lost ephemeral message is answered ok, and never seen', async () => {
  workspace.faults.add({ method: 'chat.postEphemeral', lose: true });
  const alice = workspace.person('alice');
  const answer = await call(workspace, 'chat.postEphemeral', { ...general, user: alice.id });

  expect(answer).toMatchObject({ ok: true, message_ts: expect.any(String) });
  expect(alice.sees('#general')).toEqual([]);
});

test('a response_url can fail too', async () => {
  await connect(workspace);
  const alice = workspace.person('alice');
  await alice.types('#general', '/apitoken');
  workspace.faults.add({ url: 'response_url', status: 500 });
  const url = lastPayload(workspace).response_url;

  expect((await respond(url, { text: 'x' })).status).toBe(500);
  expect((await respond(url, { text: 'x' })).status).toBe(200);
  expect(alice.sees('#general')).toHaveLength(1);
});

test('a limit may say nothing of its end', async () => {
  workspace.faults.add({ method: 'chat.postMessage', status: 429, retryAfter: 'none' });

  const answer = await fetch(`${workspace.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${workspace.botToken}` },
    body: new URLSearchParams(general),
  });

  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, null]);
});

test.for([
  ['a page with a status, and nothing happens', { status: 502, text: '<html>' }, 502, 0],
  ['half an answer, and it has happened', { text: '{"ok":tr' }, 200, 1],
] as const)('what is answered can be %s', async ([, fault, status, posted]) => {
  workspace.faults.add({ method: 'chat.postMessage', ...fault });

  const answer = await fetch(`${workspace.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${workspace.botToken}` },
    body: new URLSearchParams(general),
  });

  expect([answer.status, await answer.text()]).toEqual([status, fault.text]);
  expect(workspace.messages()).toHaveLength(posted);
});

test('what met a fault stands in the traffic', async () => {
  workspace.faults.add({ method: 'chat.postMessage', error: 'fatal_error' });
  await say();

  expect(workspace.traffic).toMatchObject([
    {
      kind: 'call',
      method: 'chat.postMessage',
      args: general,
      answer: { error: 'fatal_error' },
      fault: expect.stringContaining('fatal_error'),
    },
  ]);
});

test('a fault names a method or a url', () => {
  expect(() => workspace.faults.add({ status: 500 })).toThrow('a method or a url');
});
