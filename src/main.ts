import { startApp } from './app.ts';
import { ConfigError, parseConfig } from './config.ts';
import { readEnvironmentFile } from './environment-file.ts';
import { type LineOutput, standardOutput } from './line-output.ts';
import { createLog, type Log } from './log.ts';
import { SetupError } from './setup-error.ts';

/**
 * Under `npm start` what comes again so soon is the same signal: systemd sends it to npm and to Node (systemd.kill(5),
 * KillMode=control-group), and npm hands on what it gets (@npmcli/run-script, signal-manager.js).
 */
const SAME_SIGNAL_MS = process.env.npm_lifecycle_event === 'start' ? 250 : 0;

await run(standardOutput());

async function run(stream: LineOutput): Promise<void> {
  let log = createLog({ level: 'info', stream });
  try {
    readEnvironmentFile('.env', process.env);
    const config = parseConfig(process.env);
    log = createLog({ level: config.logLevel, stream });
    const app = await startApp(config, { log, droppedLogLines: () => stream.dropped });
    stopOnSignal(app.stop, config.drainMs, log);
    // Whatever LOG_LEVEL says: this line is what others wait for.
    log
      .child({}, { level: 'info' })
      .info({ port: app.port, host: config.http.host, node: process.version }, 'ready');
    await app.ended;
  } catch (error) {
    end(error, log);
  }
}

/** What is wrong with the set-up is said in its own words; anything else with where it came from. */
function end(error: unknown, log: Log): void {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else if (error instanceof SetupError) log.fatal(error.message);
  else log.fatal({ err: error }, 'apitoken stopped: it cannot go on');
  process.exit(1);
}

/**
 * The first signal ends the app in order, within the time that the settings allow; a second one ends it at once. A closed
 * terminal (SIGHUP) is such a signal, too.
 */
function stopOnSignal(stop: () => Promise<void>, drainMs: number, log: Log): void {
  let stoppingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince >= SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(0), drainMs).unref();
    stop().then(
      () => process.exit(0),
      (fault: unknown) => end(fault, log),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
}
