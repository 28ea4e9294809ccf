import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type Sandbox, startSandbox } from './start.ts';

const PORT = 3210;
const USAGE = `npm run sandbox -- [--port N] [--open] [--data DIR]
  --port N     serves the page on this port (default ${PORT}; a free one if it is taken)
  --open       opens the page in your browser
  --data DIR   keeps the tokens in this folder; without it they are deleted at the end`;

type Options = { port: number; open: boolean; data: string | undefined };

await run();

async function run(): Promise<void> {
  try {
    if (process.env.NODE_ENV === 'production')
      throw new Error('The sandbox does not run with NODE_ENV=production. Unset it, then try again.');
    const options = readOptions();
    const stopping = stopOnSignal();
    const starting = startSandbox({ ...options, log: process.stderr });
    stopping.of(starting);
    const sandbox = await starting;
    announce(sandbox, options);
    if (options.open) openInBrowser(sandbox.link);
    await sandbox.ended;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: String(PORT) },
      open: { type: 'boolean', default: false },
      data: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  const isPort = Number.isInteger(port) && port >= 0 && port <= 65_535;
  if (values.help || !isPort) throw new Error(USAGE);
  return { port, open: values.open, data: values.data };
}

function announce(sandbox: Sandbox, options: Options): void {
  const isMoved = options.port !== 0 && sandbox.port !== options.port;
  const lines = [
    ...(isMoved ? [`Port ${options.port} is taken, so the sandbox uses another one.`] : []),
    `Open ${sandbox.link}`,
    'Nothing leaves this computer. Press Ctrl-C to stop. Warnings from the app appear below.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function openInBrowser(link: string): void {
  const commands: Readonly<Record<string, string>> = { darwin: 'open', win32: 'explorer' };
  const command = commands[process.platform] ?? 'xdg-open';
  const child = spawn(command, [link], { stdio: 'ignore', detached: true });
  child.on('error', () =>
    process.stderr.write(`The browser did not open (${command} failed). Open the link yourself.\n`),
  );
  child.unref();
}

/** The first signal ends everything in order, as soon as it has started; a second one ends the process at once. */
function stopOnSignal(): { of(starting: Promise<Sandbox>): void } {
  let started: Promise<Sandbox> | undefined;
  let isStopping = false;
  async function stop(): Promise<void> {
    if (isStopping) process.exit(1);
    isStopping = true;
    await (await started)?.close();
    process.exit(0);
  }
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
  return {
    of(starting) {
      started = starting;
    },
  };
}
