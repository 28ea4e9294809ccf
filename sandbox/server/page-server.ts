import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ActResult } from '../page/protocol.ts';
import { parseJson, readBody } from '../workspace/http.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { parseOrder, perform } from './acts.ts';
import type { Assets } from './assets.ts';
import { askDemo } from './demo-api.ts';
import { createGuard, type Guard } from './guard.ts';
import { listenOn } from './listen.ts';
import { type Scenery, sendLive } from './live.ts';
import { surroundingsOf } from './surroundings.ts';
import { createTrafficLog } from './traffic-log.ts';

/** The server of the page while it runs. */
export type PageServer = {
  readonly port: number;
  /** Opens the page; holds the launch key. */
  readonly link: string;
  close(): Promise<void>;
};

type Desk = {
  readonly assets: Assets;
  /** Another one each time that it started over. */
  scenery: Scenery;
  /** Ends each stream that is open. */
  readonly streams: Set<() => void>;
  /** Undefined where it cannot start over. */
  readonly startOver: (() => Promise<Scenery>) | undefined;
  isStartingOver: boolean;
};

/** Nothing from elsewhere is loaded, run, shown or framed, and nothing is sent elsewhere or kept. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** What the page is served with. */
export type PageServerOptions = {
  workspace: Workspace;
  assets: Assets;
  demoUrl: string;
  roles: Readonly<Record<string, string>>;
  port: number;
  /** Whether the tokens are still there at the next start. */
  isKept?: boolean;
  /** Deletes everything and resolves with a workspace that nobody has used yet. */
  startOver?: () => Promise<Workspace>;
};

/** Serves the page on 127.0.0.1 at `port`, or at any free one when that is taken. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { workspace, assets, startOver } = options;
  const sceneryOf = (shown: Workspace): Scenery => ({
    workspace: shown,
    trafficLog: createTrafficLog(shown),
    surroundings: surroundingsOf(shown, options),
  });
  const desk: Desk = {
    assets,
    scenery: sceneryOf(workspace),
    streams: new Set(),
    startOver: startOver && (async () => sceneryOf(await startOver())),
    isStartingOver: false,
  };
  let guard: Guard | undefined;
  const server = createServer((request, response) => {
    if (guard === undefined) response.destroy();
    else answer(desk, guard, request, response).catch(() => response.destroy());
  });
  const port = await listenOn(server, options.port);
  guard = createGuard(port);
  return {
    port,
    link: `http://127.0.0.1:${port}/?key=${guard.key}`,
    close() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      return closed.promise;
    },
  };
}

async function answer(
  desk: Desk,
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const refused = guard.refuse(request, url);
  if (refused !== undefined) say(response, refused.status, `${refused.why}\n`);
  else if (request.method === 'POST') await answerPost(desk, url, request, response);
  else if (request.method !== 'GET') say(response, 405, 'Only GET and POST work here.\n');
  else if (guard.isLaunch(url)) launch(guard, url, response);
  else answerGet(desk, url, response);
}

/** The key is taken out of the address bar, and out of the history, in exchange for the cookie. */
function launch(guard: Guard, url: URL, response: ServerResponse): void {
  const as = url.searchParams.get('as');
  const location = as === null ? '/' : `/?as=${encodeURIComponent(as)}`;
  response.writeHead(303, { location, 'set-cookie': guard.setCookie }).end();
}

function answerGet(desk: Desk, url: URL, response: ServerResponse): void {
  const handle = url.searchParams.get('as') ?? '';
  if (url.pathname === '/live' && isPlayable(desk, handle)) {
    const end = sendLive(response, handle, desk.scenery);
    desk.streams.add(end);
    response.on('close', () => desk.streams.delete(end));
    return;
  }
  const shared = sharedFileAt(desk, url.pathname, handle);
  if (shared !== undefined) {
    sendDownload(response, shared);
    return;
  }
  const file = fileAt(desk, url.pathname);
  if (file === undefined) say(response, 404, 'There is nothing here.\n');
  else say(response, 200, file.body, file.type);
}

/** What a path stands for; undefined when it is nothing. */
function fileAt({ assets, scenery }: Desk, path: string): { body: string; type: string } | undefined {
  const files: Readonly<Record<string, { body: string; type: string }>> = {
    '/': { body: assets.html, type: 'text/html' },
    '/page.js': { body: assets.script, type: 'text/javascript' },
    '/page.css': { body: assets.style, type: 'text/css' },
    '/icon.svg': { body: assets.icon, type: 'image/svg+xml' },
  };
  const number = /^\/traffic\/(\d{1,9})$/.exec(path)?.[1];
  const detail = number === undefined ? undefined : scenery.trafficLog.detail(Number(number));
  if (detail !== undefined) return { body: detail, type: 'text/plain' };
  return Object.hasOwn(files, path) ? files[path] : undefined;
}

async function answerPost(
  desk: Desk,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const json = parseJson((await readBody(request)) ?? '');
  const answers: Readonly<Record<string, () => Promise<unknown>>> = {
    '/do': () => obey(desk, json),
    '/curl': () => askDemo(desk.scenery.surroundings.demoUrl, json),
    '/start-over': () => startOver(desk),
  };
  const answering = Object.hasOwn(answers, url.pathname) ? answers[url.pathname] : undefined;
  if (answering !== undefined && desk.isStartingOver) {
    say(response, 503, 'The sandbox is starting over. Try again in a moment.\n');
    return;
  }
  const answered = await answering?.();
  if (answering === undefined) say(response, 404, 'There is nothing here.\n');
  else if (answered === undefined) say(response, 400, 'The sandbox cannot do that.\n');
  else say(response, 200, JSON.stringify(answered), 'application/json');
}

/** Does what the page asks for; undefined when that is not understood. */
async function obey(desk: Desk, json: unknown): Promise<ActResult | undefined> {
  const order = parseOrder(json);
  if (order === undefined || !isPlayable(desk, order.as)) return undefined;
  return perform(desk.scenery.workspace.person(order.as), order.act);
}

/** Deletes everything, and has every open page load itself anew; undefined where that cannot be done. */
async function startOver(desk: Desk): Promise<object | undefined> {
  if (desk.startOver === undefined) return undefined;
  desk.isStartingOver = true;
  try {
    desk.scenery = await desk.startOver();
    for (const end of desk.streams) end();
    return {};
  } finally {
    desk.isStartingOver = false;
  }
}

/** A file in a message that this person sees. */
function sharedFileAt(desk: Desk, path: string, handle: string): { name: string; text: string } | undefined {
  const id = /^\/files\/(F\w{1,20})$/.exec(path)?.[1];
  if (id === undefined || !isPlayable(desk, handle)) return undefined;
  return desk.scenery.workspace.person(handle).file(id);
}

/** Never shown as a page, whatever is in it; under a name that no system reads as a path, an option or a device. */
function sendDownload(response: ServerResponse, { name, text }: { name: string; text: string }): void {
  const bare = name.replaceAll(/[^\w.-]+/g, '-').replace(/^[.-]+/, '');
  const disposition = `attachment; filename="${bare === '' ? 'file' : bare}"`;
  const type = bare.endsWith('.csv') ? 'text/csv' : 'application/octet-stream';
  response.writeHead(200, { 'content-disposition': disposition, 'content-type': `${type}; charset=utf-8` });
  response.end(text);
}

function isPlayable({ scenery }: Desk, handle: string): boolean {
  return scenery.surroundings.people.some((person) => person.handle === handle && person.isPlayable);
}

function say(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
}
