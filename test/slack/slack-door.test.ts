import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openWorkspace, type Stage, setStage } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { aClock, answerIn, answerTo, deliveriesIn } from './flows.ts';

const BODY_BYTES_MAX = 1024 * 1024;
const FORM = 'application/x-www-form-urlencoded';
/** What "/apitoken help" of somebody new leads to: the delivery, a look at who it is, the answer. */
const TURN = 3;
const EMPTY = { status: 401, body: '' };

function setOverHttp(options: Parameters<typeof setStage>[0] = {}): Promise<Stage> {
  return setStage({ ...options, deliverBy: 'http' });
}

/** The body of a command that Alice has just typed and got an answer to. */
async function typedBody({ workspace }: Stage): Promise<string> {
  await answerTo(workspace.person('alice'), '/apitoken help');
  const { payload } = deliveriesIn(workspace).at(-1) ?? {};
  // To the letter the same it would not be answered a second time.
  return new URLSearchParams({ ...(payload as Record<string, string>), trigger_id: '1.2.3' }).toString();
}

/** What the app was told and said so far, in number. */
function trafficOf({ workspace }: Stage): number {
  return workspace.traffic.length;
}

describe('a request is refused with a bare 401, and has no effect,', () => {
  test.for([
    ['when its body was tampered with', { signedBody: 'command=%2Fapitoken&text=list' }],
    ['when it was signed with another secret', { secret: 'f'.repeat(32) }],
    ['when it is 301 s old', { ageS: -301 }],
    ['when it is 301 s ahead of time', { ageS: 301 }],
    ['without a signature', { headers: { 'x-slack-signature': undefined } }],
    ['without a timestamp', { headers: { 'x-slack-request-timestamp': undefined } }],
    [
      'without either',
      { headers: { 'x-slack-signature': undefined, 'x-slack-request-timestamp': undefined } },
    ],
    ['with an empty signature', { headers: { 'x-slack-signature': '' } }],
    ['with a signature of zeros', { headers: { 'x-slack-signature': `v0=${'0'.repeat(64)}` } }],
    ['with half a signature', { headers: { 'x-slack-signature': `v0=${'0'.repeat(32)}` } }],
    ['with another version', { headers: { 'x-slack-signature': `v1=${'0'.repeat(64)}` } }],
    ['with two signatures', { headers: { 'x-slack-signature': ['v0=a', 'v0=b'] } }],
    ['with two timestamps', { headers: { 'x-slack-request-timestamp': ['1', '2'] } }],
    ['with a timestamp that is no number', { headers: { 'x-slack-request-timestamp': 'NaN' } }],
    ['with a timestamp of many digits', { headers: { 'x-slack-request-timestamp': '9'.repeat(300) } }],
    ['with a negative timestamp', { headers: { 'x-slack-request-timestamp': '-1' } }],
  ] as const)('%s', async ([, forgery]) => {
    const clock = aClock();
    const workspace = await openWorkspace({ clock });
    const stage = await setOverHttp({ clock, workspace });

    const body = await typedBody(stage);
    const before = trafficOf(stage);

    const answer = await workspace.http.posts({ body, contentType: FORM, ...forgery });
    // A whole turn later: had it been taken, it would have been answered by now.
    await answerTo(workspace.person('bob'), '/apitoken help');

    expect(answer).toMatchObject(EMPTY);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', connection: 'close' });
    expect(trafficOf(stage) - before).toBe(TURN);
    expect(stage.log()).toContain('not signed by Slack just now');
  });

  test.for([
    ['300 s old', -300],
    ['300 s ahead of time', 300],
  ] as const)('but not when it is %s', async ([, ageS]) => {
    const clock = aClock();
    const workspace = await openWorkspace({ clock });
    const stage = await setOverHttp({ clock, workspace });
    const body = await typedBody(stage);

    const answered = answerIn(workspace.person('alice'), '#general', async () => {
      const answer = await workspace.http.posts({ body, contentType: FORM, ageS });
      expect(answer).toMatchObject({ status: 200, body: '' });
    });

    expect((await answered).text).toContain('/apitoken create');
  });

  test('as often as it comes, and is logged once a minute', async () => {
    const clock = aClock();
    const workspace = await openWorkspace({ clock });
    const stage = await setOverHttp({ clock, workspace });
    const lines = () =>
      stage
        .log()
        .split('\n')
        .filter((line) => line.includes('not signed by Slack'))
        .map((line) => JSON.parse(line));

    const forge = () => workspace.http.posts({ body: '{}', secret: 'f'.repeat(32) });
    for (let turn = 0; turn < 20; turn++) await forge();
    expect(lines()).toMatchObject([{ level: 'warn', reason: 'wrong', refused: 1 }]);
    await clock.moveBy(60_000);
    await forge();

    expect(lines().slice(1)).toMatchObject([{ reason: 'wrong', refused: 20 }]);
  });
});

