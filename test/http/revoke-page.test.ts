import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DAY_MS, MINUTE_MS } from '../../src/clock.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { setStage } from '../fixture.ts';
import { aSecret } from '../tokens/a-token.ts';
import { aServer, ask, type Reply } from './a-server.ts';
import { aService, post } from './a-service.ts';

/** As browsers ask for a page (https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Content_negotiation/List_of_default_Accept_values). */
const BROWSER = ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'];
const QUESTION = 'Found an API token? Paste it here and it stops working.';
const DONE = 'Done. If it was one of ours, it no longer works.';

function sentenceOf({ body }: Reply): string | undefined {
  return /<h1>([^<]*)<\/h1>/.exec(body)?.[1]?.replaceAll('&#39;', "'");
}

describe('GET /revoke', () => {
  test('is a page with one field that loads nothing, runs nothing and is kept nowhere', async () => {
    const server = await aServer();

    const reply = await ask(server.port, '/revoke?token=x', { headers: BROWSER });

    expect(reply.status).toBe(200);
    expect(sentenceOf(reply)).toBe(QUESTION);
    const style = /<style>(.*)<\/style>/s.exec(reply.body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(reply.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    });
    expect(reply.body).not.toMatch(/<script|<link|<img|src=|url\(|https?:|\son\w+=/);
    expect(reply.body).toContain('method="post"');
    expect(reply.body.match(/autocomplete="off"/g)).toHaveLength(2);
  });

  test.for(['text/html', '*/*', 'application/json', undefined])('is the same page to %s', async (accept) => {
    const server = await aServer();
    const headers = accept === undefined ? [] : ['Accept', accept];

    expect(sentenceOf(await ask(server.port, '/revoke', { headers }))).toBe(QUESTION);
    const head = await ask(server.port, '/revoke', { method: 'HEAD', headers });
    expect({ status: head.status, body: head.body }).toEqual({ status: 200, body: '' });
  });

  test('ends nothing, whatever stands in the URL', async () => {
    const service = await aService();
    const { value } = await service.house.holds();

    await ask(service.port, `/revoke?token=${value.reveal()}`, { headers: BROWSER });

    expect(await service.verifies(value.reveal())).toBe(200);
  });
});

describe('what a browser posts to /revoke', () => {
  test('has the same answer to the byte, whatever it is', async () => {
    const service = await aService();
    const { value: live } = await service.house.holds();
    const { value: dead } = await service.house.holds();
    await service.posts('/revoke', `token=${dead.reveal()}`);
    const other = TokenValue.generate('apit').reveal();
    const forms = [
      `token=${live.reveal()}`,
      `token=${dead.reveal()}`,
      `token=${other}`,
      'token=',
      '',
      'token=rubbish',
      'other=field',
      'token=%',
      `token=a&token=b`,
      `token=${encodeURIComponent('<script>alert(1)</script>')}`,
      `token=${'x'.repeat(16 * 1024)}`,
      `token=${'x'.repeat(100_000)}`,
    ];

    const replies: Reply[] = [];
    for (const form of forms) replies.push(await service.posts('/revoke', form, BROWSER));
    const odd = ['Content-Type', 'text/plain', ...BROWSER];
    replies.push(await ask(service.port, '/revoke', { method: 'POST', headers: odd, body: 'x' }));

    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    expect(new Set(replies.map(({ body }) => body)).size).toBe(1);
    const meant = ({ headers: { date: _, connection: __, 'keep-alive': ___, ...rest } }: Reply) => rest;
    for (const reply of replies) expect(meant(reply)).toEqual(meant(replies[0] as Reply));
    expect(sentenceOf(replies[0] as Reply)).toBe(DONE);
    expect(await service.verifies(live.reveal())).toBe(401);
  });

  test('ends each live value in it, and only those', async () => {
    const service = await aService();
    const [first, second, third] = [
      (await service.house.holds()).value.reveal(),
      (await service.house.holds()).value.reveal(),
      (await service.house.holds()).value.reveal(),
    ];
    const text = `A=${first}\n> B="${second.slice(0, 30)}\n>    ${second.slice(30)}"\n`;

    await service.posts('/revoke', new URLSearchParams({ token: text }).toString(), BROWSER);

    expect(await service.verifies(first)).toBe(401);
    expect(await service.verifies(second)).toBe(401);
    expect(await service.verifies(third)).toBe(200);
    const { body } = await ask(service.port, '/metrics');
    expect(body).toContain('apitoken_revocations_by_value_total{result="revoked"} 2');
    expect(body).toContain('apitoken_leaks_found_total{source="http"} 2');
  });

  test('is held back as every other from one address, in one sentence that says when to try again', async () => {
    const server = await aServer();
    for (let i = 0; i < 30; i++) await post(server.port, '/revoke', 'token=x', i % 2 ? BROWSER : []);

    const reply = await post(server.port, '/revoke', 'token=x', BROWSER);

    expect(reply).toMatchObject({ status: 429, headers: { 'retry-after': String(MINUTE_MS / 1000) } });
    expect(sentenceOf(reply)).toBe(
      'Too many tries from your address. Nothing was revoked. Try again in 60 seconds.',
    );
    expect((await ask(server.port, '/revoke', { headers: BROWSER })).status).toBe(200);
    expect(await post(server.port, '/revoke', 'token=x')).toMatchObject({
      status: 429,
      body: '{"error":"too_many_requests"}',
    });
  });

  test.for([
    ['the database is away', { store: { readSecret: () => Promise.reject(new Error('away')) } }, 1],
    ['nobody can say whether a value is good', { checkHash: async () => 'busy' as const }, 0],
  ] as const)('while %s is not said to be done', async ([, options, logged]) => {
    const value = TokenValue.generate('apit');
    const server = await aServer([aSecret(value, { pepperId: 'aaaaaaaa' })], options);

    const reply = await post(server.port, '/revoke', `token=${value.reveal()}`, BROWSER);

    expect(reply).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
    });
    expect(sentenceOf(reply)).toBe("That isn't possible right now. Try again in 5 seconds.");
    expect(server.lines).toHaveLength(logged);
  });
});

