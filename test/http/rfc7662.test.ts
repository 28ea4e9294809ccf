import { describe, expect, test } from 'vitest';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../src/clock.ts';
import { revokeTokens } from '../../src/tokens/revoke.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { aDelivery, ann, type House } from '../tokens/a-house.ts';
import { ANN, aName, aSecret, BOB, sealed, T0 } from '../tokens/a-token.ts';
import { aServer, ask, sendRaw, withoutDate } from './a-server.ts';
import { aService, basic, basicOf, bearer, post } from './a-service.ts';

const REALM = 'Bearer realm="apitoken"';
const DENIED = { body: '{"error":"invalid_token"}', challenge: `${REALM}, error="invalid_token"` };
const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded';
const INACTIVE = '{"active":false}';
const CALLER = TokenValue.generate('apit');
const caller = aSecret(CALLER, { scopes: ['introspect'] });

describe('RFC 7662 §2.1: the request', () => {
  test.for([
    ['the token alone', 'token=VALUE'],
    ['a hint of the token’s type, which is ignored', 'token=VALUE&token_type_hint=access_token'],
    ['a hint that nobody knows', 'token=VALUE&token_type_hint=%00'],
    ['two hints', 'token_type_hint=a&token=VALUE&token_type_hint=b'],
    ['parameters that mean nothing here', 'x=1&token=VALUE&Token=2'],
  ])('is a form with %s', async ([, form]) => {
    const service = await aService();
    const { token, value } = await service.house.holds();

    const reply = await service.posts(
      '/introspect',
      String(form).replace('VALUE', value.reveal()),
      await service.introspector(),
    );

    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body)).toMatchObject({ active: true, client_id: token.id });
  });

  test.for([
    ['no token', 'token_type_hint=access_token'],
    ['nothing in it', ''],
    ['an empty token', 'token='],
    ['two tokens', 'token=a&token=b'],
    ['the same token twice', 'token=a&token=a'],
    ['an empty token beside one', 'token=&token=a'],
    ['the token by another name', 'Token=a&access_token=b'],
  ])('with %s is 400 invalid_request', async ([, form]) => {
    const server = await aServer([caller]);

    const reply = await post(server.port, '/introspect', String(form), bearer(CALLER.reveal()));

    expect(reply).toMatchObject({ status: 400, body: '{"error":"invalid_request"}' });
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  test('with no body at all is 400 invalid_request', async () => {
    const server = await aServer([caller]);

    const reply = await ask(server.port, '/introspect', {
      method: 'POST',
      headers: [...bearer(CALLER.reveal()), 'Content-Length', '0'],
    });

    expect(reply).toMatchObject({ status: 400, body: '{"error":"invalid_request"}' });
  });

  test('with the token in the URL is 400: a URL is kept in logs', async () => {
    const server = await aServer([caller]);

    const reply = await post(
      server.port,
      `/introspect?token=${CALLER.reveal()}`,
      '',
      bearer(CALLER.reveal()),
    );

    expect(reply).toMatchObject({ status: 400, body: '{"error":"invalid_request"}' });
  });

  test.for([
    ['JSON', 'application/json', '{"token":"a"}'],
    ['text', 'text/plain', 'token=a'],
    ['a form of many parts', 'multipart/form-data; boundary=x', '--x--'],
    ['a body of no type', '', 'token=a'],
    ['a type that is none', 'x', 'token=a'],
  ])('with %s is 415', async ([, type, body]) => {
    const server = await aServer([caller]);

    const headers = [...bearer(CALLER.reveal()), ...(type === '' ? [] : ['Content-Type', String(type)])];
    const reply = await ask(server.port, '/introspect', { method: 'POST', headers, body: String(body) });

    expect(reply).toMatchObject({ status: 415, body: '{"error":"invalid_request"}' });
  });

  test('may name the charset of its form', async () => {
    const server = await aServer([caller]);

    const headers = [
      ...bearer(CALLER.reveal()),
      'Content-Type',
      'Application/X-WWW-Form-URLencoded; charset=UTF-8',
    ];
    const body = `token=${CALLER.reveal()}`;
    const reply = await ask(server.port, '/introspect', { method: 'POST', headers, body });

    expect(reply).toMatchObject({ status: 200 });
    expect(JSON.parse(reply.body)).toMatchObject({ active: true });
  });

  test.for(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'by %s is 405: a GET would put the token into the URL (§4)',
    async (method) => {
      const server = await aServer([caller]);

      const headers = bearer(CALLER.reveal());
      const reply = await ask(server.port, '/introspect?token=x', { method, headers });

      expect(reply).toMatchObject({ status: 405, headers: { allow: 'POST', 'cache-control': 'no-store' } });
    },
  );
});

