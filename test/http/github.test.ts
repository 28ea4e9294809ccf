import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/clock.ts';
import { TokenValue, toBase62 } from '../../src/tokens/token-value.ts';
import type { Stage } from '../fixture.ts';
import {
  answerTo,
  holdsToken,
  putTokens,
  rotates,
  rowsOf,
  setStill,
  settled,
  tokenRow,
  toldTo,
  verdictsOf,
} from '../slack/flows.ts';
import { expectNeverSaid } from '../slack/leaks.ts';
import { T0 } from '../tokens/a-token.ts';
import { aGithub, bodyOf, FILE_URL, type Found, type Github, tells } from './a-github.ts';
import { ask } from './a-server.ts';

/** A stage that GitHub may tell, with Alice's *deploy-bot*. */
async function aScene(env: Record<string, string> = {}) {
  const github = await aGithub();
  const still = await setStill({ ...github.env, ...env });
  const { stage, alice } = still;
  const { value, id } = await holdsToken(stage, alice, 'deploy-bot', { createdAt: T0 });
  const tell = (body: string, headers = github.signs(body)) => tells(stage.app.port, body, headers);
  return { ...still, github, value, id, tell };
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

async function figuresOf(stage: Stage): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${stage.app.port}/metrics`)).text();
  const lines = text.match(/^apitoken_(?:github|leak)\w*_(?:total|count)\S* [1-9]\d*$/gm) ?? [];
  return Object.fromEntries(
    lines.map((line) => line.split(' ')).map(([name, count]) => [name, Number(count)]),
  );
}

test('a live value that GitHub found is refused by the next request, and its owner is told where it stood', async () => {
  const { stage, alice, value, id, tell } = await aScene();
  expect(await verdictsOf(stage, value)).toEqual([200]);

  const answer = await tell(bodyOf({ token: value }));

  expect(answer.status).toBe(200);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  expect(await answer.json()).toEqual([
    { token_hash: hashOf(value), token_type: 'apitoken_api_token', label: 'true_positive' },
  ]);
  expect(await verdictsOf(stage, value)).toEqual([401]);
  const reason = 'Leaked on GitHub: https://github.com/octocat/Hello-World';
  const [event] = rowsOf(stage, "select * from audit_events where action = 'token.revoked'");
  expect(event).toMatchObject({ actor: 'github', token_id: id });
  expect(JSON.parse(String(event?.detail))).toEqual({ name: 'deploy-bot', reason, held: 1 });
  await settled(stage);
  const [told] = toldTo(alice);
  expect(told?.text).toBe(
    `Your token deploy-bot was revoked: GitHub found its value in public.\nAnything using it has stopped working. If it's still needed, create it again.\nDate Revoked: ${told?.text.split('Date Revoked: ')[1]?.split('\n')[0]}\nReason: ${reason}`,
  );
  const history = await answerTo(alice, '/apitoken history deploy-bot');
  expect(history.text).toContain("GitHub's secret scanning revoked it");
  expect(history.text).toContain(`“${reason}”`);
  const info = await answerTo(alice, '/apitoken info deploy-bot');
  expect(info.text).toContain("Revoked by GitHub's secret scanning");
  expectNeverSaid(value, stage);
  expect(stage.log()).not.toContain('octocat');
  expect(await figuresOf(stage)).toEqual({
    'apitoken_github_requests_total{result="answered"}': 1,
    'apitoken_github_matches_total{result="live"}': 1,
    'apitoken_leaks_found_total{source="github"}': 1,
    apitoken_leak_seconds_count: 1,
  });
});

