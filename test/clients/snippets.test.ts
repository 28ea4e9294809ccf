import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type OutgoingHttpHeaders, type Server } from 'node:http';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { temporaryFolder } from '../fixture.ts';
import { freePort, listening } from '../gateways/a-gateway.ts';
import { aServer, ask } from '../http/a-server.ts';
import { ANN, aName, aSecret } from '../tokens/a-token.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const REALM = 'Bearer realm="apitoken"';
/** To start a JVM or to build with Go takes a while on a busy machine. */
const MS_MAX = 120_000;

type Client = {
  readonly folder: string;
  /** What starts the API in a copy of the folder. */
  readonly start: (folder: string) => ChildProcessWithoutNullStreams;
  readonly isHere?: () => boolean;
  readonly packages?: string;
};

const PYTHON = '/usr/bin/python3';
const GO = '/usr/bin/go';
const JAVA = '/usr/bin/java';

const CLIENTS: Readonly<Record<string, Client>> = {
  'Node, fetch': { folder: 'node', start: byNode('node-http.mjs') },
  Express: { folder: 'node', start: byNode('express.mjs') },
  Fastify: { folder: 'node', start: byNode('fastify.mjs') },
  'Python, requests': {
    folder: 'python',
    start: byPython('wsgi_app.py'),
    isHere: () => spawnSync(PYTHON, ['-c', 'import requests']).status === 0,
    packages: 'python3-requests',
  },
  FastAPI: {
    folder: 'python',
    start: byPython('fastapi_app.py'),
    isHere: () => spawnSync(PYTHON, ['-c', 'import requests, fastapi, uvicorn']).status === 0,
    packages: 'python3-requests python3-fastapi python3-uvicorn',
  },
  Go: { folder: 'go', start: byGo, isHere: () => existsSync(GO), packages: 'golang-go' },
  Java: {
    folder: 'java',
    start: (cwd) => spawn(JAVA, ['-XX:TieredStopAtLevel=1', 'Api.java'], { cwd }),
    isHere: () => existsSync(JAVA) && spawnSync(JAVA, ['--list-modules']).stdout.includes('jdk.compiler@'),
    packages: 'default-jdk-headless',
  },
};

function byNode(file: string): Client['start'] {
  return (cwd) => {
    // Express comes with Bolt.
    symlinkSync(join(ROOT, 'node_modules'), join(cwd, 'node_modules'));
    return spawn(process.execPath, [file], { cwd });
  };
}

function byPython(file: string): Client['start'] {
  return (cwd) =>
    spawn(PYTHON, ['-B', file], { cwd, env: { PYTHONUNBUFFERED: '1', HTTP_PROXY: 'http://127.0.0.1:1' } });
}

function byGo(cwd: string): ChildProcessWithoutNullStreams {
  const env = {
    HOME: cwd,
    GOFLAGS: '-mod=mod',
    GOPROXY: 'off',
    PATH: '/usr/bin:/bin',
    HTTP_PROXY: 'http://127.0.0.1:1',
  };
  execFileSync(GO, ['vet', '.'], { cwd, env });
  execFileSync(GO, ['build', '-o', 'api', '.'], { cwd, env });
  return spawn(join(cwd, 'api'), [], { cwd, env });
}

/** Whether a client can run here. Says why not when it cannot; where CI runs, it throws instead. */
function isHere(name: string, { isHere: looks, packages }: Client): boolean {
  const has = looks === undefined || looks();
  const hint = `What runs ${name} is not here. apt-get install ${packages} brings it.`;
  // biome-ignore lint/style/noProcessEnv: .ci/run says by it that skipped tests are a fault; no part of the app is told.
  if (!has && process.env.GATEWAYS_REQUIRED === 'true') throw new Error(hint);
  if (!has) process.stderr.write(`Skipped: ${hint}\n`);
  return has;
}

