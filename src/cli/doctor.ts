import { type Config, ConfigError, parseConfig } from '../config.ts';
import { counted } from '../counted.ts';
import type { Checked, Tried } from '../slack/doctor/checked.ts';
import { isPostgresUrl } from '../store/store.ts';
import type { PersonId, WorkspaceId } from '../tokens/token.ts';
import { aCommand, CommandFault, jsonOption, type Surroundings, UsageFault } from './command.ts';
import { tryLive } from './doctor-live.ts';
import { type CheckedDatabase, checkDatabase, checkSettings, isWithoutSlack } from './doctor-machine.ts';
import { personIdOf } from './list.ts';

const WAIT_SECONDS_MAX = 600;

type Options = { readonly live?: string; readonly wait?: string; readonly json?: true };

/** `doctor`: whether everything is as the app needs it. */
export function doctorCommand(surroundings: Surroundings) {
  return aCommand('doctor', 'looks at settings, database, audit chain, clock and Slack; changes nothing')
    .option('--live <id>', "tries Slack in this person's direct message (U…), and cleans up")
    .option('--wait <seconds>', 'with --live: how long the person is waited for (60 on a terminal, else 0)')
    .addOption(jsonOption())
    .action((options: Options) => examine(options, surroundings));
}

async function examine({ live, wait, json }: Options, surroundings: Surroundings): Promise<void> {
  const { terminal, env } = surroundings;
  const person = live === undefined ? undefined : personIdOf(live);
  const waitSeconds = secondsOf(wait, surroundings);
  const { lines, workspace, isSound, isInUse } = await lookAtDatabase(env);
  const config = configOf(env);
  const checks = [...checkSettings(env), ...lines, ...(await checkSlack(config, surroundings, workspace))];
  if (!json) printChecks(checks, surroundings);
  const tried =
    person === undefined ? [] : await tryFor(person, config, { waitSeconds, isSound, isInUse }, surroundings);
  if (!json) printTried(tried, surroundings);
  const wrong = checks.filter(({ is }) => is === 'wrong').length;
  const differing = tried.filter(({ is }) => is === 'differs').length;
  if (json)
    terminal.print(
      JSON.stringify({ ok: wrong + differing === 0, checks, ...(person === undefined ? {} : { tried }) }),
    );
  if (wrong + differing > 0) throw new CommandFault(verdictOf(wrong, differing));
  if (!json) terminal.print('Nothing is wrong.');
}

function verdictOf(wrong: number, differing: number): string {
  const inSlack = `${counted(differing, 'problem')} found in Slack.`;
  if (wrong === 0) return inSlack;
  const found = `${counted(wrong, 'problem')} found`;
  return differing === 0 ? `${found}.` : `${found}, and ${differing} more in Slack.`;
}

function secondsOf(wait: string | undefined, { streams }: Surroundings): number {
  if (wait === undefined) return streams.stdin.isTTY ? 60 : 0;
  if (/^\d{1,3}$/.test(wait) && Number(wait) <= WAIT_SECONDS_MAX) return Number(wait);
  throw new UsageFault(`--wait takes seconds: a whole number from 0 to ${WAIT_SECONDS_MAX}.`);
}

/** What PostgreSQL needs is loaded only where the settings name one. */
async function lookAtDatabase(env: Surroundings['env']): Promise<CheckedDatabase> {
  if (!isPostgresUrl(env.DATABASE_URL?.trim() ?? '')) return checkDatabase(env);
  const { checkPostgres } = await import('./doctor-postgres.ts');
  return checkPostgres(env);
}

/** Whatever speaks to Slack is loaded only now: the other commands do without it. */
async function checkSlack(
  config: Config | undefined,
  { env, clock }: Surroundings,
  workspace: WorkspaceId | undefined,
): Promise<Checked[]> {
  if (config === undefined) {
    const why = isWithoutSlack(env) ? 'no token of Slack is set' : 'the settings are not usable';
    return [
      { about: 'clock', is: 'not asked', says: "It is compared with Slack's, which was not asked." },
      { about: 'Slack', is: 'not asked', says: `Slack was not asked: ${why}.` },
    ];
  }
  const { lookAtSlack } = await import('../slack/doctor/look.ts');
  return lookAtSlack({ ...config.slack, roles: config.roles, guard: config.guard, clock }, workspace);
}

function tryFor(
  person: PersonId,
  config: Config | undefined,
  options: Parameters<typeof tryLive>[2],
  surroundings: Surroundings,
): Promise<readonly Tried[]> {
  if (config !== undefined) return tryLive(person, config, options, surroundings);
  throw new CommandFault('Nothing was tried in Slack: mend the settings first.');
}

function configOf(env: Surroundings['env']): Config | undefined {
  try {
    return parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

const STYLES = {
  ok: 'green',
  note: 'yellow',
  wrong: 'red',
  differs: 'red',
  'not asked': 'dim',
  'not tried': 'dim',
} as const;

function printChecks(checks: readonly Checked[], { terminal }: Surroundings): void {
  const [isWidth, aboutWidth] = [9, Math.max(...checks.map(({ about }) => about.length))];
  for (const { about, is, says, todo } of checks) {
    const advice = todo === undefined ? '' : ` → ${todo}`;
    terminal.print(
      `${terminal.styled(STYLES[is], is.padEnd(isWidth))}  ${about.padEnd(aboutWidth)}  ${says}${advice}`,
    );
  }
}

function printTried(tried: readonly Tried[], { terminal }: Surroundings): void {
  if (tried.length === 0) return;
  terminal.print('');
  terminal.table(
    ['', 'RELIED ON', 'SEEN', 'WHAT BREAKS OTHERWISE'],
    tried.map(({ is, reliedOn, seen, otherwise }) => [is, reliedOn, seen, otherwise]),
  );
}
