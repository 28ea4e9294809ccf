import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startWorkspace, type Workspace } from '../../../sandbox/workspace/workspace.ts';
import { PATIENT } from '../../patience.ts';
import { call, lastPayload } from './tiny-app.ts';

type Request = { method: string; url: string; headers: IncomingHttpHeaders; body: string };
type Reply = (request: Request, response: ServerResponse) => void;

let workspace: Workspace;

beforeEach(async () => {
  workspace = await startWorkspace({ ackTimeoutMs: 500, eventRetryDelaysMs: [0, 5, 10] });
});

afterEach(async () => {
  await workspace.close();
  expect(workspace.refusals).toEqual([]);
});

const acks: Reply = (_request, response) => void response.end();
const silent: Reply = () => undefined;
const cuts: Reply = (_request, response) => void response.destroy();
const refuses: Reply = (_request, response) => void response.writeHead(503).end();

/** A server of the test's own, and its url. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
}

/** An app without Bolt that the workspace delivers to: what it was sent after the challenge. */
async function anApp(reply: Reply): Promise<Request[]> {
  const requests: Request[] = [];
  const url = await listen(async (incoming, response) => {
    const body = await text(incoming);
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, url: path, headers, body };
    if (body.includes('url_verification')) {
      response.end(JSON.parse(body).challenge);
      return;
    }
    requests.push(request);
    reply(request, response);
  });
  await workspace.http.deliverTo(url);
  return requests;
}

function answering(status: number, body: unknown): Reply {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(body));
  };
}

describe('the url', () => {
  test.for([
    ['the challenge as JSON', (challenge: string) => JSON.stringify({ challenge })],
    ['the challenge alone', (challenge: string) => challenge],
  ] as const)('is taken when it answers %s', async ([, answer]) => {
    const url = await listen(async (incoming, response) => {
      response.end(answer(JSON.parse(await text(incoming)).challenge));
    });

    await expect(workspace.http.deliverTo(url)).resolves.toBeUndefined();
  });

  test('is refused when it answers something else, and deliveries go on as before', async () => {
    const url = await listen((_incoming, response) => void response.end('hello'));

    await expect(workspace.http.deliverTo(url)).rejects.toThrow('challenge');
    await workspace.person('alice').types('#general', '/apitoken');

    workspace.expectRefusal('dispatch_failed');
  });
});

describe('a delivery', () => {
  test('is a POST signed over its timestamp and its body', async () => {
    const requests = await anApp(acks);
    await workspace.person('alice').types('#general', '/apitoken create 100% & más');

    const [{ method, url, headers, body }] = requests as [Request];
    const timestamp = String(headers['x-slack-request-timestamp']);
    const mac = createHmac('sha256', workspace.signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
    expect([method, url]).toEqual(['POST', '/slack/events']);
    expect(headers['x-slack-signature']).toBe(`v0=${mac}`);
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
  });

  test('of a command is a form with all its fields', async () => {
    const requests = await anApp(acks);
    await workspace.person('alice').types('#general', '/apitoken create 100% & más');

    const [{ headers, body }] = requests as [Request];
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual(lastPayload(workspace));
    expect(new URLSearchParams(body).get('text')).toBe('create 100% &amp; más');
  });

  test('of a shortcut is JSON in a form', async () => {
    const requests = await anApp(acks);
    await workspace.person('alice').uses('Create API Token');

    const [{ headers, body }] = requests as [Request];
    const form = new URLSearchParams(body);
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect([...form.keys()]).toEqual(['payload']);
    expect(JSON.parse(form.get('payload') ?? '')).toEqual(lastPayload(workspace));
  });

  test('of an event is JSON, and carries no retry headers the first time', async () => {
    const requests = await anApp(acks);
    await workspace.setPerson('carol', { deleted: true });

    const [{ headers, body }] = requests as [Request];
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body)).toMatchObject({ type: 'event_callback', event: { type: 'user_change' } });
    expect(headers).not.toHaveProperty('x-slack-retry-num');
  });

  test('can come again, as the same request to the byte', async () => {
    const requests = await anApp(acks);
    const alice = workspace.person('alice');
    await alice.types('#general', '/apitoken');

    expect(await alice.redelivers({ sameEnvelope: true })).toMatchObject({ acked: true });

    expect(requests[1]).toEqual(requests[0]);
  });
});

