import { createCheckHash } from '../tokens/check-hash.ts';
import { findTyped } from '../tokens/find.ts';
import { findValues, SEARCHED_LENGTH_MAX } from '../tokens/finder.ts';
import { startHasher } from '../tokens/hasher.ts';
import { createRedigests } from '../tokens/redigest.ts';
import { revokeTokens } from '../tokens/revoke.ts';
import { REVOKED_AT_ONCE_MAX } from '../tokens/store.ts';
import type { Token, UsedToken } from '../tokens/token.ts';
import type { TokenValue } from '../tokens/token-value.ts';
import { verifyValue } from '../tokens/verify.ts';
import {
  aCommand,
  CommandFault,
  type Desk,
  instantText,
  jsonOption,
  reasonOf,
  reasonOption,
  refuse,
  type Surroundings,
  UsageFault,
  withDesk,
} from './command.ts';
import { forMachines } from './list.ts';

type Options = { readonly reason?: string; readonly stdin?: true; readonly json?: true };

/** `revoke`: one token, by its name, its id or a value of it. */
export function revokeCommand(surroundings: Surroundings) {
  return aCommand('revoke', 'revokes one token: the next request with it is refused')
    .argument('[name or id]', 'the name of the token, or its id (tok_…)')
    .option('--stdin', 'read a value of the token from standard input instead')
    .addOption(reasonOption())
    .addOption(jsonOption())
    .action((text: string | undefined, options: Options) => {
      const reason = reasonOf(options.reason);
      refuseArguments(text, options);
      return withDesk(surroundings, async (desk) => {
        const asked = await (text === undefined
          ? ofStdin(desk, surroundings)
          : { token: await ofName(text, desk) });
        await revokeOne(asked, reason, desk, surroundings, options);
      });
    });
}

function refuseArguments(text: string | undefined, { stdin }: Options): void {
  if ((text === undefined) !== (stdin === true)) {
    throw new UsageFault('Name one token, or pass a value with --stdin: not both, and not neither.');
  }
}

async function revokeOne(
  { token, liveAt }: { readonly token: UsedToken; readonly liveAt?: number | undefined },
  reason: string,
  desk: Desk,
  { terminal }: Surroundings,
  { json }: Options,
): Promise<void> {
  const wasRevokedAt = token.revokedAt;
  const [ended = token] = wasRevokedAt === null ? await revokeAll([token], { reason, liveAt }, desk) : [];
  if (json) {
    terminal.print(
      JSON.stringify({ ...forMachines(ended, desk.deps.clock()), alreadyRevoked: wasRevokedAt !== null }),
    );
    return;
  }
  terminal.print(
    wasRevokedAt === null
      ? `${token.name} is revoked. The next request with it is refused.`
      : `${token.name} was already revoked on ${instantText(wasRevokedAt)}. Nothing more needs to be done.`,
  );
}

async function ofName(text: string, { operator, deps }: Desk): Promise<UsedToken> {
  const found = await findTyped(text, 'revoke', operator, deps);
  if (found.kind === 'refused') {
    const { refusal } = found;
    const nearly = refusal.code === 'token_misnamed' ? refusal.nearly.map(({ name }) => name) : [];
    const hint = nearly.length === 0 ? '"list" shows all tokens.' : `Did you mean ${nearly.join(' or ')}?`;
    throw new CommandFault(`There is no token of this name or id. ${hint}`);
  }
  const [token, ...others] = found.tokens;
  if (token === undefined || others.length > 0) {
    const ids = found.tokens.map(({ id, name }) => `${name} (${id})`).join(', ');
    throw new CommandFault(`This may mean several tokens: ${ids}. Name one by its id.`);
  }
  return token;
}

async function ofStdin(desk: Desk, { streams, terminal }: Surroundings): Promise<OwnValue> {
  if (streams.stdin.isTTY) terminal.note('Paste the value, then press Enter and Ctrl-D:');
  const [value, ...others] = findValues(await shortTextOf(streams.stdin));
  if (value === undefined) {
    throw new CommandFault(
      'There is no token value on standard input. Copy it again, from its first to its last character.',
    );
  }
  if (others.some(({ lookupId }) => lookupId !== value.lookupId))
    throw new CommandFault('There are several values on standard input: use "find - --revoke".');
  return (await withValues(desk, (tokenOf) => tokenOf(value))) ?? refuse({ code: 'value_not_live' });
}

/** What is on standard input, or a `CommandFault` where it is longer than what is searched for one value. */
async function shortTextOf(stdin: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
    length += chunk.length;
    if (length > SEARCHED_LENGTH_MAX)
      throw new CommandFault('Standard input is much longer than one value: use "find - --revoke".');
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A value of ours: one that is good, has ended, or is of a revoked token. */
export type OwnValue = {
  readonly token: UsedToken;
  /** When it was seen, where it was good then. */
  readonly liveAt: number | undefined;
};

/** What the value is, where it is ours. */
type TokenOf = (value: TokenValue) => Promise<OwnValue | undefined>;

/** Does `work` with what tells the tokens of values. */
export async function withValues<T>(desk: Desk, work: (tokenOf: TokenOf) => Promise<T>): Promise<T> {
  const { store, config, workspace, deps } = desk;
  const { peppers } = config;
  const hasher = startHasher(1);
  const redigests = createRedigests({ store, peppers });
  const checkHash = createCheckHash({ store, hasher, peppers, redigests });
  try {
    return await work(async (value) => {
      const seenAt = deps.clock();
      const verdict = await verifyValue(value, { store, clock: deps.clock, peppers, redigests, checkHash });
      const secret = verdict.kind !== 'busy' && 'secret' in verdict ? verdict.secret : undefined;
      const token = secret && (await store.findToken(workspace, secret.tokenId));
      return token && { token, liveAt: verdict.kind === 'good' ? seenAt : undefined };
    });
  } finally {
    await redigests.flush();
    await hasher.stop();
  }
}

/**
 * Revokes these tokens, 100 a transaction, and tells how they are by then. Throws a `CommandFault` when one may not be. `liveAt`: a
 * live value of them was found then.
 */
export async function revokeAll(
  tokens: readonly Pick<Token, 'id'>[],
  { reason, liveAt }: { readonly reason: string; readonly liveAt?: number | undefined },
  { operator, deps }: Desk,
  onDone: (count: number) => void = () => undefined,
): Promise<readonly UsedToken[]> {
  const ended: UsedToken[] = [];
  for (let at = 0; at < tokens.length; at += REVOKED_AT_ONCE_MAX) {
    const tokenIds = tokens.slice(at, at + REVOKED_AT_ONCE_MAX).map(({ id }) => id);
    const found = liveAt === undefined ? undefined : ({ source: 'cli', at: liveAt } as const);
    const outcome = await revokeTokens(
      { actor: operator, tokenIds, reason, held: false, found, delivery: { keys: [] } },
      deps,
    );
    if (outcome.kind !== 'refused') ended.push(...outcome.tokens);
    else if (!/already_revoked$/.test(outcome.refusal.code)) refuse(outcome.refusal);
    onDone(at + tokenIds.length);
  }
  return ended;
}
