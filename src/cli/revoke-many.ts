import { counted } from '../counted.ts';
import type { PersonId, UsedToken } from '../tokens/token.ts';
import { statusOf } from '../tokens/token.ts';
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
import { personIdOf } from './list.ts';
import { revokeAll } from './revoke.ts';

type Options = { readonly reason?: string; readonly yes?: true; readonly json?: true };

/** `revoke-person`: all live tokens of one person. */
export function revokePersonCommand(surroundings: Surroundings) {
  return aCommand('revoke-person', 'revokes all live tokens of one person')
    .argument('<id>', 'their Slack user id (U…)')
    .addOption(reasonOption())
    .option('--yes', 'do not ask')
    .addOption(jsonOption())
    .action((id: string, options: Options) => {
      const owner = personIdOf(id);
      return revokeMany(owner, () => owner, options, surroundings);
    });
}

/** `revoke-all`: all live tokens of everybody. */
export function revokeAllCommand(surroundings: Surroundings) {
  return aCommand('revoke-all', 'revokes all live tokens of everybody')
    .addOption(reasonOption())
    .option('--yes', 'do not ask')
    .addOption(jsonOption())
    .action((options: Options) =>
      revokeMany(null, (count) => `revoke all ${counted(count, 'token')}`, options, surroundings),
    );
}

async function revokeMany(
  owner: PersonId | null,
  answerFor: (count: number) => string,
  { reason: text, yes, json }: Options,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, interruption } = surroundings;
  const reason = reasonOf(text);
  await withDesk(surroundings, async (desk) => {
    const live = await liveTokens(desk, owner, desk.deps.clock());
    const whose = owner === null ? 'everybody' : owner;
    if (live.length > 0 && !yes) await ask(live.length, whose, answerFor(live.length), surroundings);
    const progress = terminal.progress('Revoking');
    interruption.check();
    // Some of them and not the others would be neither what was asked for nor as it was.
    await interruption.hold(() =>
      revokeAll(live, { reason }, desk, (done) => progress.at(done, live.length)),
    );
    progress.end();
    if (json) terminal.print(JSON.stringify({ revoked: live.length }));
    else if (live.length === 0) terminal.print(`There are no live tokens of ${whose}. Nothing was changed.`);
    else
      terminal.print(
        `${counted(live.length, 'token')} of ${whose} revoked. The next requests with them are refused.`,
      );
  });
}

async function ask(count: number, whose: string, answer: string, { terminal }: Surroundings): Promise<void> {
  const question = `This revokes ${counted(count, 'live token')} of ${whose}. It can't be undone. Type "${answer}" to go on:`;
  if (await terminal.asksFor(question, answer)) return;
  throw new CommandFault(
    `Nothing was revoked: ${counted(count, 'live token')} of ${whose}. Type "${answer}" when asked, or pass --yes.`,
  );
}

/** All that are neither revoked nor expired. */
async function liveTokens(
  { store, workspace }: Desk,
  owner: PersonId | null,
  now: number,
): Promise<UsedToken[]> {
  const live: UsedToken[] = [];
  for (let after: UsedToken['id'] | null = null; ; ) {
    const page: readonly UsedToken[] = await store.tokensAfter(workspace, { owner, after });
    const last = page.at(-1);
    if (last === undefined) return live;
    live.push(...page.filter((token) => !['revoked', 'expired'].includes(statusOf(token, now))));
    after = last.id;
  }
}
