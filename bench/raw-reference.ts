/**
 * What the fastest honest verification does, and no more: node:http, check digits, one prepared read of a flat row, the same
 * HMAC, the same headers. No limits, no scopes, no counting of uses, one way to present a value. Arguments: DATABASE PEPPER.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import Database from 'better-sqlite3';

type Row = {
  token_id: string;
  digest: Buffer | null;
  ends_at: number;
  name: string;
  owner: string;
  scopes: string;
};

const [path, pepper] = process.argv.slice(2);
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const VALUE = /^[a-z][a-z0-9]{1,9}_([0-9A-Za-z]{12})_[0-9A-Za-z]{38}$/;
const SCHEME = 'Bearer ';
const REFUSED = { 'cache-control': 'no-store', 'content-length': 0, 'www-authenticate': 'Bearer' };

const key = createSecretKey(Buffer.from(String(pepper), 'utf8'));
const sqlite = new Database(String(path));
sqlite.pragma('query_only = ON');
sqlite.pragma('cache_size = -65536');
const find = sqlite.prepare<[string], Row>(
  'select token_id, digest, ends_at, name, owner, scopes from secrets where lookup_id = ?',
);

function verify(value: string): Row | undefined {
  const lookupId = VALUE.exec(value)?.[1];
  if (lookupId === undefined || checkDigits(value.slice(0, -6)) !== value.slice(-6)) return undefined;
  const row = find.get(lookupId);
  if (row === undefined || row.digest === null || row.ends_at <= Date.now()) return undefined;
  const digest = createHmac('sha256', key).update(value).digest();
  return timingSafeEqual(digest, row.digest) ? row : undefined;
}

function checkDigits(body: string): string {
  let digits = '';
  for (let rest = crc32(body); digits.length < 6; rest = Math.floor(rest / 62)) {
    digits = DIGITS.charAt(rest % 62) + digits;
  }
  return digits;
}

function answer(response: ServerResponse, row: Row | undefined): void {
  if (row === undefined) {
    response.writeHead(401, REFUSED).end();
    return;
  }
  response
    .writeHead(200, {
      'cache-control': 'no-store',
      'content-length': 0,
      'x-token-id': row.token_id,
      'x-token-name': encodeURIComponent(row.name),
      'x-token-owner': row.owner,
      'x-token-scopes': JSON.parse(row.scopes).join(' '),
    })
    .end();
}

const server = createServer((request, response) => {
  const { authorization = '' } = request.headers;
  answer(response, authorization.startsWith(SCHEME) ? verify(authorization.slice(SCHEME.length)) : undefined);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: 'ready', port })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
