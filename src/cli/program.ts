import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { StoreFault } from '../store/fault.ts';
import { holdsSecret } from '../tokens/finder.ts';
import { sentenceFor } from '../tokens/refusal.ts';
import { auditCommand } from './audit.ts';
import { clockCommand } from './clock.ts';
import { CommandFault, type Surroundings, UsageFault } from './command.ts';
import { backupCommand, copyCommand, initCommand, restoreCommand } from './database.ts';
import { doctorCommand } from './doctor.ts';
import { findCommand } from './find.ts';
import { Interrupted } from './interruption.ts';
import { listCommand } from './list.ts';
import { pepperCommand } from './pepper.ts';
import { revokeCommand } from './revoke.ts';
import { revokeAllCommand, revokePersonCommand } from './revoke-many.ts';

const EXAMPLES = `
Examples:
  npm run cli -- revoke deploy-bot --reason "leaked in a build log"
  npm run cli -- find build.log --revoke --reason "leaked in a build log"
  npm run cli -- help revoke

Exit code: 0 done, 1 refused or wrong, 2 wrong usage, 130 interrupted.`;

const DONE = 0;

const REFUSED = 1;

const WRONG_USAGE = 2;

/** Runs one command. Resolves to the exit code: 0 done, 1 refused or wrong, 2 wrong usage, or a signal's; what is wrong has been said. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { terminal } = surroundings;
  try {
    refuseValues(args);
    refuseUnknownHelp(args, programOf(surroundings));
    await programOf(surroundings).parseAsync([...args], { from: 'user' });
    return DONE;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USAGE;
    const code = exitCodeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    terminal.note(error.message);
    return code;
  }
}

/** Of what says by itself what is wrong; undefined of what is broken. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof UsageFault) return WRONG_USAGE;
  if (error instanceof Interrupted) return error.exitCode;
  return [CommandFault, ConfigError, StoreFault].some((kind) => error instanceof kind) ? REFUSED : undefined;
}

/** Before commander repeats what it does not understand. */
function refuseValues(args: readonly string[]): void {
  if (!args.some(holdsSecret)) return;
  const sentence = sentenceFor({ code: 'holds_value' });
  throw new UsageFault(`${sentence} Other people can see a command line: pass it with "revoke --stdin".`);
}

/** Commander shows the whole help then, as if it were the answer. */
function refuseUnknownHelp([help, name = '']: readonly string[], { commands }: Command): void {
  if (help !== 'help' || name === '' || name === 'help' || commands.some((each) => each.name() === name))
    return;
  throw new UsageFault(`There is no command "${name}". "npm run cli -- help" lists all commands.`);
}

function programOf(surroundings: Surroundings): Command {
  const program = new Command('npm run cli --')
    .description('apitoken without Slack: for whoever runs it. Works beside the running app.')
    .helpCommand('help [command]', 'shows how a command is written')
    .addHelpText('after', EXAMPLES);
  program.commandsGroup('Look:');
  program.addCommand(listCommand(surroundings));
  program.addCommand(findCommand(surroundings));
  program.addCommand(auditCommand(surroundings));
  program.addCommand(doctorCommand(surroundings));
  program.commandsGroup('Revoke:');
  program.addCommand(revokeCommand(surroundings));
  program.addCommand(revokePersonCommand(surroundings));
  program.addCommand(revokeAllCommand(surroundings));
  program.commandsGroup('Keep:');
  program.addCommand(backupCommand(surroundings));
  program.addCommand(restoreCommand(surroundings));
  program.addCommand(copyCommand(surroundings));
  program.addCommand(pepperCommand(surroundings));
  program.addCommand(initCommand(surroundings));
  program.addCommand(clockCommand(surroundings));
  readAlike(program, 'npm run cli -- help', surroundings);
  return program;
}

/** What holds for each command: it ends by an error, writes to our streams and, misunderstood, names its own help. */
function readAlike(command: Command, help: string, surroundings: Surroundings): void {
  const { streams } = surroundings;
  command
    .exitOverride()
    .helpOption('-h, --help', 'shows this')
    .showSuggestionAfterError()
    .showHelpAfterError(`"${help}" shows how it is written.`)
    .configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
    });
  for (const each of command.commands) readAlike(each, `${help} ${each.name()}`, surroundings);
}
