import { once } from 'node:events';
import { connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ask, sendRaw } from '../http/a-server.ts';
import { ANN } from '../tokens/a-token.ts';
import { type Edit, hasGateway, startApi } from './a-gateway.ts';
import { type ApplicationKind, startApplication } from './an-application.ts';
import { BEARER, GOOD, theWayTo } from './the-way.ts';

const LIE = 'U0EVE';
const CREDENTIALS = ['HTTP_AUTHORIZATION', 'HTTP_X_API_KEY', 'HTTP_TOKEN'];
/** What the client says, in each of the ways in which CGI and its heirs read it as X-Token-Owner and so on. */
const LIES: readonly (readonly [string, readonly string[]])[] = [
  ['under its name', ['X-Token-Owner', LIE]],
  ['in small letters', ['x-token-owner', LIE]],
  ['in capitals', ['X-TOKEN-OWNER', LIE]],
  ['twice', ['X-Token-Owner', LIE, 'X-Token-Owner', LIE]],
  ['with underscores', ['X_Token_Owner', LIE]],
  ['with one underscore', ['X-Token_Owner', LIE, 'X_Token-Owner', LIE]],
  ['with dots', ['X.Token.Owner', LIE]],
  ['of all four', ['X-Token-Id', LIE, 'X-Token-Name', LIE, 'X-Token-Owner', LIE, 'X-Token-Scopes', LIE]],
];

/** nginx reads what stands before Host by the settings of the port's default server. */
const LIES_BEFORE_HOST = `GET / HTTP/1.1\r\n${['X_Mine: passed', ...['X_Token_Owner', 'X-Token_Owner', 'X_Token-Owner', 'X_Token_Id', 'X-Token_Name', 'X_Token-Scopes'].map((name) => `${name}: ${LIE}`)].join('\r\n')}\r\nHost: localhost\r\nConnection: close\r\nToken: ${GOOD}\r\n\r\n`;

/** The recipe with an API of another kind, as the README tells. */
const RECIPES: Readonly<Record<ApplicationKind, Edit>> = {
  fastcgi: nginxBy(
    'fastcgi_pass api; fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;',
  ),
  uwsgi: nginxBy(
    'uwsgi_pass api; uwsgi_param REQUEST_METHOD $request_method; uwsgi_param REQUEST_URI $request_uri;',
  ),
  scgi: nginxBy(
    'scgi_pass api; scgi_param REQUEST_METHOD $request_method; scgi_param REQUEST_URI $request_uri;',
  ),
  grpc: (recipe) =>
    nginxBy('grpc_pass grpc://api;')(recipe).replace('127.0.0.1:8000;', '127.0.0.1:8000 http2;'),
};
const KINDS = Object.keys(RECIPES) as ApplicationKind[];

describe.for(KINDS)('an API by %s_pass behind nginx', (kind) => {
  const here = test.skipIf(!hasGateway('nginx'));

  here.for(LIES)('learns who it is, and never what a client says %s', async ([, lies]) => {
    const { gateway, api } = await theWayTo(await startApplication(kind), 'nginx', RECIPES[kind]);

    expect(await statusBy(kind, gateway.port, [...BEARER, ...lies])).toBe(200);

    expect(api.passed).toHaveLength(1);
    expect(api.passed[0]).toMatchObject({
      HTTP_X_TOKEN_ID: expect.stringMatching(/^tok_/),
      HTTP_X_TOKEN_NAME: 'deploy-bot',
      HTTP_X_TOKEN_OWNER: ANN,
      REQUEST_METHOD: 'GET',
    });
    expect(api.passed[0]).not.toHaveProperty('HTTP_X_TOKEN_SCOPES');
    expect(JSON.stringify(api.passed)).not.toContain(LIE);
  });

  here.for([
    ['Authorization', BEARER],
    ['X-API-Key', ['X-API-Key', GOOD]],
    ['token', ['token', GOOD]],
  ] as const)('never gets the value in %s', async ([, headers]) => {
    const { gateway, api } = await theWayTo(await startApplication(kind), 'nginx', RECIPES[kind]);

    expect(await statusBy(kind, gateway.port, headers)).toBe(200);

    expect(api.passed).toHaveLength(1);
    for (const name of CREDENTIALS) expect(api.passed[0]).not.toHaveProperty(name);
    expect(JSON.stringify(api.passed)).not.toContain(GOOD);
    expect(gateway.output()).not.toContain(GOOD);
  });

  here('hears nothing of who may not pass', async () => {
    const { gateway, api } = await theWayTo(await startApplication(kind), 'nginx', RECIPES[kind]);

    expect(await statusBy(kind, gateway.port, [])).toBe(401);
    expect(await statusBy(kind, gateway.port, [...BEARER, 'Token', GOOD])).toBe(400);
    expect(await statusBy(kind, gateway.port, BEARER, '/deploy/now')).toBe(403);
    expect(api.passed).toEqual([]);
  });

  here('hears nothing while apitoken cannot know: 503', async () => {
    const broken = { store: { readSecret: () => Promise.reject(new Error('x')) } };
    const { gateway, api } = await theWayTo(await startApplication(kind), 'nginx', RECIPES[kind], {}, broken);

    expect(await statusBy(kind, gateway.port, BEARER)).toBe(503);
    expect(api.passed).toEqual([]);
  });

  here('believes nothing of a preflight, which passes unasked', async () => {
    const { gateway, api } = await theWayTo(await startApplication(kind), 'nginx', (recipe) =>
      RECIPES[kind](recipe).replace(' http2;', ';'),
    );
    const headers = ['Origin', 'https://app.example', 'Access-Control-Request-Method', 'PUT'];
    const lies = ['X-Token-Id', LIE, 'X-Token-Owner', LIE, 'X_Token_Owner', LIE, 'X-API-Key', LIE];

    const reply = await ask(gateway.port, '/', { method: 'OPTIONS', headers: [...headers, ...lies] });

    expect(reply.status).toBe(200);
    expect(api.passed).toMatchObject([{ REQUEST_METHOD: 'OPTIONS', HTTP_ORIGIN: 'https://app.example' }]);
    expect(JSON.stringify(api.passed)).not.toMatch(/HTTP_X_TOKEN|HTTP_X_API_KEY|U0EVE/);
  });

  here('learns the scopes and the address that the gateway saw', async () => {
    const fields = { scopes: ['read', 'deploy'] };
    const { gateway, api } = await theWayTo(await startApplication(kind), 'nginx', RECIPES[kind], fields);

    const headers = [...BEARER, 'X-Forwarded-For', '203.0.113.9'];
    expect(await statusBy(kind, gateway.port, headers, '/deploy/now')).toBe(200);

    expect(api.passed).toMatchObject([
      { HTTP_X_TOKEN_SCOPES: 'read deploy', HTTP_X_FORWARDED_FOR: '127.0.0.1' },
    ]);
  });

  here('hears no lie where the default server of the port lets underscores pass', async () => {
    const { gateway, api } = await theWayTo(await startApplication(kind), 'nginx', (recipe) =>
      withLaxDefault(RECIPES[kind](recipe).replace(' http2;', ';')),
    );

    const raw = await sendRaw(gateway.port, LIES_BEFORE_HOST);

    expect(raw).toMatch(/^HTTP\/1\.1 200 /);
    expect(api.passed).toMatchObject([{ HTTP_X_TOKEN_OWNER: ANN, HTTP_X_MINE: 'passed' }]);
    expect(JSON.stringify(api.passed)).not.toContain(LIE);
  });
});