test('live, revoked, expired, unknown and wrong values in one request: one label each, in their order', async () => {
  const { stage, alice, value, tell } = await aScene();
  const bob = stage.workspace.person('bob');
  const { value: other } = await holdsToken(stage, bob, 'other-bot', { createdAt: T0 });
  const { value: revoked } = await holdsToken(stage, alice, 'dead-bot', { createdAt: T0 });
  const { value: expired } = await holdsToken(stage, alice, 'old-bot', {
    createdAt: T0 - 8 * DAY_MS,
    lifetimeDays: 7,
  });
  await tell(bodyOf({ token: revoked }));
  const unknown = TokenValue.generate('apit').reveal();
  const tokens = [unknown, value, revoked, 'not a value', expired, wrongOf(other), value, other, ''];

  const labels = await labelsOf(await tell(bodyOf(...tokens.map((token) => ({ token })))));

  expect(labels).toEqual(['false', 'true', 'true', 'false', 'true', 'false', 'true', 'true', 'false']);
  expect(await verdictsOf(stage, value, other)).toEqual([401, 401]);
  await settled(stage);
  expect(toldTo(bob)).toHaveLength(1);
  expect(toldTo(alice)).toHaveLength(2);
  expect(await figuresOf(stage)).toMatchObject({
    'apitoken_github_matches_total{result="live"}': 4,
    'apitoken_github_matches_total{result="ended"}': 2,
    'apitoken_github_matches_total{result="unknown"}': 4,
    'apitoken_leaks_found_total{source="github"}': 3,
  });
});

/** A value with right check digits and the lookup id of `value`, but another secret. */
function wrongOf(value: string): string {
  const [prefix, lookupId] = value.split('_');
  const body = `${prefix}_${lookupId}_${TokenValue.generate('apit').secretForHash()}`;
  return body + toBase62(crc32(body), 6);
}

async function labelsOf(answer: Response): Promise<string[]> {
  const feedback = (await answer.json()) as { label: string }[];
  return feedback.map(({ label }) => label.replace('_positive', ''));
}

test('the same value twice is answered twice alike, and a request that comes again has no second effect', async () => {
  const { stage, alice, value, tell } = await aScene();
  const body = bodyOf({ token: value }, { token: value, source: 'commit' });

  const first = await (await tell(body)).json();
  const second = await (await tell(body)).json();

  expect(first).toEqual([
    { token_hash: hashOf(value), token_type: 'apitoken_api_token', label: 'true_positive' },
    { token_hash: hashOf(value), token_type: 'apitoken_api_token', label: 'true_positive' },
  ]);
  expect(second).toEqual(first);
  await settled(stage);
  expect(toldTo(alice)).toHaveLength(1);
  expect(rowsOf(stage, "select 1 from audit_events where action = 'token.revoked'")).toHaveLength(1);
});

test('of two values of a token the old one ends alone, and its owner is told where it stood', async () => {
  const { stage, alice, value: old, tell } = await aScene();
  const fresh = await rotates(stage, alice, 'deploy-bot');

  expect(await labelsOf(await tell(bodyOf({ token: old })))).toEqual(['true']);

  expect(await verdictsOf(stage, old, fresh)).toEqual([401, 200]);
  await settled(stage);
  expect(toldTo(alice).at(-1)?.text).toMatch(
    /^The old value of your token deploy-bot no longer works\. The new value still works\.\nEnded by GitHub's secret scanning .*\nReason: Leaked on GitHub: https:\/\/github\.com\/octocat\/Hello-World$/,
  );
  expect((await answerTo(alice, '/apitoken history deploy-bot')).text).toContain(
    "GitHub's secret scanning ended the old value",
  );
  expect(await labelsOf(await tell(bodyOf({ token: old }, { token: fresh })))).toEqual(['true', 'true']);
  expect(await verdictsOf(stage, fresh)).toEqual([401]);
});

