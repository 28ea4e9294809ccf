import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredSecret, TokenStore } from '../../tokens/store.ts';
import { secrets } from '../schema/sqlite.ts';
import { postgresFault } from './fault.ts';
import { type Params, type Rows, UNHOLDABLES } from './pools.ts';
import type { Statement } from './statements.ts';

/** Ids that one query asks for. */
export const IDS_MAX = 256;

/** Sends the query of a verification. Throws nothing but `StoreFault`. */
export type Ask = (statement: Statement, params: Params) => Promise<Rows>;

type Waiting = {
  readonly lookupId: string;
  readonly resolve: (secret: StoredSecret | undefined) => void;
  readonly reject: (error: unknown) => void;
};

/** A row as the query gives it, in the order of its columns there. */
type AnsweredRow = [
  lookupId: string,
  tokenId: StoredSecret['tokenId'],
  digest: Buffer | null,
  pepperId: string,
  createdAt: number,
  shownAt: number | null,
  endsAt: number | null,
  name: StoredSecret['name'],
  owner: StoredSecret['owner'],
  scopes: string,
  generation: number,
  seal: Buffer | null,
];

const {
  lookupId,
  tokenId,
  digest,
  pepperId,
  createdAt,
  shownAt,
  endsAt,
  name,
  owner,
  scopes,
  generation,
  seal,
} = secrets;

const COLUMNS = [
  ...[lookupId, tokenId, digest, pepperId, createdAt, shownAt],
  ...[endsAt, name, owner, scopes, generation, seal],
].map((column) => `"${column.name}"`);

const QUERY = `select ${COLUMNS.join(', ')} from "secrets" where "lookup_id" = any($1)`;

/**
 * The one read of a verification. Those that wait in the same turn of the event loop share a query, of which `inFlightMax` are on
 * their way at most; nothing is remembered after the answer.
 *
 * None joins a query that was sent before it came. So one that comes after a revocation was committed, by whatever process, is
 * answered by a query that was sent after it, which sees it. A query that was sent before may answer as before it.
 */
export function createBatchedSecretRead(
  ask: Ask,
  { isPrepared, inFlightMax }: { readonly isPrepared: boolean; readonly inFlightMax: number },
): Pick<TokenStore, 'readSecret'> {
  const statement = isPrepared ? { text: QUERY, name: 'apitoken_verification' } : { text: QUERY };
  let waiting: Waiting[] = [];
  let inFlight = 0;
  let isPlanned = false;

  async function answer(batch: readonly Waiting[]): Promise<void> {
    inFlight += 1;
    try {
      const found = await ask(statement, [
        [...new Set(batch.map(({ lookupId }) => UNHOLDABLES.unequal(lookupId)))],
      ]);
      const rowOf = new Map(found.map((row) => [row[0], row as AnsweredRow]));
      for (const each of batch) settle(each, rowOf.get(each.lookupId));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      inFlight -= 1;
      sendWaiting();
    }
  }

  function sendWaiting(): void {
    while (waiting.length > 0 && inFlight < inFlightMax) {
      const batch = waiting.slice(0, IDS_MAX);
      waiting = waiting.slice(IDS_MAX);
      void answer(batch);
    }
  }

  async function plan(): Promise<void> {
    isPlanned = true;
    await nextTurn();
    isPlanned = false;
    sendWaiting();
  }

  return {
    readSecret: (lookupId) =>
      new Promise((resolve, reject) => {
        waiting.push({ lookupId, resolve, reject });
        if (!isPlanned && inFlight < inFlightMax) void plan();
      }),
  };
}

/** A row that cannot be read fails its own read alone. */
function settle({ resolve, reject }: Waiting, row: AnsweredRow | undefined): void {
  try {
    resolve(row && secretIn(row));
  } catch (error) {
    reject(postgresFault(error));
  }
}

function secretIn(row: AnsweredRow): StoredSecret {
  const [
    lookupId,
    tokenId,
    digest,
    pepperId,
    createdAt,
    shownAt,
    endsAt,
    name,
    owner,
    scopes,
    generation,
    seal,
  ] = row;
  return {
    lookupId,
    tokenId,
    digest,
    pepperId,
    createdAt,
    shownAt,
    endsAt,
    name,
    owner,
    scopes: JSON.parse(scopes),
    generation,
    seal,
  };
}