test.skipIf(!hasGateway('nginx'))(
  'an API by proxy_pass hears no lie where the default server of the port lets underscores pass',
  async () => {
    const { gateway, api } = await theWayTo(await startApi(), 'nginx', withLaxDefault);

    const raw = await sendRaw(gateway.port, LIES_BEFORE_HOST);

    expect(raw).toMatch(/^HTTP\/1\.1 200 /);
    expect(api.passed).toMatchObject([{ headers: { 'x-token-owner': ANN, x_mine: 'passed' } }]);
    expect(JSON.stringify(api.passed)).not.toContain(LIE);
  },
);

describe('an API by FastCGI or HTTP/2 behind Caddy', () => {
  const here = test.skipIf(!hasGateway('caddy'));
  const recipes: readonly (readonly [ApplicationKind, Edit])[] = [
    [
      'fastcgi',
      (recipe) =>
        recipe.replaceAll(
          'reverse_proxy {$API:127.0.0.1:3000}',
          'reverse_proxy {$API:127.0.0.1:3000} {\ntransport fastcgi\n}',
        ),
    ],
    ['grpc', (recipe) => recipe.replaceAll('reverse_proxy {$API', 'reverse_proxy h2c://{$API')],
  ];
  const cases = recipes.flatMap(([kind, edit]) =>
    LIES.map(([how, lies]) => [kind, how, edit, lies] as const),
  );

  here.for(cases)('by %s hears who it is, and no lie %s', async ([kind, , edit, lies]) => {
    const { gateway, api } = await theWayTo(await startApplication(kind), 'caddy', edit);

    expect((await ask(gateway.port, '/', { headers: [...BEARER, ...lies] })).status).toBe(200);

    expect(api.passed).toMatchObject([{ HTTP_X_TOKEN_OWNER: ANN, HTTP_X_TOKEN_NAME: 'deploy-bot' }]);
    for (const name of CREDENTIALS) expect(api.passed[0]).not.toHaveProperty(name);
    expect(JSON.stringify(api.passed)).not.toContain(LIE);
    expect(JSON.stringify(api.passed)).not.toContain(GOOD);
  });
});

/** The recipe of nginx with another directive in the place of `proxy_pass`. */
function nginxBy(directives: string): Edit {
  return (recipe) => recipe.replaceAll('proxy_pass http://api;', directives);
}

/** With a default server before ours on its port that takes underscores, as many a site has it. */
function withLaxDefault(recipe: string): string {
  const listen = /listen [^;]+;/.exec(recipe)?.[0] ?? '';
  const lax = `server {\n${listen.replace(';', ' default_server;')}\nserver_name lax;\nunderscores_in_headers on;\nreturn 444;\n}\n`;
  return recipe.replace(
    /server \{\s+listen /,
    (ours) => lax + ours.replace('listen ', 'server_name localhost;\nlisten '),
  );
}

/** The status of a GET, by HTTP/2 where gRPC is spoken. */
async function statusBy(
  kind: ApplicationKind,
  port: number,
  headers: readonly string[],
  path = '/',
): Promise<number> {
  if (kind !== 'grpc') return (await ask(port, path, { headers })).status;
  const session = connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const sent: Record<string, string[]> = {};
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase();
    sent[name] = [...(sent[name] ?? []), headers[i + 1] ?? ''];
  }
  const single = Object.entries(sent).map(([name, texts]) => [name, texts.length === 1 ? texts[0] : texts]);
  const stream = session.request({ ':path': path, ...Object.fromEntries(single) });
  stream.end();
  const [answer] = await once(stream, 'response');
  await text(stream);
  return Number(answer[':status']);
}
