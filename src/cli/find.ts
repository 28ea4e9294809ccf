import { createReadStream } from 'node:fs';
import { findValues } from '../tokens/finder.ts';
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
import { forMachines } from './list.ts';
import { revokeAll, tokenOfValue } from './revoke.ts';

/** What is searched at once: less than `findValues` takes of one text. */
const WINDOW = 48 * 1024;

/** What two windows share: more than a value is long in any form that is looked for, wrapped and indented. */
const OVERLAP = 4 * 1024;

type Options = { readonly revoke?: true; readonly reason?: string; readonly json?: true };

/** A value of ours in a stream, by the line on which it ends. */
type Place = { readonly line: number; readonly value: TokenValue };

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
  { terminal, streams }: Surroundings,
): Promise<void> {
  const { clock } = desk.deps;
  const progress = terminal.progress('Searching');
  const rows: string[][] = [];
  const endOnce = createEndOnce(reason, desk);
  const stream = file === '-' ? streams.stdin : createReadStream(file);
  for await (const { line, value } of placesIn(stream, progress.at)) {
    const token = await tokenOfValue(value, desk);
    if (token === undefined) continue;
    const ended = await endOnce(token);
    if (json) terminal.print(JSON.stringify({ line, ...forMachines(ended, clock()) }));
    else rows.push([String(line), ended.name, ended.owner, statusOf(ended, clock()), ended.id]);
  }
  progress.end();
  if (json) return;
  if (rows.length === 0) terminal.print('None of our values stands in it.');
  else terminal.table(['LINE', 'NAME', 'OWNER', 'STATUS', 'ID'], rows);
}

/** Revokes a token that is not revoked yet, where there is a reason to; the token as it is by then. */
function createEndOnce(reason: string | undefined, desk: Desk): (token: UsedToken) => Promise<UsedToken> {
  return async (token) => {
    if (reason === undefined || token.revokedAt !== null) return token;
    const [ended = token] = await revokeAll([token], reason, desk);
    return ended;
  };
}

/** Every value in the stream once for each time it stands there, with the line on which it ends. Holds two windows at most. */
async function* placesIn(
  stream: NodeJS.ReadableStream,
  onProgress: (bytes: number) => void,
): AsyncGenerator<Place> {
  const decoder = new TextDecoder();
  let window = '';
  let firstLine = 1;
  let bytes = 0;
  /** Values that end in what the next window begins with were told of already. */
  let told = new Set<string>();
  for await (const chunk of chunksOf(stream)) {
    bytes += chunk.length;
    onProgress(bytes);
    window += decoder.decode(chunk, { stream: true });
    while (window.length >= WINDOW) {
      const part = window.slice(0, WINDOW);
      yield* placesInWindow(part, firstLine, told);
      told = new Set(findValues(part.slice(-OVERLAP)).map((value) => value.lookupId));
      firstLine += newLinesIn(window.slice(0, WINDOW - OVERLAP));
      window = window.slice(WINDOW - OVERLAP);
    }
  }
  yield* placesInWindow(window + decoder.decode(), firstLine, told);
}

async function* chunksOf(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield Buffer.from(chunk);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
    throw new CommandFault(
      `The file cannot be read (${code}): name one that this user may read, or - for standard input.`,
    );
  }
}

function* placesInWindow(text: string, firstLine: number, told: ReadonlySet<string>): Generator<Place> {
  for (const value of findValues(text)) {
    if (told.has(value.lookupId)) continue;
    yield { line: firstLine + newLinesIn(text.slice(0, endOf(value, text))), value };
  }
}

/** How much of the text it takes for the value to be found in it. */
function endOf(value: TokenValue, text: string): number {
  let [without, within] = [0, text.length];
  while (within - without > 1) {
    const middle = Math.floor((without + within) / 2);
    if (findValues(text.slice(0, middle)).some(({ lookupId }) => lookupId === value.lookupId))
      within = middle;
    else without = middle;
  }
  return within - 1;
}

function newLinesIn(text: string): number {
  return text.split('\n').length - 1;
}
