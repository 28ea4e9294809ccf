import { type Config, ConfigError, parseConfig } from '../config.ts';
import { counted } from '../counted.ts';
import type { Checked } from '../slack/doctor/checked.ts';
import type { WorkspaceId } from '../tokens/token.ts';
import { aCommand, CommandFault, jsonOption, type Surroundings } from './command.ts';
import { checkDatabase, checkSettings, isWithoutSlack } from './doctor-machine.ts';

type Options = { readonly json?: true };

/** `doctor`: whether everything is as the app needs it. */
export function doctorCommand(surroundings: Surroundings) {
  return aCommand('doctor', 'looks at settings, database, audit chain, clock and Slack; changes nothing')
    .addOption(jsonOption())
    .action((options: Options) => examine(options, surroundings));
}

async function examine({ json }: Options, surroundings: Surroundings): Promise<void> {
  const { terminal, env } = surroundings;
  const { lines, workspace } = await checkDatabase(env);
  const checks = [...checkSettings(env), ...lines, ...(await checkSlack(surroundings, workspace))];
  const wrong = checks.filter(({ is }) => is === 'wrong').length;
  if (json) terminal.print(JSON.stringify({ ok: wrong === 0, checks }));
  else printChecks(checks, surroundings);
  if (wrong > 0) throw new CommandFault(`${counted(wrong, 'thing')} to mend.`);
  if (!json) terminal.print('Nothing is wrong.');
}

/** Whatever speaks to Slack is loaded only now: the other commands do without it. */
async function checkSlack(
  { env, clock }: Surroundings,
  workspace: WorkspaceId | undefined,
): Promise<Checked[]> {
  const config = configOf(env);
  if (config === undefined) {
    const why = isWithoutSlack(env) ? 'no token of Slack is set' : 'the settings are not usable';
    return [
      { about: 'clock', is: 'not asked', says: "It is compared with Slack's, which was not asked." },
      { about: 'Slack', is: 'not asked', says: `Slack was not asked: ${why}.` },
    ];
  }
  const { lookAtSlack } = await import('../slack/doctor/look.ts');
  return lookAtSlack({ ...config.slack, roles: config.roles, clock }, workspace);
}

function configOf(env: Surroundings['env']): Config | undefined {
  try {
    return parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

const STYLES = { ok: 'green', note: 'yellow', wrong: 'red', 'not asked': 'dim' } as const;

function printChecks(checks: readonly Checked[], { terminal }: Surroundings): void {
  const [isWidth, aboutWidth] = [9, Math.max(...checks.map(({ about }) => about.length))];
  for (const { about, is, says, todo } of checks) {
    const advice = todo === undefined ? '' : ` → ${todo}`;
    terminal.print(
      `${terminal.styled(STYLES[is], is.padEnd(isWidth))}  ${about.padEnd(aboutWidth)}  ${says}${advice}`,
    );
  }
}