describe('who is on call is told', () => {
  const found = (person: Person, place: string) =>
    person.sees(place).filter(({ text }) => text.startsWith('GitHub found '));

  test('once for all that stood in one repository, in LEAK_CHANNEL', async () => {
    const { stage, alice, value, tell } = await aScene({
      LEAK_CHANNEL: 'C0ONCALL001',
      ONCALL: 'U0BOB000001',
    });
    const bob = stage.workspace.person('bob');
    const { value: other } = await holdsToken(stage, bob, 'other-bot', { createdAt: T0 });

    await tell(bodyOf({ token: value }, { token: other }));
    await tell(bodyOf({ token: other }, { token: value }));
    await settled(stage);

    expect(found(bob, '#oncall').map(({ text }) => text.split('\n'))).toEqual([
      [
        'GitHub found 2 tokens in public.',
        "They're revoked. Anything using them has stopped working.",
        '• deploy-bot of @alice',
        '• other-bot of @bob',
        expect.stringMatching(/^Date Revoked: /),
        'Reason: Leaked on GitHub: https://github.com/octocat/Hello-World',
      ],
    ]);
    expect(found(bob, '@apitoken')).toEqual([]);
    expect(toldTo(alice)).toHaveLength(1);
    expectNeverSaid(value, stage);
  });

  test('of an old value with what stays, and in their own conversation where there is no LEAK_CHANNEL', async () => {
    const { stage, alice, value: old, tell } = await aScene({ ONCALL: 'U0BOB000001' });
    const bob = stage.workspace.person('bob');
    const fresh = await rotates(stage, alice, 'deploy-bot');

    await tell(bodyOf({ token: old }));
    await settled(stage);
    await tell(bodyOf({ token: fresh, source: 'npm', url: '' }));
    await settled(stage);

    expect(found(bob, '@apitoken').map(({ text }) => text.split('\n'))).toEqual([
      [
        "GitHub found @alice's deploy-bot in public.",
        'The old value no longer works. The new value still works.',
        'Reason: Leaked on GitHub: https://github.com/octocat/Hello-World',
      ],
      [
        "GitHub found @alice's deploy-bot in public.",
        "It's revoked. Anything using it has stopped working.",
        expect.stringMatching(/^Date Revoked: /),
        'Reason: Leaked on npm',
      ],
    ]);
    expect(found(bob, '#oncall')).toEqual([]);
  });

  test('one by one where LEAK_CHANNEL takes no message', async () => {
    const { stage, value, tell, workspace } = await aScene({
      LEAK_CHANNEL: 'C0GONE00001',
      ONCALL: 'U0BOB000001',
    });

    await tell(bodyOf({ token: value }));
    await settled(stage);

    expect(found(workspace.person('bob'), '@apitoken')).toHaveLength(1);
    expect(stage.log()).toContain('LEAK_CHANNEL cannot be written to');
    workspace.expectRefusal('channel_not_found');
  });
});

describe('what is no request of GitHub', () => {
  test.for([
    ['a body that was changed', (github, body) => [body.replace('content', 'commits'), github.signs(body)]],
    ['a body with a space more', (github, body) => [`${body} `, github.signs(body)]],
    [
      'a signature of somebody else',
      (github, body) => [body, { ...github.stranger(body), 'Github-Public-Key-Identifier': 'key-1' }],
    ],
    ['a key that is in no list', (github, body) => [body, github.stranger(body)]],
    [
      'no signature',
      (github, body) => [
        body,
        { 'Github-Public-Key-Identifier': github.signs(body)['Github-Public-Key-Identifier'] ?? '' },
      ],
    ],
    [
      'no key',
      (github, body) => [
        body,
        { 'Github-Public-Key-Signature': github.signs(body)['Github-Public-Key-Signature'] ?? '' },
      ],
    ],
    ['nothing', (_github, body) => [body, {}]],
    [
      'a signature that is no base64',
      (github, body) => [body, { ...github.signs(body), 'Github-Public-Key-Signature': '!'.repeat(96) }],
    ],
    [
      'a signature that is cut',
      (github, body) => [body, { ...github.signs(body), 'Github-Public-Key-Signature': 'MEQCIA==' }],
    ],
    [
      'the name of a thing that every object has',
      (github, body) => [body, { ...github.signs(body), 'Github-Public-Key-Identifier': '__proto__' }],
    ],
  ] satisfies [string, (github: Github, body: string) => [string, Record<string, string>]][])(
    'is refused with 401 and changes nothing: %s',
    async ([, forge]) => {
      const { stage, github, value, tell } = await aScene();

      const answer = await tell(...forge(github, bodyOf({ token: value })));

      expect({ status: answer.status, body: await answer.json() }).toEqual({
        status: 401,
        body: { error: 'invalid_signature' },
      });
      expect(await verdictsOf(stage, value)).toEqual([200]);
      expect(await figuresOf(stage)).toEqual({ 'apitoken_github_requests_total{result="refused"}': 1 });
    },
  );

  test('two keys or two signatures are none', async () => {
    const { stage, github, value } = await aScene();
    const body = bodyOf({ token: value });
    const headers = Object.entries(github.signs(body)).flat();

    for (const [name, text = ''] of Object.entries(github.signs(body))) {
      const answer = await ask(stage.app.port, '/github/secret-scanning', {
        method: 'POST',
        headers: [...headers, name, text],
        body,
      });
      expect(answer.status).toBe(401);
    }
    expect(await verdictsOf(stage, value)).toEqual([200]);
  });

  test('a list of keys of another curve has none', async () => {
    const github = await aGithub('P-384');
    const { stage } = await setStill(github.env);
    const body = bodyOf({ token: 'x' });

    expect((await tells(stage.app.port, body, github.signs(body))).status).toBe(503);
  });
});