describe('the door', () => {
  test('answers the challenge of Slack, signed', async () => {
    const { workspace } = await setOverHttp();
    const body = JSON.stringify({ type: 'url_verification', challenge: 'a "challenge"' });

    const answer = await workspace.http.posts({ body });
    const forged = await workspace.http.posts({ body, secret: 'f'.repeat(32) });

    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { challenge: 'a "challenge"' }]);
    expect(forged).toMatchObject(EMPTY);
  });

  const UNSIGNED = { 'x-slack-signature': undefined, 'x-slack-request-timestamp': undefined };

  test.for([
    ['as Slack sends it', 'ssl_check=1&token=abc', 200],
    ['with its fields in another order', 'token=abc&ssl_check=1', 200],
    ['that says 0', 'ssl_check=0&token=abc', 401],
    ['that says 11', 'ssl_check=11', 401],
    ['under another name', 'xssl_check=1', 401],
    ['that is empty', '', 401],
    ['of 1,024 bytes', `ssl_check=1&${'x'.repeat(1012)}`, 200],
    ['of 1,025 bytes', `ssl_check=1&${'x'.repeat(1013)}`, 401],
  ] as const)('answers an unsigned check of TLS %s with its status and no body', async ([, body, status]) => {
    const { workspace } = await setOverHttp();

    const answer = await workspace.http.posts({ body, contentType: FORM, headers: UNSIGNED });

    expect(answer).toMatchObject({ status, body: '' });
  });

  test('answers a check of TLS that is signed, too', async () => {
    const { workspace } = await setOverHttp();

    const answer = await workspace.http.posts({ body: 'ssl_check=1&token=abc', contentType: FORM });

    expect(answer).toMatchObject({ status: 200, body: '' });
  });

  test('does nothing of what stands beside an unsigned check of TLS', async () => {
    const stage = await setOverHttp();
    const { workspace } = stage;
    const body = `ssl_check=1&${await typedBody(stage)}`;
    const before = trafficOf(stage);

    const answer = await workspace.http.posts({ body, contentType: FORM, headers: UNSIGNED });
    await answerTo(workspace.person('bob'), '/apitoken help');

    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(trafficOf(stage) - before).toBe(TURN);
  });

  test.for(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])('takes no %s', async (method) => {
    const { workspace } = await setOverHttp();

    const answer = await workspace.http.posts({ body: '', method });

    expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  test.for(['/slack/events/', '/slack', '/Slack/events', '/slack/events/x', '//slack/events'])(
    'is not at %s',
    async (path) => {
      const { workspace } = await setOverHttp();

      expect(await workspace.http.posts({ body: '{}', path })).toMatchObject({ status: 404 });
    },
  );

  test('is not there at all in Socket Mode', async () => {
    const { app, workspace } = await setStage();

    const url = `http://127.0.0.1:${app.port}/slack/events`;
    await expect(workspace.http.deliverTo(url)).rejects.toThrow('(404)');
    expect((await fetch(url)).status).toBe(404);
  });

  test.for([
    ['of 1 MiB is read', BODY_BYTES_MAX, 400],
    ['of one byte more is too large', BODY_BYTES_MAX + 1, 413],
  ] as const)('a signed body %s', async ([, bytes, status]) => {
    const { workspace } = await setOverHttp();

    expect(await workspace.http.posts({ body: 'x'.repeat(bytes) })).toMatchObject({ status });
  });

  test('a body without a length is cut off at 1 MiB', async () => {
    const { workspace } = await setOverHttp();
    const headers = { 'content-length': undefined, 'transfer-encoding': 'chunked' };

    const answer = await workspace.http.posts({ body: 'x'.repeat(BODY_BYTES_MAX + 1), headers });

    expect(answer).toMatchObject({ status: 413, body: '' });
  });

  test('a body that does not come in time is 408', async () => {
    const { workspace } = await setOverHttp();

    expect(await workspace.http.posts({ body: '{"type":1}', sentLength: 4 })).toMatchObject({ status: 408 });
  });

  test.for([
    ['no JSON', '{', 'application/json'],
    ['JSON that is no object', '[1]', 'application/json'],
    ['null', 'null', 'application/json'],
    ['a payload that is no JSON', 'payload=%7B', FORM],
    ['of no type', '{}', ''],
    ['of another type', '{}', 'text/plain'],
  ] as const)('a signed body that is %s is 400', async ([, body, contentType]) => {
    const { workspace } = await setOverHttp();

    expect(await workspace.http.posts({ body, contentType })).toMatchObject({ status: 400, body: '' });
  });

  test('a form whose type names its charset is read', async () => {
    const stage = await setOverHttp();
    const { workspace } = stage;
    const body = await typedBody(stage);

    const answered = answerIn(workspace.person('alice'), '#general', async () => {
      await workspace.http.posts({ body, contentType: `${FORM}; charset=utf-8` });
    });

    expect((await answered).text).toContain('/apitoken create');
  });

  test('a signed delivery of no kind that we know is 200, as another try would fare no better, and breaks nothing', async () => {
    const { workspace } = await setOverHttp();

    expect(await workspace.http.posts({ body: '{"type":"odd"}' })).toMatchObject({ status: 200, body: '' });
    expect((await answerTo(workspace.person('alice'), '/apitoken')).text).toContain('My API Tokens');
  });
});

