import { ConfigError, type Environment } from './config.ts';
import { readEnvironmentFile, takeSettings } from './environment-file.ts';
import { type LineOutput, standardOutput } from './line-output.ts';
import { createLog, type Log } from './log.ts';
import { SetupError } from './setup-error.ts';

/** npm runs these scripts as the product's own processes. */
const SCRIPTS = ['start', 'verifier'];

/**
 * Under npm what comes again so soon is the same signal: systemd sends it to npm and to Node (systemd.kill(5),
 * KillMode=control-group), and npm hands on what it gets (@npmcli/run-script, signal-manager.js).
 */
const SAME_SIGNAL_MS = SCRIPTS.includes(process.env.npm_lifecycle_event ?? '') ? 250 : 0;

/** What a process of the product is, as far as it is started and stopped. */
export type Served = {
  readonly port: number;
  /** Rejects when it cannot go on; left out by what can always. */
  readonly ended?: Promise<void>;
  announceStop(): void;
  stop(): Promise<void>;
};

type ProcessConfig = {
  readonly logLevel: Parameters<typeof createLog>[0]['level'];
  readonly http: { readonly host: string };
  readonly stopping: { readonly delayMs: number; readonly drainMs: number };
};

/**
 * Reads the settings, starts what they describe and tells when it is ready; then it goes on until a signal ends it in order, or
 * with code 1 and the reason when it cannot go on.
 */
export async function runProcess<C extends ProcessConfig>(
  parse: (environment: Environment) => C,
  start: (config: C, logging: { log: Log; droppedLogLines: () => number }) => Promise<Served>,
): Promise<void> {
  const stream: LineOutput = standardOutput();
  let log = createLog({ level: 'info', stream });
  // Node would write the error as it is to standard error, with all that it carries: a request with its token, a value.
  process.on('uncaughtException', (fault) => end(fault, log));
  try {
    readEnvironmentFile('.env', process.env);
    const config = parse(takeSettings(process.env));
    log = createLog({ level: config.logLevel, stream });
    const served = await start(config, { log, droppedLogLines: () => stream.dropped });
    stopOnSignal(served, config.stopping, log);
    // Whatever LOG_LEVEL says: this line is what others wait for.
    log
      .child({}, { level: 'info' })
      .info({ port: served.port, host: config.http.host, node: process.version }, 'ready');
    await served.ended;
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
 * The first signal ends it in order, within the time that the settings allow: `delayMs` in which whoever sends requests can learn
 * of it while all of them are served, then `drainMs` for what is in work. A second signal ends it at once. A closed terminal
 * (SIGHUP) is such a signal, too.
 */
function stopOnSignal(
  { announceStop, stop }: Served,
  { delayMs, drainMs }: ProcessConfig['stopping'],
  log: Log,
): void {
  let stoppingSince: number | undefined;
  const stopNow = () => {
    setTimeout(() => process.exit(0), drainMs).unref();
    stop().then(
      () => process.exit(0),
      (fault: unknown) => end(fault, log),
    );
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince >= SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    log.info({ signal }, 'stopping');
    announceStop();
    if (delayMs === 0) stopNow();
    else setTimeout(stopNow, delayMs);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
}
