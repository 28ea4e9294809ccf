import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { DemoAnswer } from '../page/protocol.ts';
import { isJson } from '../workspace/http.ts';
import { listenOn } from './listen.ts';

/** An API of somebody else, who lets `apitoken` decide whom to answer. */
export type DemoApi = { readonly url: string; close(): Promise<void> };

/** Where a caller may put a value; handed on as it came. */
const CREDENTIALS = ['authorization', 'x-api-key', 'token'];

/** Serves `GET /hello` on 127.0.0.1; each request is verified at the URL that `verifyUrl` gives then. */
export async function startDemoApi(verifyUrl: () => string): Promise<DemoApi> {
  const server = createServer((request, response) => {
    sayHello(verifyUrl(), request, response).catch(() => {
      if (!response.headersSent)
        respond(response, 503, { error: "The token can't be verified right now. Try again." });
    });
  });
  const port = await listenOn(server, 0);
  return {
    url: `http://127.0.0.1:${port}/hello`,
    close() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      return closed.promise;
    },
  };
}

async function sayHello(
  verifyUrl: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' || request.url !== '/hello') {
    return respond(response, 404, { error: 'Only GET /hello exists here.' });
  }
  const headers = CREDENTIALS.flatMap((name): [string, string][] => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  const verdict = await fetch(verifyUrl, { headers });
  if (!verdict.ok) {
    const challenge = verdict.headers.get('www-authenticate');
    if (challenge !== null) response.setHeader('www-authenticate', challenge);
    return respond(response, verdict.status, { error: 'This token is not accepted.' });
  }
  const name = decodeURIComponent(verdict.headers.get('x-token-name') ?? '');
  const owner = verdict.headers.get('x-token-owner');
  respond(response, 200, { hello: name, owner });
}

function respond(response: ServerResponse, status: number, body: Record<string, unknown>): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

/** What `curl` with this value gets from the demo API; undefined when `json` holds nothing that can be sent. */
export async function askDemo(url: string, json: unknown): Promise<DemoAnswer | undefined> {
  const value = isJson(json) ? json.value : undefined;
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,500}$/.test(value)) return undefined;
  const response = await fetch(url, { headers: { authorization: `Bearer ${value}` } });
  const shown = ['content-type', 'www-authenticate'];
  return {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers].filter(([name]) => shown.includes(name)),
    body: await response.text(),
  };
}