describe('strangers who send large bodies slowly', () => {
  const HELD_BYTES = 64 * BODY_BYTES_MAX;

  /** So many begin a body of `bytes`, in the form of a signed one, and keep back its end. Resolves when the first were sent away. */
  async function crowd({ app }: Stage, bytes: number, headers = ''): Promise<void> {
    const statuses: string[] = [];
    const count = HELD_BYTES / bytes + 16;
    const part = Buffer.alloc(bytes - 1, 'x');
    const now = Math.floor(Date.now() / 1000);
    for (let stranger = 0; stranger < count; stranger++) {
      const socket = connect(app.port, '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.once('data', (answer) => statuses.push(answer.toString().slice(9, 12)));
      socket.write(
        `POST /slack/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n` +
          `X-Slack-Request-Timestamp: ${now}\r\nX-Slack-Signature: v0=${'0'.repeat(64)}\r\n${headers}\r\n`,
      );
      socket.write(part);
    }
    await vi.waitFor(
      () => expect(statuses.filter((status) => status === '503').length).toBeGreaterThan(0),
      PATIENT,
    );
  }

  test.for([
    ['of 1 MiB each', BODY_BYTES_MAX, {}, ''],
    ['of 64 KiB each, a thousand of them', 64 * 1024, {}, ''],
    [
      'from elsewhere behind the same proxy',
      BODY_BYTES_MAX,
      { TRUSTED_PROXIES: '127.0.0.1' },
      'X-Forwarded-For: 203.0.113.7\r\n',
    ],
  ] as const)(
    '%s, do not shut out Slack: 60 of 60 signed deliveries are 200',
    async ([, bytes, env, headers]) => {
      const stage = await setOverHttp({ env });
      const body = JSON.stringify({ type: 'a_new_kind', text: 'x'.repeat(20_000) });

      await crowd(stage, bytes, headers);
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => stage.workspace.http.posts({ body })),
      );

      expect(answers.map(({ status }) => status)).toEqual(Array(60).fill(200));
    },
  );
});