describe('the list of keys', () => {
  test('is fetched when it is needed and kept for 24 hours', async () => {
    const { clock, github, tell } = await aScene();
    const body = bodyOf({ token: 'x' });

    const answers = await Promise.all([tell(body), tell(body), tell(body)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await clock.moveBy(24 * HOUR_MS - 1);
    expect((await tell(body)).status).toBe(200);
    expect(github.asked()).toBe(1);
    await clock.moveBy(1);
    expect((await tell(body)).status).toBe(200);
    expect(github.asked()).toBe(2);
  });

  test('is fetched once more for an unknown key, at most once a minute', async () => {
    const { clock, github, tell } = await aScene();
    const body = bodyOf({ token: 'x' });
    await tell(body);

    for (let i = 0; i < 5; i++) expect((await tell(body, github.stranger(body))).status).toBe(401);
    expect(github.asked()).toBe(1);
    await clock.moveBy(MINUTE_MS);
    for (let i = 0; i < 5; i++) expect((await tell(body, github.stranger(body))).status).toBe(401);
    expect(github.asked()).toBe(2);
    expect((await tell(body)).status).toBe(200);
  });

  test('has another key after a rotation, and the one before is good no more', async () => {
    const { stage, clock, github, value, tell } = await aScene();
    const body = bodyOf({ token: value });
    await tell(bodyOf({ token: 'x' }));
    await clock.moveBy(MINUTE_MS);
    github.rotates();

    expect((await tell(body)).status).toBe(200);
    expect(await verdictsOf(stage, value)).toEqual([401]);
    expect(github.asked()).toBe(2);
    expect((await tell(body, github.signs(body, 0))).status).toBe(401);
  });

  test.for([
    ['fails', (response) => response.writeHead(500).end()],
    ['is answered with too many requests', (response) => response.writeHead(429).end('{}')],
    ['is no JSON', (response) => response.end('<html>')],
    ['has no keys', (response) => response.end('{"public_keys":[]}')],
    ['is of another shape', (response) => response.end('[]')],
    ['has no end', (response) => response.end(`{"public_keys":[],"x":"${'x'.repeat(100_000)}"}`)],
    ['is elsewhere', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    [
      'has a key that is none',
      (response) => response.end('{"public_keys":[{"key_identifier":"key-1","key":"x","is_current":true}]}'),
    ],
  ] satisfies [string, (response: ServerResponse) => void][])(
    'that %s makes nothing wrong and nothing good: 503, and good again when it is',
    async ([, how]) => {
      const { stage, clock, github, value, tell } = await aScene();
      const body = bodyOf({ token: value });
      github.answers(how);

      const answer = await tell(body);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(await answer.json()).toEqual({ error: 'unavailable' });
      expect(await verdictsOf(stage, value)).toEqual([200]);

      github.answers();
      await clock.moveBy(MINUTE_MS);
      expect((await tell(body)).status).toBe(200);
      expect(stage.log()).toContain("GitHub's list of keys can't be had");
    },
  );

  test('that nobody answers for is tried again after 5 seconds, and one that is too old counts no more', async () => {
    const { stage, clock, github, value, tell } = await aScene();
    const body = bodyOf({ token: value });
    github.answers((response) => response.destroy());
    expect((await tell(body)).status).toBe(503);
    expect((await tell(body)).status).toBe(503);
    expect(github.asked()).toBe(1);
    github.answers();
    await clock.moveBy(5 * SECOND_MS);
    expect((await tell(bodyOf({ token: 'x' }))).status).toBe(200);

    await github.closes();
    await clock.moveBy(24 * HOUR_MS - 1);
    expect((await tell(bodyOf({ token: 'y' }))).status).toBe(200);
    // Nobody can say whether a key is new while GitHub cannot be asked.
    expect((await tell(body, github.stranger(body))).status).toBe(503);
    await clock.moveBy(1);
    expect((await tell(body)).status).toBe(503);
    expect(await verdictsOf(stage, value)).toEqual([200]);
    expect(await figuresOf(stage)).toMatchObject({
      'apitoken_github_requests_total{result="unavailable"}': 4,
    });
  });
});

test.for([
  ['no match', 0, 400],
  ['one', 1, 200],
  ['100', 100, 200],
  ['101', 101, 413],
] as const)('a request with %s', { timeout: 60_000 }, async ([, count, status]) => {
  const { stage, alice, tell } = await aScene();
  const found: Found[] = [];
  const names = Array.from({ length: Math.ceil(count / 2) }, (_, number) => `bot-${number}`);
  const wanted = names.map((name) => ({ person: alice, name, held: { createdAt: T0 } }));
  for (const [number, { value }] of (await putTokens(stage, wanted)).entries()) {
    const url = `https://github.com/octocat/repo-${number % 10}/issues/1`;
    found.push({ token: value, url }, { token: TokenValue.generate('apit').reveal(), url });
  }
  found.length = count;

  const answer = await tell(bodyOf(...found));

  expect(answer.status).toBe(status);
  const isTaken = status === 200;
  if (isTaken) expect(await answer.json()).toHaveLength(count);
  const [dead] = rowsOf(stage, 'select count(*) as count from tokens where revoked_at is not null');
  expect(dead?.count).toBe(isTaken ? Math.ceil(count / 2) : 0);
});

test.for([
  ['no JSON', '[{'],
  ['no list', '{"token":"x","type":"y"}'],
  ['a match without a value', '[{"type":"x","url":"","source":"content"}]'],
  ['a match of no type', '[{"token":"x","url":"","source":"content"}]'],
  ['a value that is a number', '[{"token":1,"type":"x"}]'],
  ['nothing', ''],
] as const)('a signed request with %s is 400', async ([, body]) => {
  const { stage, tell } = await aScene();

  const answer = await tell(body);

  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 400,
    body: { error: 'invalid_request' },
  });
  expect(await figuresOf(stage)).toEqual({ 'apitoken_github_requests_total{result="invalid"}': 1 });
});

test('a body of more than 1 MiB is 413, whether it says so or not', async () => {
  const { stage, github } = await aScene();
  const body = bodyOf({ token: 'x'.repeat(1024 * 1024) });

  expect((await tells(stage.app.port, body, github.signs(body)).catch(() => ({ status: 413 }))).status).toBe(
    413,
  );
});

const BARE = 'Leaked on GitHub';

test.for([
  ['a file', { url: FILE_URL }, `${BARE}: https://github.com/octocat/Hello-World`],
  [
    'a gist',
    { url: 'https://gist.github.com/ann/0123#file-x', source: 'gist_content' },
    `${BARE}: https://gist.github.com/ann/0123`,
  ],
  [
    'a package',
    { url: 'https://www.npmjs.com/package/left-pad/v/1.0.0', source: 'npm' },
    'Leaked on npm: https://www.npmjs.com/package/left-pad',
  ],
  [
    'a package of a scope',
    { url: 'https://www.npmjs.com/package/@acme/x/v/1', source: 'Npm' },
    'Leaked on npm: https://www.npmjs.com/package/@acme/x',
  ],
  ['nothing', { url: '' }, BARE],
  ['no repository', { url: 'https://github.com/octocat' }, BARE],
  ['http', { url: 'http://github.com/a/b' }, BARE],
  ['a script', { url: 'javascript:alert(1)//a/b' }, BARE],
  ['a user and password', { url: 'https://a:b@github.com/a/b' }, BARE],
  [
    'a mention of everybody',
    { url: 'https://github.com/<!channel>/<@U0ANN>' },
    `${BARE}: https://github.com/%3C!channel%3E/%3C@U0ANN%3E`,
  ],
  ['a query', { url: 'https://github.com/a/b?x=secret#y' }, `${BARE}: https://github.com/a/b`],
  [
    'letters that turn around',
    { url: 'https://github.com/a/\u202eb' },
    `${BARE}: https://github.com/a/%E2%80%AEb`,
  ],
  ['more than a reason takes', { url: `https://github.com/a/${'b'.repeat(300)}` }, BARE],
  ['more than an address has', { url: `https://github.com/a/${'b'.repeat(5000)}` }, BARE],
] as const)('found in %s, the reason is the address of the repository or none', async ([, found, reason]) => {
  const { stage, alice, value, tell } = await aScene();

  expect((await tell(bodyOf({ token: value, ...found }))).status).toBe(200);

  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ revoke_reason: reason, revoked_by: 'github' });
  await settled(stage);
  expect(toldTo(alice)[0]?.text.split('\n').at(-1)).toBe(`Reason: ${reason}`);
});

