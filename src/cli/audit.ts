import { isoTime } from '../clock.ts';
import { counted } from '../counted.ts';
import {
  type ChainedEvent,
  type ChainFlaw,
  createChainCheck,
  eventsAfter,
  headText,
  parseHead,
} from '../tokens/audit.ts';
import { aCommand, CommandFault, jsonOption, type Surroundings, UsageFault, withStore } from './command.ts';

const FLAWS: Readonly<Record<ChainFlaw, string>> = {
  changed: 'was changed, or what comes before it was',
  missing: 'is missing',
  'out of order': 'is out of order',
  'cut off': 'is missing, and so is all after it: the chain is cut off before the head that you gave',
};

/** `audit`: the chain of events, whole or changed, and as a file. */
export function auditCommand(surroundings: Surroundings) {
  const command = aCommand('audit', 'checks the chain of audit events, or writes it out');
  command
    .command('verify')
    .description('checks every event, and prints the head of the chain')
    .option('--head <seq:mac>', 'a head that was printed or logged before: it must be in the chain')
    .addOption(jsonOption())
    .action((options: { readonly head?: string; readonly json?: true }) => verify(options, surroundings));
  command
    .command('export')
    .description('writes the events as NDJSON, in their order')
    .option('--after <seq>', 'only those after this sequence', '0')
    .action(({ after }: { readonly after: string }) => writeOut(after, surroundings));
  return command;
}

async function verify(
  { head: given, json }: { readonly head?: string; readonly json?: true },
  surroundings: Surroundings,
): Promise<void> {
  const { terminal, interruption } = surroundings;
  const known = given === undefined ? undefined : parseHead(given);
  if (given !== undefined && known === undefined) {
    throw new UsageFault('A head is written SEQ:MAC, as "audit verify" prints it and the log has it.');
  }
  const { events, unprovable, head, flaw } = await withStore(surroundings, async (store, { peppers }) => {
    const check = createChainCheck(peppers, { known });
    const progress = terminal.progress('Checking events');
    for await (const event of eventsAfter(0, store)) {
      interruption.check();
      if (!check.add(event)) break;
      progress.at(event.sequence);
    }
    progress.end();
    return check.report();
  });
  const written = head === undefined ? null : headText(head);
  if (json) terminal.print(JSON.stringify({ events, unprovable, head: written, flaw: flaw ?? null }));
  if (flaw !== undefined)
    throw new CommandFault(
      `Event ${flaw.sequence} ${FLAWS[flaw.flaw]}. ${counted(events, 'event')} before it ${verb(events)}.`,
    );
  if (json) return;
  const proved = events - unprovable;
  terminal.print(`${counted(proved, 'event')} ${verb(proved)}. Head: ${written ?? 'none'}`);
  if (unprovable > 0) {
    terminal.print(
      `${counted(unprovable, 'event')} can't be proved: their pepper isn't set. Put it into TOKEN_PEPPERS_OLD.`,
    );
  }
}

function verb(count: number): string {
  return count === 1 ? 'holds' : 'hold';
}

async function writeOut(text: string, surroundings: Surroundings): Promise<void> {
  const { terminal, interruption } = surroundings;
  if (!/^\d{1,15}$/.test(text)) throw new UsageFault('--after takes a sequence: a whole number.');
  await withStore(surroundings, async (store) => {
    for await (const event of eventsAfter(Number(text), store)) {
      interruption.check();
      if (!terminal.isRead()) return;
      terminal.print(JSON.stringify(forMachines(event)));
    }
  });
}

function forMachines({ sequence, at, actor, action, tokenId, detail, pepperId, mac }: ChainedEvent) {
  return {
    sequence,
    at: isoTime(at),
    actor,
    action,
    token: tokenId,
    detail,
    pepper: pepperId,
    mac: mac.toString('hex'),
  };
}
