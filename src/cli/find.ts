import { createReadStream } from 'node:fs';
import { LRUCache } from 'lru-cache';
import { counted } from '../counted.ts';
import { statusOf, type UsedToken } from '../tokens/token.ts';
import type { TokenValue } from '../tokens/token-value.ts';
import {
  aCommand,
  CommandFault,
  type Desk,
  jsonOption,
  reasonOf,
  reasonOption,
  type Surroundings,
  withDesk,
} from './command.ts';
import type { Interruption } from './interruption.ts';
import { forMachines } from './list.ts';
import { type Cursor, placesIn } from './places.ts';
import { type OwnValue, revokeAll, withValues } from './revoke.ts';
import type { Terminal } from './terminal.ts';

/** Lines of the table that are held until they are printed, so that a log with a value on every line fits. */
const ROWS_HELD_MAX = 1000;

/** Values whose tokens are looked up once, however often they stand there. */
const TOKENS_HELD_MAX = 10_000;

type Options = { readonly revoke?: true; readonly reason?: string; readonly json?: true };

/** `find`: which of our values stand in a file or stream. */
export function findCommand(surroundings: Surroundings) {
  return aCommand('find', 'tells which token values stand in a file or stream: a log, a dump, a diff')
    .argument('<file>', 'the file, or - for standard input')
    .option('--revoke', 'revoke the live ones')
    .addOption(reasonOption())
    .addOption(jsonOption())
    .action((file: string, options: Options) => {
      const reason = options.revoke ? reasonOf(options.reason) : undefined;
      return withDesk(surroundings, (desk) => find(file, reason, options, desk, surroundings));
    });
}

async function find(
  file: string,
  reason: string | undefined,
  { json }: Options,
  desk: Desk,
  { terminal, streams, interruption }: Surroundings,
): Promise<void> {
  const { clock } = desk.deps;
  const progress = terminal.progress('Searching');
  const endOnce = createEndOnce(reason, desk, interruption);
  const found = json ? createLines(terminal) : createTable(terminal);
  const { key } = desk.config.peppers.current;
  const keyOf = (value: TokenValue) => value.digest(key).toString('base64');
  const stream = chunksOf(file === '-' ? streams.stdin : createReadStream(file));
  const onProgress = (bytes: number) => {
    interruption.check();
    progress.at(bytes);
  };
  await withValues(desk, async (tokenOf) => {
    const tokens = new LRUCache<string, { readonly token: UsedToken | undefined }>({ max: TOKENS_HELD_MAX });
    for await (const { value, ...place } of placesIn(stream, keyOf, onProgress)) {
      interruption.check();
      const id = keyOf(value);
      const known = tokens.get(id) ?? { token: await endOnce(await tokenOf(value)) };
      tokens.set(id, known);
      if (known.token !== undefined) found.add(place, known.token, clock());
      // Whoever reads no more may still want everything revoked.
      if (reason === undefined && !terminal.isRead()) break;
    }
  });
  progress.end();
  found.end();
}

/** Where what was found is written. */
type Found = { add(place: Cursor, token: UsedToken, now: number): void; end(): void };

function createLines(terminal: Terminal): Found {
  return {
    add: ({ line, column }, token, now) =>
      terminal.print(JSON.stringify({ line, column, ...forMachines(token, now) })),
    end: () => undefined,
  };
}

function createTable(terminal: Terminal): Found {
  let rows: string[][] = [];
  let isBegun = false;
  function print(): void {
    terminal.table(isBegun ? null : ['LINE', 'COLUMN', 'NAME', 'OWNER', 'STATUS', 'ID'], rows);
    isBegun = true;
    rows = [];
  }
  return {
    add: ({ line, column }, token, now) => {
      const { name, owner, id } = token;
      rows.push([String(line), String(column), name, owner, statusOf(token, now), id]);
      if (rows.length >= ROWS_HELD_MAX) print();
    },
    end: () => {
      if (rows.length > 0) print();
      if (!isBegun) terminal.print('None of our values stands in it.');
    },
  };
}

/** Revokes the token of a value that is not revoked yet, where there is a reason to; the token as it is by then. */
function createEndOnce(
  reason: string | undefined,
  desk: Desk,
  interruption: Interruption,
): (value: OwnValue | undefined) => Promise<UsedToken | undefined> {
  let endedCount = 0;
  return async (value) => {
    if (reason === undefined || value === undefined || value.token.revokedAt !== null) return value?.token;
    const { token, liveAt } = value;
    const [ended = token] = await interruption.hold(() => revokeAll([token], { reason, liveAt }, desk));
    endedCount += 1;
    interruption.tell(`${counted(endedCount, 'token')} revoked so far, and the rest was not searched.`);
    return ended;
  };
}

async function* chunksOf(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
    throw new CommandFault(
      `The file cannot be read (${code}): name one that this user may read, or - for standard input.`,
    );
  }
}