describe('an answer', () => {
  test('with text is what the person sees', async () => {
    await anApp(answering(200, { text: 'hello', response_type: 'ephemeral' }));
    const alice = workspace.person('alice');
    await alice.types('#general', '/apitoken');

    expect(alice.sees('#general')).toMatchObject([{ text: 'hello', ephemeral: true }]);
    expect(workspace.traffic.at(-1)).toMatchObject({
      acked: true,
      timedOut: false,
      ackBody: { text: 'hello' },
    });
  });

  test.for([
    ['500', answering(500, {}), 'http_service_error'],
    ['503 without a body', refuses, 'http_service_error'],
    ['401', answering(401, {}), 'http_client_error'],
    ['201', answering(201, {}), 'http_client_error'],
    ['nothing in time', silent, 'operation_timeout'],
    ['a cut connection', cuts, 'dispatch_failed'],
  ] as const)('of %s fails before the person’s eyes', async ([, reply, error]) => {
    await anApp(reply);
    const alice = workspace.person('alice');
    await alice.types('#general', '/apitoken list');

    expect(alice.reads('#general')).toBe(`/apitoken failed with the error "${error}"`);
    workspace.expectRefusal(error);
  });

  test('to a submission turns the modal into what it says', async () => {
    await anApp((request, response) => {
      const isSubmission = request.body.includes('view_submission');
      answering(200, isSubmission ? { response_action: 'errors', errors: { name: 'Taken.' } } : undefined)(
        request,
        response,
      );
    });
    const alice = workspace.person('alice');
    await alice.types('#general', '/apitoken');
    await call(workspace, 'views.open', { trigger_id: lastPayload(workspace).trigger_id, view: DIALOG });
    await alice.fills({ Name: 'deploy-bot' });
    await alice.submits();

    expect(alice.modal()).toMatchObject({ errors: { Name: 'Taken.' }, inputs: [{ value: 'deploy-bot' }] });
  });

  test('with a body to an event is recorded', async () => {
    await anApp(answering(200, { text: 'not for an event' }));
    await workspace.setPerson('carol', { deleted: true });

    workspace.expectRefusal('response_payload_not_accepted');
  });
});

describe('an event that is not acked comes three times more', () => {
  test.for([
    ['in time', silent, 'http_timeout', 'operation_timeout'],
    ['with 200', answering(503, {}), 'http_error', 'http_service_error'],
    ['at all', cuts, 'connection_failed', 'dispatch_failed'],
  ] as const)('%s, and says why', async ([, reply, reason, error]) => {
    const requests = await anApp(reply);
    await workspace.setGroupMembers('oncall', ['bob', 'carol']);
    await vi.waitFor(() => expect(requests).toHaveLength(4), PATIENT);

    const retries = requests.map(({ headers }) => [
      headers['x-slack-retry-num'],
      headers['x-slack-retry-reason'],
    ]);
    expect(retries).toEqual([
      [undefined, undefined],
      ['1', reason],
      ['2', reason],
      ['3', reason],
    ]);
    expect(new Set(requests.map(({ body }) => JSON.parse(body).event_id)).size).toBe(1);
    workspace.expectRefusal(error);
  });
});

describe('a request of one’s own', () => {
  test.for([
    ['as Slack signs', {}, true, 0],
    ['with another secret', { secret: 'another' }, false, 0],
    ['over another body', { signedBody: '{"b":2}' }, false, 0],
    ['six minutes old', { ageS: -360 }, true, -360],
    ['six minutes ahead', { ageS: 360 }, true, 360],
  ] as const)('can be signed %s', async ([, how, isRight, ageS]) => {
    const requests = await anApp(acks);

    const { status } = await workspace.http.posts({ body: '{"a":1}', ...how });

    const [{ headers, body }] = requests as [Request];
    const timestamp = String(headers['x-slack-request-timestamp']);
    const mac = createHmac('sha256', workspace.signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
    expect([status, body]).toEqual([200, '{"a":1}']);
    expect(headers['x-slack-signature'] === `v0=${mac}`).toBe(isRight);
    expect(Math.abs(Number(timestamp) - Date.now() / 1000 - ageS)).toBeLessThan(60);
  });

  test('can leave a header out, send it twice, and go elsewhere', async () => {
    const requests = await anApp(acks);
    const headers = { 'x-slack-signature': undefined, 'x-slack-request-timestamp': ['1', '2'] };

    await workspace.http.posts({ body: '{}', headers, method: 'PUT', path: '/other' });

    const [request] = requests as [Request];
    expect(request).toMatchObject({ method: 'PUT', url: '/other' });
    expect(request.headers).not.toHaveProperty('x-slack-signature');
    expect(request.headers['x-slack-request-timestamp']).toBe('1, 2');
  });
});

const DIALOG = {
  type: 'modal',
  title: { type: 'plain_text', text: 'Create' },
  submit: { type: 'plain_text', text: 'Create' },
  blocks: [
    {
      type: 'input',
      block_id: 'name',
      label: { type: 'plain_text', text: 'Name' },
      element: { type: 'plain_text_input', action_id: 'name' },
    },
  ],
};
