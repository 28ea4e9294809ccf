import { userInfo } from 'node:os';
import { createInterruption } from './cli/interruption.ts';
import { runCommandLine } from './cli/program.ts';
import { createTerminal } from './cli/terminal.ts';
import { systemClock } from './clock.ts';
import { ConfigError } from './config.ts';
import { readEnvironmentFile, takeSettings } from './environment-file.ts';

const { stdin, stdout, stderr } = process;

try {
  readEnvironmentFile('.env', process.env);
  const streams = { stdin, stdout, stderr };
  const interruption = createInterruption(({ message, exitCode }) => {
    stderr.write(`${message}\n`);
    process.exit(exitCode);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interruption.on);
  const surroundings = {
    env: takeSettings(process.env),
    user: userName(),
    clock: systemClock,
    streams,
    terminal: createTerminal(streams),
    interruption,
  };
  process.exitCode = await runCommandLine(process.argv.slice(2), surroundings);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

/** Throws where the system does not know the user: in a container, by a number alone. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
