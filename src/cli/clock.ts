import { parseStoreConfig } from '../config.ts';
import { openStore } from '../store/store.ts';
import {
  aCommand,
  CommandFault,
  instantOrNull,
  instantText,
  jsonOption,
  operatorId,
  type Surroundings,
  withStore,
} from './command.ts';

const ANSWER = 'put the time back';

/** `clock`: what time it is for apitoken, which never goes back by itself. */
export function clockCommand(surroundings: Surroundings) {
  const command = aCommand('clock', "tells apitoken's time, or puts it back after a clock was wrong");
  command
    .command('status')
    .description("tells the machine's time, and the latest that apitoken saw")
    .addOption(jsonOption())
    .action((options: { readonly json?: true }) => status(options, surroundings));
  command
    .command('put-back')
    .description("makes apitoken's time the machine's again; what had expired in between lives again")
    .option('--yes', 'without asking')
    .action((options: { readonly yes?: true }) => putBack(options, surroundings));
  return command;
}

async function status({ json }: { readonly json?: true }, surroundings: Surroundings): Promise<void> {
  const { terminal, clock } = surroundings;
  await withStore(surroundings, async (store) => {
    const [machine, seen = null] = [clock(), (await store.latestSeen()) ?? null];
    if (json) {
      terminal.print(JSON.stringify({ machine: instantOrNull(machine), latestSeen: instantOrNull(seen) }));
      return;
    }
    terminal.print(`Machine      ${instantText(machine)}`);
    terminal.print(`Latest seen  ${instantText(seen)}`);
    if (seen !== null && seen > machine) {
      terminal.print(
        'The machine is behind. If its clock is right now, stop the app and run "npm run cli -- clock put-back".',
      );
    }
  });
}

async function putBack({ yes }: { readonly yes?: true }, surroundings: Surroundings): Promise<void> {
  const { terminal, clock, env, user } = surroundings;
  const { database, peppers } = parseStoreConfig(env);
  const now = clock();
  const question = `This makes ${instantText(now)} apitoken's time. Tokens and old values that expire later live again. Type "${ANSWER}" to go on:`;
  if (!yes && !(await terminal.asksFor(question, ANSWER))) {
    throw new CommandFault(`Nothing was changed. Type "${ANSWER}" when asked, or pass --yes.`);
  }
  // An app that runs would keep its own time, and write it down again.
  const store = await openStore({
    ...database,
    pepper: peppers.current,
    peppers,
    use: 'app',
    presence: 'must',
    clock,
  });
  try {
    const before = await store.latestSeen();
    if (before === undefined || before <= now) {
      terminal.print("apitoken's time is not ahead of the machine's. Nothing was changed.");
      return;
    }
    await store.putLatestBack(now, {
      at: now,
      actor: operatorId(user),
      action: 'clock.put_back',
      tokenId: null,
      detail: { from: before, to: now },
    });
    terminal.print(`apitoken's time is ${instantText(now)} again; it was ${instantText(before)}.`);
  } finally {
    await store.close();
  }
}
