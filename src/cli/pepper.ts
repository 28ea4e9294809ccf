import { randomBytes } from 'node:crypto';
import { counted } from '../counted.ts';
import { aCommand, jsonOption, type Surroundings, withStore } from './command.ts';

const PEPPER_BYTES = 32;

/** `pepper`: a fresh one, and which ones the values hang on. */
export function pepperCommand(surroundings: Surroundings) {
  const command = aCommand('pepper', 'makes a pepper, or tells how many values hang on which');
  command
    .command('new')
    .description('prints a fresh pepper for TOKEN_PEPPER; it is kept nowhere')
    .action(() => surroundings.terminal.print(randomBytes(PEPPER_BYTES).toString('hex')));
  command
    .command('status')
    .description('counts the values that are not revoked by the pepper of their digest')
    .addOption(jsonOption())
    .action((options: { readonly json?: true }) => status(options, surroundings));
  return command;
}

async function status({ json }: { readonly json?: true }, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings;
  await withStore(surroundings, async (store, { peppers }) => {
    const counts = await store.countByPepper();
    const ids = [...new Set([...peppers.all.map(({ id }) => id), ...counts.keys()])];
    const rows = ids.map((id) => ({ pepper: id, values: counts.get(id) ?? 0, held: roleOf(id) }));
    function roleOf(id: string): 'current' | 'old' | 'not held' {
      if (id === peppers.current.id) return 'current';
      return peppers.find(id) === undefined ? 'not held' : 'old';
    }
    if (json) return terminal.print(JSON.stringify(rows));
    terminal.table(
      ['PEPPER', 'VALUES', 'IN THE SETTINGS'],
      rows.map(({ pepper, values, held }) => [pepper, String(values), held]),
    );
    const lost = rows.filter(({ held }) => held === 'not held').reduce((sum, { values }) => sum + values, 0);
    if (lost > 0)
      terminal.print(
        `Without its pepper: ${counted(lost, 'value')}. Each needs bcrypt once, about 70 ms, when it's next used.`,
      );
  });
}
