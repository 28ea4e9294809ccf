import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { StoreFault } from '../store/fault.ts';
import { auditCommand } from './audit.ts';
import { clockCommand } from './clock.ts';
import { CommandFault, type Surroundings, UsageFault } from './command.ts';
import { backupCommand, initCommand, restoreCommand } from './database.ts';
import { doctorCommand } from './doctor.ts';
import { findCommand } from './find.ts';
import { listCommand } from './list.ts';
import { pepperCommand } from './pepper.ts';
import { revokeCommand } from './revoke.ts';
import { revokeAllCommand, revokePersonCommand } from './revoke-many.ts';

const DONE = 0;

const REFUSED = 1;

const WRONG_USAGE = 2;

/** Runs one command. Resolves to the exit code: 0 done, 1 refused or wrong, 2 wrong usage; what is wrong has been said. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { terminal } = surroundings;
  try {
    await programOf(surroundings).parseAsync([...args], { from: 'user' });
    return DONE;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USAGE;
    if (error instanceof UsageFault) {
      terminal.note(error.message);
      return WRONG_USAGE;
    }
    if (!(error instanceof CommandFault || error instanceof ConfigError || error instanceof StoreFault))
      throw error;
    terminal.note(error.message);
    return REFUSED;
  }
}

function programOf(surroundings: Surroundings): Command {
  const { streams } = surroundings;
  const program = new Command('npm run cli --')
    .description('apitoken without Slack: for whoever runs it. Works beside the running app.')
    .showHelpAfterError('(add "help" to see how it is written)')
    .showSuggestionAfterError();
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
  program.addCommand(pepperCommand(surroundings));
  program.addCommand(initCommand(surroundings));
  program.addCommand(clockCommand(surroundings));
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((each) => each.commands),
  ]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void streams.stdout.write(text),
      writeErr: (text) => void streams.stderr.write(text),
    });
  }
  return program;
}
