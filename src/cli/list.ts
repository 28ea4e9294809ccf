import { Option } from 'commander';
import { STATUS_FILTERS, type StatusFilter } from '../tokens/attention.ts';
import type { PersonId, UsedToken } from '../tokens/token.ts';
import { statusOf } from '../tokens/token.ts';
import {
  aCommand,
  type Desk,
  instantOrNull,
  instantText,
  jsonOption,
  type Surroundings,
  UsageFault,
  withDesk,
} from './command.ts';

const PAGE_ROWS = 200;

type Options = { readonly owner?: string; readonly status: StatusFilter; readonly json?: true };

/** `list`: all tokens, what needs attention first. */
export function listCommand(surroundings: Surroundings) {
  const filters = STATUS_FILTERS.filter((filter) => filter !== 'current');
  return aCommand('list', 'lists all tokens with their owner, status and dates')
    .addOption(new Option('--owner <id>', 'only those of this person (a Slack user id, U…)'))
    .addOption(new Option('--status <status>', 'only these').choices(filters).default('all'))
    .addOption(jsonOption())
    .action((options: Options) => withDesk(surroundings, (desk) => list(desk, options, surroundings)));
}

async function list(desk: Desk, { owner, status, json }: Options, { terminal }: Surroundings) {
  const now = desk.deps.clock();
  const selection = { owner: owner === undefined ? null : personIdOf(owner), filter: status, now };
  const rows: string[][] = [];
  for await (const token of tokensOf(desk, selection)) {
    if (json) terminal.print(JSON.stringify(forMachines(token, now)));
    else rows.push(rowOf(token, now));
    if (!terminal.isRead()) return;
  }
  if (json) return;
  if (rows.length === 0) terminal.print('No tokens match.');
  else
    terminal.table(
      ['ID', 'NAME', 'OWNER', 'STATUS', 'CREATED', 'LAST USED', 'EXPIRES', 'DATE REVOKED'],
      rows,
    );
}

type Selection = { readonly owner: PersonId | null; readonly filter: StatusFilter; readonly now: number };

async function* tokensOf({ store, workspace }: Desk, selection: Selection): AsyncGenerator<UsedToken> {
  for (let page = 1, pageCount = 1; page <= pageCount; page++) {
    const found = await store.listByAttention(workspace, { ...selection, page, pageSize: PAGE_ROWS });
    ({ pageCount } = found);
    yield* found.tokens;
  }
}

function rowOf(token: UsedToken, now: number): string[] {
  const { id, name, owner, createdAt, lastUsedAt, expiresAt, revokedAt } = token;
  const instants = [createdAt, lastUsedAt, expiresAt, revokedAt].map(instantText);
  return [id, name, owner, statusOf(token, now), ...instants];
}

/** A token as a machine reads it: no value, and no part of one. */
export function forMachines(token: UsedToken, now: number) {
  return {
    id: token.id,
    name: token.name,
    owner: token.owner,
    status: statusOf(token, now),
    created: instantOrNull(token.createdAt),
    lastUsed: instantOrNull(token.lastUsedAt),
    expires: instantOrNull(token.expiresAt),
    dateRevoked: instantOrNull(token.revokedAt),
    revokedBy: token.revokedBy,
    reason: token.revokeReason,
  };
}

/** A Slack user id. Throws a `UsageFault` of anything else. */
export function personIdOf(text: string): PersonId {
  if (/^[UW][A-Z0-9]{2,}$/.test(text)) return text as PersonId;
  throw new UsageFault('A person is named by their Slack user id, as in U012ABCDEF: "list" shows it.');
}