describe('RFC 7662 §2.1, §2.3: the caller', () => {
  test.for([
    ['presents nothing', [], { body: '', challenge: REALM }],
    ['presents nothing by Basic', ['Authorization', 'Basic'], { body: '', challenge: REALM }],
    ['presents another scheme', ['Authorization', 'Digest dTpw'], { body: '', challenge: REALM }],
    [
      'presents the value in a header of /verify',
      ['X-API-Key', CALLER.reveal()],
      { body: '', challenge: REALM },
    ],
    ['presents a value of no shape', bearer('x'), DENIED],
    ['presents an empty value', ['Authorization', 'Bearer'], { body: '', challenge: REALM }],
    ['presents a value that nobody knows', bearer(TokenValue.generate('apit').reveal()), DENIED],
  ] as const)('who %s is 401 (RFC 6750 §3.1)', async ([, headers, expected]) => {
    const server = await aServer([caller]);

    const reply = await post(server.port, '/introspect', `token=${CALLER.reveal()}`, headers);

    expect(reply).toMatchObject({
      status: 401,
      body: expected.body,
      headers: { 'www-authenticate': expected.challenge, 'cache-control': 'no-store' },
    });
    expect(server.uses).toEqual([]);
  });

  test.for([
    ['expired', { endsAt: T0 }],
    ['was revoked', { digest: null }],
    ['was never shown', { shownAt: null, createdAt: 0 }],
  ] as const)('whose token %s is 401 invalid_token', async ([, fields]) => {
    const server = await aServer([sealed({ ...caller, ...fields })]);

    const reply = await post(server.port, '/introspect', 'token=x', bearer(CALLER.reveal()));

    expect(reply).toMatchObject({
      status: 401,
      body: DENIED.body,
      headers: { 'www-authenticate': DENIED.challenge },
    });
  });

  test.for([[[]], [['read', 'write']], [['Introspect']], [['introspection', 'introspect:all']]])(
    'who has the scopes %o is 401 insufficient_scope, as §2.3 asks for, and is told what is needed',
    async ([scopes]) => {
      const server = await aServer([sealed({ ...caller, scopes: scopes ?? [] })]);

      const reply = await post(
        server.port,
        '/introspect',
        `token=${CALLER.reveal()}`,
        bearer(CALLER.reveal()),
      );

      expect(reply).toMatchObject({
        status: 401,
        body: '{"error":"insufficient_scope"}',
        headers: { 'www-authenticate': `${REALM}, error="insufficient_scope", scope="introspect"` },
      });
    },
  );

  test('who presents two credentials is 400 (RFC 6750 §3.1)', async () => {
    const server = await aServer([caller]);

    const headers = [...bearer(CALLER.reveal()), ...bearer(CALLER.reveal())];
    const reply = await post(server.port, '/introspect', 'token=x', headers);

    expect(reply).toMatchObject({
      status: 400,
      body: '{"error":"invalid_request"}',
      headers: { 'www-authenticate': `${REALM}, error="invalid_request"` },
    });
  });

  test.for([
    ['in the form (RFC 6750 §2.2)', '/introspect', `token=x&access_token=${CALLER.reveal()}`],
    ['in the URL (RFC 6750 §2.3)', `/introspect?access_token=${CALLER.reveal()}`, 'token=x'],
    ['by a blank id', '/introspect', 'token=x&client_id=%20'],
    ['as a client’s secret in the URL', `/introspect?client_secret=${CALLER.reveal()}`, 'token=x'],
  ])('who presents a value %s presents none', async ([, path, form]) => {
    const server = await aServer([caller]);

    const reply = await post(server.port, String(path), String(form));

    expect(reply).toMatchObject({ status: 401, headers: { 'www-authenticate': REALM } });
  });

  test.for([
    ['with a bad value', `Authorization: Bearer x\r\n${FORM_TYPE}`],
    ['as a bad client', `Authorization: Basic dTpw\r\n${FORM_TYPE}`],
    ['without a value, and sends no form that could hold one', 'Content-Type: text/plain'],
  ])('who comes %s is refused before the body is read', async ([, headers]) => {
    const server = await aServer([caller]);

    const raw = await sendRaw(
      server.port,
      `POST /introspect HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ntoken\r\n`,
    );

    expect(raw).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('RFC 6749 §2.3.1: a caller that is a client of OAuth', () => {
  const SUBJECT = TokenValue.generate('apit');
  const asked = aSecret(SUBJECT);
  const SECRET = CALLER.reveal();
  const TOKEN = `token=${SUBJECT.reveal()}`;
  /** As oauth4webapi encodes it: whatever is neither a letter nor a digit. */
  const ENCODED = SECRET.replaceAll('_', '%5F');

  test.for<readonly [string, readonly string[], string]>([
    ['by Basic', basic(SECRET), TOKEN],
    [
      'by Basic in small letters',
      ['Authorization', basic(SECRET)[1]?.replace('Basic', 'basic') ?? ''],
      TOKEN,
    ],
    ['by Basic, encoded as in a form', basicOf(`api:${ENCODED}`), TOKEN],
    ['by Basic with an empty id', basicOf(`:${SECRET}`), TOKEN],
    ['by Basic with a URL for an id', basic(SECRET, 'https://api.example/x?y'), TOKEN],
    [
      'by Basic with such an id that nobody encoded',
      basicOf(`https://api.example:443/%zz+:${SECRET}`),
      TOKEN,
    ],
    ['by Basic, padded or not', [basic(SECRET)[0] ?? '', (basic(SECRET)[1] ?? '').replace(/=+$/, '')], TOKEN],
    ['by Basic, and its id in the form too', basic(SECRET), `${TOKEN}&client_id=api`],
    ['by Basic beside an empty secret in the form', basic(SECRET), `${TOKEN}&client_id=api&client_secret=`],
    ['by its form', [], `${TOKEN}&client_id=api&client_secret=${SECRET}`],
    ['by its form, encoded', [], `client_secret=${ENCODED}&client_id=a%20b&${TOKEN}`],
    ['by its form without an id', [], `${TOKEN}&client_secret=${SECRET}`],
    ['by its form beside an empty Bearer', ['Authorization', 'Bearer'], `${TOKEN}&client_secret=${SECRET}`],
    ['by its form beside an empty Basic', ['Authorization', 'Basic '], `${TOKEN}&client_secret=${SECRET}`],
    ['by Bearer, its id in the form', bearer(SECRET), `${TOKEN}&client_id=api`],
  ])('may ask %s, and both tokens count as used', async ([, headers, form]) => {
    const server = await aServer([caller, asked]);

    const reply = await post(server.port, '/introspect', form, headers);

    expect(reply).toMatchObject({ status: 200 });
    expect(JSON.parse(reply.body)).toMatchObject({ active: true, client_id: asked.tokenId });
    expect(server.uses.map(({ tokenId }) => tokenId)).toEqual([caller.tokenId, asked.tokenId]);
    expect(server.metrics.figures.introspections).toEqual({ active: 1, inactive: 0, refused: 0 });
  });

  test.for<readonly [string, readonly string[], string]>([
    ['an unknown secret by Basic', basic(TokenValue.generate('apit').reveal()), TOKEN],
    ['a secret of no shape by Basic', basic('x'), TOKEN],
    ['no secret by Basic', basicOf('api:'), TOKEN],
    ['no colon by Basic', basicOf(SECRET), TOKEN],
    ['its secret for an id', basicOf(`${SECRET}:`), TOKEN],
    ['what is no base64', ['Authorization', 'Basic a:b'], TOKEN],
    ['bytes that are no text', ['Authorization', 'Basic /////w=='], TOKEN],
    [
      'a sign in its base64 that is none',
      ['Authorization', (basic(SECRET)[1] ?? '').replace(/^Basic .{4}/, '$&!')],
      TOKEN,
    ],
    [
      'a plus in its secret, which is a space',
      basicOf(`api:${SECRET.slice(0, 9)}+${SECRET.slice(9)}`),
      TOKEN,
    ],
    ['a percent sign behind its secret', basicOf(`api:${SECRET}%`), TOKEN],
    ['a secret encoded twice', basicOf(`api:${encodeURIComponent(ENCODED)}`), TOKEN],
    ['an unknown secret in its form', [], `${TOKEN}&client_id=api&client_secret=x`],
    ['an id alone', [], `${TOKEN}&client_id=api`],
    ['an id and an empty secret', [], `${TOKEN}&client_id=api&client_secret=%20`],
    [
      'an assertion, which nobody here can read',
      [],
      `${TOKEN}&client_assertion=a.b.c&client_assertion_type=x`,
    ],
  ])('with %s is 401 invalid_client (§5.2)', async ([, headers, form]) => {
    const server = await aServer([caller, asked]);

    const reply = await post(server.port, '/introspect', form, headers);

    expect(reply).toMatchObject({
      status: 401,
      body: '{"error":"invalid_client"}',
      headers: { 'www-authenticate': 'Basic realm="apitoken"', 'cache-control': 'no-store' },
    });
    expect(server.uses).toEqual([]);
    expect(server.metrics.figures.introspections).toEqual({ active: 0, inactive: 0, refused: 1 });
  });

  test.for([
    ['expired', { endsAt: T0 }],
    ['was revoked', { digest: null }],
    ['lacks the scope', { scopes: ['read'] }],
  ] as const)('whose token %s is invalid_client in both ways', async ([, fields]) => {
    const server = await aServer([sealed({ ...caller, ...fields }), asked]);

    for (const reply of [
      await post(server.port, '/introspect', TOKEN, basic(SECRET)),
      await post(server.port, '/introspect', `${TOKEN}&client_secret=${SECRET}`),
    ])
      expect(reply).toMatchObject({ status: 401, body: '{"error":"invalid_client"}' });
  });

  test.for<readonly [string, readonly string[], string]>([
    ['Bearer and its form', bearer(SECRET), `${TOKEN}&client_secret=${SECRET}`],
    ['Basic and its form', basic(SECRET), `${TOKEN}&client_id=api&client_secret=${SECRET}`],
    ['Basic and a wrong secret in its form', basic(SECRET), `${TOKEN}&client_secret=x`],
    ['Basic and Bearer', [...basic(SECRET), ...bearer(SECRET)], TOKEN],
    ['Basic twice', [...basic(SECRET), ...basic(SECRET)], TOKEN],
    ['Basic and an assertion', basic(SECRET), `${TOKEN}&client_assertion=a.b.c`],
    ['its form and an assertion', [], `${TOKEN}&client_secret=${SECRET}&client_assertion=a.b.c`],
    ['its form, twice the secret', [], `${TOKEN}&client_secret=${SECRET}&client_secret=${SECRET}`],
    ['its form, twice the id', [], `${TOKEN}&client_id=a&client_id=b&client_secret=${SECRET}`],
  ])('by %s is 400: exactly one way (§2.3)', async ([, headers, form]) => {
    const server = await aServer([caller, asked]);

    const reply = await post(server.port, '/introspect', form, headers);

    expect(reply).toMatchObject({
      status: 400,
      body: '{"error":"invalid_request"}',
      headers: { 'www-authenticate': `${REALM}, error="invalid_request"` },
    });
    expect(server.uses.map(({ tokenId }) => tokenId)).not.toContain(asked.tokenId);
  });

  test('is refused 30 times a minute, whichever way it tries, and then 429', async () => {
    const server = await aServer([caller, asked]);
    const tries = [
      () => post(server.port, '/introspect', TOKEN, basic('x')),
      () => post(server.port, '/introspect', `${TOKEN}&client_secret=x`),
      () => post(server.port, '/introspect', TOKEN, bearer('x')),
    ];

    const statuses: number[] = [];
    for (let i = 0; i < 33; i++) statuses.push((await tries[i % 3]?.())?.status ?? 0);

    expect(statuses).toEqual([...Array(30).fill(401), ...Array(3).fill(429)]);
    expect(await post(server.port, '/introspect', TOKEN, basic(SECRET))).toMatchObject({ status: 200 });
    expect(await post(server.port, '/introspect', `${TOKEN}&client_secret=${SECRET}`)).toMatchObject({
      status: 200,
    });
  });

  test('finds its secret neither in the log nor in an answer, also when something breaks', async () => {
    const server = await aServer([], { store: { readSecret: () => Promise.reject(new Error('broken')) } });

    const replies = [
      await post(server.port, '/introspect', TOKEN, basic(SECRET)),
      await post(server.port, '/introspect', `${TOKEN}&client_secret=${SECRET}`),
    ];

    expect(replies.map(({ status }) => status)).toEqual([503, 503]);
    const pair = basic(SECRET)[1]?.slice('Basic '.length) ?? '';
    for (const told of [JSON.stringify(replies), server.lines.join('\n')]) {
      expect(told).not.toContain(SECRET);
      expect(told).not.toContain(pair);
    }
  });
});

describe('RFC 7662 §2.2: the answer', () => {
  test('tells of a live token who owns it, what it may do and how long', async () => {
    const service = await aService();
    const asker = await service.introspector();
    service.house.moveBy(1500);
    const { token, value } = await service.house.holds({
      name: aName('deploy-bot 🚀'),
      scopes: ['read', 'write'],
      expiry: { kind: 'days', days: 30 },
    });

    const reply = await service.posts('/introspect', `token=${value.reveal()}`, asker);

    expect(reply).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    });
    expect(JSON.parse(reply.body)).toEqual({
      active: true,
      scope: 'read write',
      client_id: token.id,
      username: ANN,
      token_type: 'Bearer',
      // Whole seconds, and never later than it really ends.
      exp: (T0 + 1000 + 30 * DAY_MS) / SECOND_MS,
      iat: (T0 + 1000) / SECOND_MS,
      sub: ANN,
      token_name: 'deploy-bot 🚀',
    });
  });

  test('leaves out what there is nothing to say of: no scopes, no end', async () => {
    const service = await aService();
    const { token, value } = await service.house.holds();

    const reply = await service.posts('/introspect', `token=${value.reveal()}`, await service.introspector());

    expect(JSON.parse(reply.body)).toEqual({
      active: true,
      client_id: token.id,
      username: ANN,
      token_type: 'Bearer',
      iat: T0 / SECOND_MS,
      sub: ANN,
      token_name: token.name,
    });
  });

  test('names nobody by what a person may choose: a token called after somebody is still its owner’s', async () => {
    const service = await aService();
    const { value } = await service.house.holds({ name: aName(BOB) });

    const reply = await service.posts('/introspect', `token=${value.reveal()}`, await service.introspector());

    expect(JSON.parse(reply.body)).toMatchObject({ username: ANN, sub: ANN });
  });

  test('tells of an old value in its grace when that value ends', async () => {
    const service = await aService();
    const asker = await service.introspector();
    const { token, value } = await service.house.holds();
    await service.house.rotates(token, { grace: 'day' });

    const old = await service.posts('/introspect', `token=${value.reveal()}`, asker);
    service.house.moveBy(DAY_MS);
    const retired = await service.posts('/introspect', `token=${value.reveal()}`, asker);

    expect(JSON.parse(old.body)).toMatchObject({ active: true, exp: (T0 + DAY_MS) / SECOND_MS });
    expect(retired.body).toBe(INACTIVE);
  });

  type Made = (house: House) => Promise<string>;
  const kinds: readonly (readonly [string, Made])[] = [
    ['is of no shape', async () => 'x'],
    ['has wrong check digits', async (house) => `${(await house.holds()).value.reveal().slice(0, -6)}000000`],
    ['is unknown', async () => TokenValue.generate('apit').reveal()],
    [
      'was revoked',
      async (house) => {
        const { token, value } = await house.holds();
        const request = {
          actor: ann,
          tokenIds: [token.id],
          reason: null,
          held: false,
          delivery: aDelivery(),
        };
        await revokeTokens(request, house.deps);
        return value.reveal();
      },
    ],
    [
      'expired',
      async (house) => {
        const { value } = await house.holds({ expiry: { kind: 'days', days: 1 } });
        house.moveBy(DAY_MS);
        return value.reveal();
      },
    ],
    ['has a NUL in it', async () => 'apit_%00'],
    ['has a line end in it', async () => 'apit_%0D%0AX-Token-Owner:%20U0EVE'],
    ['is of bytes that are no text', async () => '%ff%fe'],
    ['is of 10,000 characters', async () => 'x'.repeat(10_000)],
  ];

  test.for(kinds)('of a value that %s is exactly {"active":false}, the same bytes', async ([, made]) => {
    const service = await aService();
    const asker = await service.introspector();
    const form = `token=${await made(service.house)}`;

    const raw = await sendRaw(
      service.port,
      `POST /introspect HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${asker.join(': ')}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
    );

    expect(withoutDate(raw)).toBe(
      'HTTP/1.1 200 OK\r\n' +
        'cache-control: no-store\r\n' +
        'content-type: application/json; charset=utf-8\r\n' +
        'content-length: 16\r\n' +
        `Connection: close\r\n\r\n${INACTIVE}`,
    );
  });

  test('counts a revocation of a moment ago, for the token and for the caller', async () => {
    const service = await aService();
    const asker = await service.introspector();
    const { value } = await service.house.holds();
    const form = `token=${value.reveal()}`;

    const before = await service.posts('/introspect', form, asker);
    await service.posts('/revoke', form);
    const after = await service.posts('/introspect', form, asker);
    await service.posts('/revoke', `token=${asker[1]?.slice('Bearer '.length)}`);
    const lapsed = await service.posts('/introspect', form, asker);

    expect(JSON.parse(before.body)).toMatchObject({ active: true });
    expect(after.body).toBe(INACTIVE);
    expect(lapsed.status).toBe(401);
  });
});

describe('what owners see of an introspection', () => {
  test('is a use of both tokens, from where the caller is', async () => {
    const subject = TokenValue.generate('apit');
    const asked = aSecret(subject);
    const server = await aServer([caller, asked], { isProxy: (address) => address === '127.0.0.1' });

    const headers = [...bearer(CALLER.reveal()), 'X-Forwarded-For', '192.0.2.7'];
    await post(server.port, '/introspect', `token=${subject.reveal()}`, headers);

    expect(server.uses).toEqual(
      [caller, asked].map(({ tokenId }) => ({ tokenId, at: T0 + 1, address: '192.0.2.7' })),
    );
  });

  test('is a refusal when the value has ended', async () => {
    const subject = TokenValue.generate('apit');
    const ended = aSecret(subject, { endsAt: T0 });
    const server = await aServer([caller, ended]);

    await post(server.port, '/introspect', `token=${subject.reveal()}`, bearer(CALLER.reveal()));

    expect(server.refusals).toMatchObject([{ tokenId: ended.tokenId }]);
  });

  test('is a try when the token was revoked', async () => {
    const subject = TokenValue.generate('apit');
    const revoked = aSecret(subject, { digest: null });
    const server = await aServer([caller, revoked]);

    await post(server.port, '/introspect', `token=${subject.reveal()}`, bearer(CALLER.reveal()));

    expect(server.tries).toMatchObject([{ tokenId: revoked.tokenId }]);
    expect(server.refusals).toEqual([]);
  });

  test('is nothing while the caller may not ask', async () => {
    const subject = TokenValue.generate('apit');
    const server = await aServer([aSecret(subject)]);

    await post(server.port, '/introspect', `token=${subject.reveal()}`, bearer(CALLER.reveal()));

    expect(server.uses).toEqual([]);
  });
});

describe('what cannot be looked up is 503, never active or inactive', () => {
  const subject = TokenValue.generate('apit');

  test.for([
    ['the caller', CALLER.lookupId],
    ['the token', subject.lookupId],
  ])('when the store throws over %s', async ([, broken]) => {
    const server = await aServer([], {
      store: {
        readSecret: async (lookupId) => {
          if (lookupId === broken) throw new Error('select hash from secrets: /data/x.db');
          return caller;
        },
      },
    });

    const reply = await post(
      server.port,
      '/introspect',
      `token=${subject.reveal()}`,
      bearer(CALLER.reveal()),
    );

    expect(reply).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
    });
    const { reference, ...rest } = JSON.parse(reply.body);
    expect(rest).toEqual({ error: 'unavailable' });
    expect(server.lines).toHaveLength(1);
    expect(JSON.parse(server.lines[0] ?? '')).toMatchObject({ level: 'error', reference });
    expect(server.lines[0]).not.toContain(subject.reveal());
  });

  test.for([
    ['a caller', bearer(CALLER.reveal()), { caller: 'ffffffff' }],
    ['a caller that is a client', basic(CALLER.reveal()), { caller: 'ffffffff' }],
    ['the token', bearer(CALLER.reveal()), { token: 'ffffffff' }],
  ] as const)('while %s needs bcrypt and too much of that is under way', async ([, headers, lost]) => {
    const { pepperId } = caller;
    const secrets = [
      { ...caller, pepperId: 'caller' in lost ? lost.caller : pepperId },
      aSecret(subject, { pepperId: 'token' in lost ? lost.token : pepperId }),
    ];
    const server = await aServer(secrets, { checkHash: async () => 'busy' });

    const reply = await post(server.port, '/introspect', `token=${subject.reveal()}`, headers);

    expect(reply).toMatchObject({
      status: 503,
      body: '{"error":"unavailable"}',
      headers: { 'retry-after': '5', 'cache-control': 'no-store' },
    });
    expect(reply.headers).not.toHaveProperty('www-authenticate');
    expect(server.metrics.figures.introspections).toEqual({ active: 0, inactive: 0, refused: 0 });
  });
});

describe('RFC 7662 §4: whoever guesses', () => {
  test('is refused 30 times a minute, then 429 with when to come back', async () => {
    let now = T0;
    const server = await aServer([caller], { clock: () => now });
    const strangerAsks = () => post(server.port, '/introspect', 'token=x', bearer('x'));

    const statuses: number[] = [];
    for (let i = 0; i < 30; i++) statuses.push((await strangerAsks()).status);
    now += 10_500;
    const limited = await strangerAsks();
    now = T0 + MINUTE_MS;
    const later = await strangerAsks();

    expect(new Set(statuses)).toEqual(new Set([401]));
    expect(limited).toMatchObject({
      status: 429,
      body: '{"error":"too_many_requests"}',
      headers: { 'retry-after': '50', 'cache-control': 'no-store' },
    });
    expect(limited.headers).not.toHaveProperty('www-authenticate');
    expect(later.status).toBe(401);
  });

  test('does not hold up a caller who may ask, from the same address or ever', async () => {
    const server = await aServer([caller]);
    for (let i = 0; i < 40; i++) await post(server.port, '/introspect', 'token=x');

    for (let i = 0; i < 40; i++) {
      const reply = await post(server.port, '/introspect', 'token=x', bearer(CALLER.reveal()));
      expect(reply).toMatchObject({ status: 200, body: INACTIVE });
    }
  });
});