test.for([
  ['text/html', true],
  ['application/json, text/html;q=0.9', true],
  ['TEXT/HTML; charset=utf-8', true],
  ['application/xhtml+xml', true],
  ['text/html;q=0', false],
  ['text/html;q=0.0, */*', false],
  ['*/*', false],
  ['text/*', false],
  ['application/json', false],
  ['text/html5', false],
  ['', false],
] as const)('whoever takes %s posts as a browser: %s', async ([accept, isBrowser]) => {
  const server = await aServer();

  const reply = await post(server.port, '/revoke', 'token=x', ['Accept', accept]);

  expect(isBrowser ? sentenceOf(reply) : reply.body).toBe(isBrowser ? DONE : '');
});

describe('/.well-known/security.txt', () => {
  const read = async (options: Parameters<typeof aServer>[1]) =>
    ask((await aServer([], options)).port, '/.well-known/security.txt');

  test('names the contact, the page and the day it ends', async () => {
    const reply = await read({
      securityContact: 'mailto:security@example.com',
      publicUrl: 'https://tokens.example',
      clock: () => Date.parse('2027-03-01T10:20:30.456Z'),
    });

    expect(reply).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    });
    expect(reply.body).toBe(
      [
        '# Found an API token? Paste it at https://tokens.example/revoke and it stops working.',
        'Contact: mailto:security@example.com',
        'Expires: 2027-08-28T10:20:30Z',
        'Preferred-Languages: en',
        'Canonical: https://tokens.example/.well-known/security.txt',
        'Policy: https://tokens.example/revoke',
        '',
      ].join('\n'),
    );
  });

  test.for([
    ['no public address', undefined],
    ['one without https, which RFC 9116 §2.5 asks for', 'http://tokens.example'],
  ] as const)('with %s has no Canonical and no Policy', async ([, publicUrl]) => {
    const { body } = await read({ securityContact: 'tel:+1-201-555-0123', publicUrl });

    expect(body).toMatch(
      /^# [^\n]+\nContact: tel:\+1-201-555-0123\nExpires: [^\n]+\nPreferred-Languages: en\n$/,
    );
  });

  test('is served by the app as its settings say', async () => {
    const env = {
      SECURITY_CONTACT: 'https://example.com/security',
      PUBLIC_URL: 'https://tokens.example/api/',
    };
    const { app } = await setStage({ env });

    const text = await (await fetch(`http://127.0.0.1:${app.port}/.well-known/security.txt`)).text();

    expect(text).toContain('\nContact: https://example.com/security\n');
    expect(text).toContain('\nCanonical: https://tokens.example/.well-known/security.txt\n');
    expect(text).toContain('\nPolicy: https://tokens.example/api/revoke\n');
    const until = Date.parse(/^Expires: (.*)$/m.exec(text)?.[1] ?? '') - Date.now();
    expect(until).toBeGreaterThan(100 * DAY_MS);
    expect(until).toBeLessThan(365 * DAY_MS);
  });

  test('is not there while there is no contact', async () => {
    expect((await read({ publicUrl: 'https://tokens.example' })).status).toBe(404);
  });
});
