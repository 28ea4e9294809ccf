import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, createServer as createSocketServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../fixture.ts';
import { PATIENT } from '../patience.ts';
import { hasProgram, type ProgramName, placeOf } from '../programs.ts';

const RECIPES = resolve(import.meta.dirname, '../../docs/gateways');

/** A request as the API behind the gateway got it. */
export type Passed = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** An API that keeps what reached it. It answers with 200, or with the status that the path ends with. */
export type Api = { readonly port: number; readonly passed: Passed[]; close(): Promise<void> };

/** A gateway that runs the very files of `docs/gateways`, but for the three addresses that they name as yours. */
export type Gateway = {
  readonly port: number;
  /** All that it wrote to standard output and standard error so far. */
  output(): string;
};

export type GatewayName = Extract<ProgramName, 'nginx' | 'caddy'>;

type Ports = { readonly apitoken: number; readonly api: number };

/** What somebody makes of a recipe, whose first lines say what is theirs to change. */
export type Edit = (recipe: string) => string;

/** Whether the tests that need this gateway can run here. Says why not when they cannot; where CI runs, it throws instead. */
export function hasGateway(name: GatewayName): boolean {
  return hasProgram(name);
}

/** Starts the API. It is closed with the test. */
export async function startApi(): Promise<Api> {
  const passed: Passed[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    passed.push({ method, path: url, headers, body: await text(request) });
    const status = Number(/\/(\d{3})$/.exec(url)?.[1] ?? 200);
    response.writeHead(status, { 'content-type': 'text/plain' }).end('the API');
  });
  const port = await listen(server);
  const close = async () => {
    server.closeAllConnections();
    await closed(server);
  };
  onTestFinished(close);
  return { port, passed, close };
}

/** Starts something in the place of `apitoken` that answers every question alike. It is closed with the test. */
export async function startOracle(status: number, headers: OutgoingHttpHeaders = {}): Promise<number> {
  const server = createServer((_request, response) => void response.writeHead(status, headers).end());
  onTestFinished(async () => {
    server.closeAllConnections();
    await closed(server);
  });
  return listen(server);
}

/** Starts nginx or Caddy in front of the API, with the recipe as it is or as `edit` makes it. It is ended with the test. */
export async function startGateway(
  name: GatewayName,
  ports: Ports,
  edit: Edit = (recipe) => recipe,
): Promise<Gateway> {
  const port = await freePort();
  const folder = temporaryFolder();
  // nginx that is started by root works as somebody else, who has to come through here.
  chmodSync(folder, 0o755);
  return listening({ nginx: spawnNginx, caddy: spawnCaddy }[name](folder, port, ports, edit), name, port);
}

/** A program that was started, once it listens on `port`. It is ended with the test. */
export async function listening(
  child: ChildProcessWithoutNullStreams,
  name: string,
  port: number,
): Promise<Gateway> {
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = new Promise((settle) => child.once('close', settle));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const died = ended.then(() => Promise.reject(new Error(`${name} ended:\n${output}`)));
  await Promise.race([vi.waitFor(() => knock(port), PATIENT), died]);
  // From here on its end is the test's doing.
  died.catch(() => undefined);
  return { port, output: () => output };
}

function spawnNginx(folder: string, port: number, { apitoken, api }: Ports, edit: Edit) {
  cpSync(`${RECIPES}/nginx`, folder, { recursive: true });
  const file = join(folder, 'nginx.conf');
  const recipe = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    edit(recipe)
      .replaceAll(/127\.0\.0\.1:8000\b/g, `127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:8080;', `127.0.0.1:${apitoken};`)
      .replaceAll('127.0.0.1:3000;', `127.0.0.1:${api};`),
  );
  return spawn(placeOf('nginx'), ['-p', folder, '-c', file, '-g', 'daemon off;']);
}

function spawnCaddy(folder: string, port: number, { apitoken, api }: Ports, edit: Edit) {
  const file = join(folder, 'Caddyfile');
  writeFileSync(file, edit(readFileSync(`${RECIPES}/caddy/Caddyfile`, 'utf8')));
  const env = {
    HOME: folder,
    SITE: `http://:${port}`,
    APITOKEN: `127.0.0.1:${apitoken}`,
    API: `127.0.0.1:${api}`,
  };
  return spawn(placeOf('caddy'), ['run', '--config', file], { env });
}

/** Resolves when somebody listens on a port, rejects when nobody does. */
function knock(port: number): Promise<void> {
  return new Promise((settle, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      settle();
    });
  });
}

/** A port where nobody listens. */
export async function freePort(): Promise<number> {
  const server = createSocketServer();
  const port = await listen(server);
  await closed(server);
  return port;
}

function listen(server: Server): Promise<number> {
  return new Promise((settle) => {
    server.listen(0, '127.0.0.1', () => settle((server.address() as AddressInfo).port));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((settle) => {
    server.close(() => settle());
  });
}