test('an address that holds a value is not kept, and one that is missing keeps no token alive', async () => {
  const { stage, alice, value, tell } = await aScene();
  const { value: other } = await holdsToken(stage, alice, 'other-bot', { createdAt: T0 });
  const body = JSON.stringify([
    { token: value, type: 'x', url: `https://github.com/octocat/${value}` },
    { token: other, type: 'x', url: 7, source: null },
  ]);

  expect(await labelsOf(await tell(body))).toEqual(['true', 'true']);

  expect(tokenRow(stage, 'deploy-bot')).toMatchObject({ revoke_reason: BARE });
  expect(tokenRow(stage, 'other-bot')).toMatchObject({ revoke_reason: BARE });
  expectNeverSaid(value, stage);
});

test('every value costs the same reads and digests, whatever it is', async () => {
  const { alice, stage, value, tell } = await aScene();
  const { value: revoked } = await holdsToken(stage, alice, 'dead-bot', { createdAt: T0 });
  await tell(bodyOf({ token: revoked }));
  const digest = vi.spyOn(TokenValue.prototype, 'digest');

  const costs: number[] = [];
  for (const token of [TokenValue.generate('apit').reveal(), revoked, value]) {
    digest.mockClear();
    expect((await tell(bodyOf({ token }))).status).toBe(200);
    costs.push(digest.mock.calls.length);
  }

  digest.mockRestore();
  expect(costs).toEqual([1, 1, 1]);
});

test('while it is off there is no such path, and while it is on it takes nothing but POST', async () => {
  const { stage: off } = await setStill();
  const { stage: on } = await aScene();
  const statusOf = async ({ app }: Stage, method: string) =>
    (await fetch(`http://127.0.0.1:${app.port}/github/secret-scanning?x=1`, { method })).status;

  expect([await statusOf(off, 'GET'), await statusOf(off, 'POST')]).toEqual([404, 404]);
  expect([await statusOf(on, 'GET'), await statusOf(on, 'PUT')]).toEqual([405, 405]);
  expect(await statusOf(on, 'POST')).toBe(401);
});
