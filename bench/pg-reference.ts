/**
 * As `raw-reference.ts`, over PostgreSQL as most would write it: one prepared query a request, by a pool of `pg`. Arguments: URL PEPPER.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { Pool } from 'pg';

type Row = [
  tokenId: string,
  digest: Buffer | null,
  endsAt: string,
  name: string,
  owner: string,
  scopes: string,
];

const [url, pepper] = process.argv.slice(2);
const CONNECTIONS = 10;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const VALUE = /^[a-z][a-z0-9]{1,9}_([0-9A-Za-z]{12})_[0-9A-Za-z]{38}$/;
const SCHEME = 'Bearer ';
const REFUSED = { 'cache-control': 'no-store', 'content-length': 0, 'www-authenticate': 'Bearer' };
const QUERY = {
  name: 'find',
  text: 'select token_id, digest, ends_at, name, owner, scopes from secrets where lookup_id = $1',
  rowMode: 'array',
} as const;

const key = createSecretKey(Buffer.from(String(pepper), 'utf8'));
const pool = new Pool({ connectionString: String(url), max: CONNECTIONS });

async function verify(value: string): Promise<Row | undefined> {
  const lookupId = VALUE.exec(value)?.[1];
  if (lookupId === undefined || checkDigits(value.slice(0, -6)) !== value.slice(-6)) return undefined;
  const { rows } = await pool.query<Row>({ ...QUERY, values: [lookupId] });
  const [row] = rows;
  if (row === undefined || row[1] === null || Number(row[2]) <= Date.now()) return undefined;
  const digest = createHmac('sha256', key).update(value).digest();
  return timingSafeEqual(digest, row[1]) ? row : undefined;
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
  const [tokenId, , , name, owner, scopes] = row;
  response
    .writeHead(200, {
      'cache-control': 'no-store',
      'content-length': 0,
      'x-token-id': tokenId,
      'x-token-name': encodeURIComponent(name),
      'x-token-owner': owner,
      'x-token-scopes': JSON.parse(scopes).join(' '),
    })
    .end();
}

const server = createServer(async (request, response) => {
  const { authorization = '' } = request.headers;
  const value = authorization.startsWith(SCHEME) ? authorization.slice(SCHEME.length) : '';
  answer(response, await verify(value));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: 'ready', port })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
