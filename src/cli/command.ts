import { Command, Option } from 'commander';
import { type Clock, isoTime, steadyClock } from '../clock.ts';
import { type Environment, parseStoreConfig, type StoreConfig } from '../config.ts';
import { openStore, type Store } from '../store/store.ts';
import { parseNote } from '../tokens/note.ts';
import type { Actor } from '../tokens/policy.ts';
import { REASON_LENGTH_MAX, type Refusal, type RefuseDeps, sentenceFor } from '../tokens/refusal.ts';
import type { PersonId, WorkspaceId } from '../tokens/token.ts';
import type { Interruption } from './interruption.ts';
import type { Streams, Terminal } from './terminal.ts';

/** What a command is run with. */
export type Surroundings = {
  readonly env: Environment;
  /** Who runs it, as the system names them. */
  readonly user: string;
  readonly clock: Clock;
  readonly streams: Streams;
  readonly terminal: Terminal;
  readonly interruption: Interruption;
};

/** A command was refused, or something is wrong: its message says what to do. Exit code 1. */
export class CommandFault extends Error {
  override name = 'CommandFault';
}

/** The command line was not understood: its message says how it is written. Exit code 2. */
export class UsageFault extends Error {
  override name = 'UsageFault';
}

/** What a command needs of the database: its tokens, by the rules that hold in Slack, for whoever runs the machine. */
export type Desk = {
  readonly store: Store;
  readonly config: StoreConfig;
  readonly workspace: WorkspaceId;
  readonly operator: Actor;
  readonly deps: RefuseDeps;
};

const NAME_OF_USER_MAX = 32;

/** Whoever runs a command, as events name them. */
export function operatorId(user: string): PersonId {
  const name = user.replace(/[^\w.-]+/g, '').slice(0, NAME_OF_USER_MAX);
  return `cli:${name === '' ? 'unknown' : name}` as PersonId;
}

/** Whoever has a shell on this machine may do what an admin may; the rules for a token are the same. */
function operatorOf(user: string, workspace: WorkspaceId): Actor {
  return {
    id: operatorId(user),
    workspace,
    standing: 'member',
    zone: 'UTC',
    roles: new Set(['on_call', 'admin']),
  };
}

/** Opens the database that must be there, does `work` with it and closes it. */
export async function withStore<T>(
  { env }: Surroundings,
  work: (store: Store, config: StoreConfig) => Promise<T>,
): Promise<T> {
  const config = parseStoreConfig(env);
  const store = await openStore({
    ...config.database,
    pepper: config.peppers.current,
    presence: 'must',
  });
  try {
    return await work(store, config);
  } finally {
    await store.close();
  }
}

/** The same for work with tokens. A database that the app was never connected with has none. */
export function withDesk<T>(surroundings: Surroundings, work: (desk: Desk) => Promise<T>): Promise<T> {
  return withStore(surroundings, async (store, config) => {
    const workspace = await store.workspace();
    if (workspace === undefined) {
      throw new CommandFault('This database holds no tokens: the app has not been connected with it yet.');
    }
    const operator = operatorOf(surroundings.user, workspace);
    const policy = { allowGuests: false };
    const clock = steadyClock(surroundings.clock, await store.latestSeen());
    return work({ store, config, workspace, operator, deps: { store, clock, policy } });
  });
}

/** Throws what a refusal says. */
export function refuse(refusal: Refusal): never {
  throw new CommandFault(sentenceFor(refusal));
}

/** A command with a name, arguments as commander writes them, and what it is for. */
export function aCommand(nameAndArguments: string, description: string): Command {
  return new Command(nameAndArguments).description(description).allowExcessArguments(false);
}

/** `--json`: for machines. */
export function jsonOption(): Option {
  return new Option('--json', 'for machines: one JSON document, or a line of JSON an item');
}

/** `--reason`, which whoever ends a token of somebody else must give. */
export function reasonOption(): Option {
  return new Option('--reason <text>', 'why: the owner and the history will show it');
}

/** The reason that was given, or a `UsageFault` that says what is wrong with it. */
export function reasonOf(text: string | undefined): string {
  const parsed = parseNote(text ?? '', REASON_LENGTH_MAX);
  if ('refusal' in parsed) throw new UsageFault(`--reason: ${sentenceFor(parsed.refusal)}`);
  if (parsed.note === null) throw new UsageFault('Say why with --reason TEXT: the owner will read it.');
  return parsed.note;
}

/** An instant to the second in UTC, or a dash. */
export function instantText(at: number | null): string {
  return at === null ? '–' : `${isoTime(at).slice(0, 19).replace('T', ' ')}Z`;
}

/** The same for machines: ISO 8601, or null. */
export function instantOrNull(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}