/** Starts the very files of `docs/clients`, but for the addresses and the time that they name as yours. */
async function startApi({ folder: name, start }: Client, apitoken: number) {
  const folder = join(temporaryFolder(), name);
  cpSync(join(ROOT, 'docs/clients', name), folder, { recursive: true });
  const port = await freePort();
  for (const file of readdirSync(folder).map((each) => join(folder, each))) {
    if (!statSync(file).isFile()) continue;
    const text = readFileSync(file, 'utf8')
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${apitoken}`)
      .replaceAll(/\b3000\b/g, String(port))
      .replace(/(TIMEOUT_MS = )10_000|(TIMEOUT_SECONDS = )10|(timeout = )10 |(ofSeconds\()10/, '$1$2$3$4@ ')
      .replace(/(TIMEOUT_MS = )@ /, '$11000')
      .replace('@ ', '1 ');
    writeFileSync(file, text);
  }
  return listening(start(folder), name, port);
}

const live = TokenValue.generate('apit');
const deployer = TokenValue.generate('apit');
const LIVE = ['Authorization', `Bearer ${live.reveal()}`];
const JSON_TYPE = ['Content-Type', 'application/json'];
const DEPLOYER = ['X-API-Key', deployer.reveal()];
const UNKNOWN = ['Token', TokenValue.generate('apit').reveal()];

/** The real server on a port, that knows two tokens until they are revoked. */
async function startApitoken(port: number) {
  const held = { revoked: false, broken: false };
  const known = [
    aSecret(live, { name: aName('Grüße+100 %') }),
    aSecret(deployer, { scopes: ['read', 'deploy'] }),
  ];
  const server = await aServer([], {
    port,
    isProxy: () => true,
    store: {
      readSecret: async (lookupId) => {
        if (held.broken) throw new Error('the disk is gone');
        const secret = known.find((each) => each.lookupId === lookupId);
        return secret && held.revoked ? { ...secret, digest: null } : secret;
      },
    },
  });
  return { server, held };
}

/** Something on the port that is no apitoken: it answers everything alike, or never. */
async function startOther(
  port: number,
  status: number | 'never',
  headers: OutgoingHttpHeaders = {},
): Promise<Server> {
  const server = createServer((_request, response) => {
    if (status !== 'never') response.writeHead(status, headers).end();
  });
  await new Promise<void>((settle) => void server.listen(port, '127.0.0.1', settle));
  onTestFinished(() => close(server));
  return server;
}

function close(server: Server): Promise<void> {
  return new Promise((settle) => {
    server.close(() => settle());
    server.closeAllConnections();
  });
}

/** What the API answers, as far as it says anything of the credential. */
async function answerOf(port: number, headers: readonly string[], path = '/', method = 'GET') {
  const reply = await ask(port, path, { headers, method, ...(method === 'POST' ? { body: '{}' } : {}) });
  return [reply.status, reply.headers['www-authenticate'] ?? reply.headers['retry-after'] ?? ''];
}

test.for(Object.entries(CLIENTS))(
  '%s lets pass what apitoken allows, and nothing else',
  { timeout: MS_MAX },
  async ([name, client], context) => {
    if (!isHere(name, client)) return context.skip();
    const port = await freePort();
    const { server, held } = await startApitoken(port);
    const { port: api, output } = await startApi(client, port);

    const allowed = await ask(api, '/', { headers: LIVE });
    expect(allowed.status).toBe(200);
    expect(JSON.parse(allowed.body)).toMatchObject({ name: 'Grüße+100 %', owner: ANN, scopes: [] });
    expect(
      (await ask(api, '/', { method: 'POST', headers: [...LIVE, ...JSON_TYPE], body: '{}' })).status,
    ).toBe(200);
    const deployed = await ask(api, '/deploy', { headers: DEPLOYER });
    expect(JSON.parse(deployed.body)).toMatchObject({ scopes: ['read', 'deploy'] });
    expect(new Set(server.uses.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));

    const missing = `${REALM}, error="insufficient_scope", scope="deploy"`;
    const invalid = `${REALM}, error="invalid_token"`;
    expect(await answerOf(api, LIVE, '/deploy')).toEqual([403, missing]);
    expect(await answerOf(api, [])).toEqual([401, REALM]);
    expect(await answerOf(api, UNKNOWN)).toEqual([401, invalid]);
    expect(await answerOf(api, ['Authorization', 'Bearer not-a-value'])).toEqual([401, invalid]);
    expect((await answerOf(api, [...LIVE, ...DEPLOYER]))[0]).toBe(400);
    held.broken = true;
    expect(await answerOf(api, LIVE)).toEqual([503, '5']);
    held.broken = false;
    held.revoked = true;
    expect(await answerOf(api, LIVE)).toEqual([401, invalid]);
    expect(await answerOf(api, DEPLOYER, '/deploy', 'POST')).toEqual([401, invalid]);

    await server.stop();
    expect(await answerOf(api, LIVE)).toEqual([503, '5']);
    const away = { location: `http://127.0.0.1:${await freePort()}/`, 'x-token-id': 'tok_x' };
    for (const status of [204, 302, 404, 500, 502]) {
      const other = await startOther(port, status, away);
      expect(await answerOf(api, LIVE)).toEqual([503, '5']);
      await close(other);
    }
    for (const [status, headers, expected] of [
      [200, {}, [503, '5']],
      [429, { 'retry-after': '7' }, [429, '7']],
      ['never', {}, [503, '5']],
    ] as const) {
      const other = await startOther(port, status, headers);
      expect(await answerOf(api, LIVE)).toEqual(expected);
      await close(other);
    }
    for (const value of [live, deployer]) expect(output()).not.toContain(value.reveal());
  },
);
