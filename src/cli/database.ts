import { parseStoreConfig } from '../config.ts';
import { counted } from '../counted.ts';
import { copyDatabase } from '../store/recovery/between.ts';
import { backUp, restoreFrom } from '../store/recovery/copy.ts';
import { isPostgresUrl, openStore } from '../store/store.ts';
import { aCommand, CommandFault, type Surroundings } from './command.ts';

/** `backup`: a consistent copy while the app runs. */
export function backupCommand({ env, terminal, interruption }: Surroundings) {
  return aCommand('backup', 'copies the database into a new file, while the app runs')
    .argument('<file>', 'the new file; one that is there already is never overwritten')
    .action(async (file: string) => {
      const { database, peppers } = parseStoreConfig(env);
      const progress = terminal.progress('Copying');
      const onProgress: typeof progress.at = (done, total) => {
        interruption.check();
        progress.at(done, total);
      };
      // Once begun, it stops at a point at which it leaves nothing behind.
      const written = await interruption
        .hold(() => backUp(database.url, file, { peppers, onProgress }))
        .finally(progress.end);
      terminal.print(
        isPostgresUrl(database.url)
          ? `${written} is a whole copy. It knows no later revocation: see operations.md, "What a restore revives".`
          : `${written} is a whole copy. Keep revoked.log with it: it tells a later restore what was revoked since.`,
      );
    });
}

const UNLOGGED = {
  missing: 'There was no revoked.log',
  other: "This revoked.log doesn't go on from this backup",
} as const;

/** `restore`: a backup takes the place of the database, and nothing comes back to life. */
export function restoreCommand({ env, terminal, clock, interruption }: Surroundings) {
  return aCommand(
    'restore',
    'puts a backup back in the place of the database; what was revoked since stays so',
  )
    .argument('<file>', 'the backup')
    .option(
      '--accept-revived',
      'without revoked.log: leave alive what the backup holds, revoked since or not',
    )
    .action(async (file: string, { acceptRevived = false }: { readonly acceptRevived?: boolean }) => {
      const { database, peppers } = parseStoreConfig(env);
      const progress = terminal.progress('Restoring');
      const onProgress: typeof progress.at = (done, total) => {
        interruption.check();
        progress.at(done, total);
      };
      const { restored, endedAgain } = await interruption.hold(async () => {
        const options = { now: clock(), acceptRevived, onProgress };
        const restored = await restoreFrom(database.url, file, options).finally(progress.end);
        const store = await openStore({
          ...database,
          pepper: peppers.current,
          peppers,
          use: 'app',
          clock,
        });
        await store.close();
        return { restored, endedAgain: store.endedAgain };
      });
      const { tokens, values, expired } = endedAgain;
      terminal.print(`${restored.path} is put back from ${file}.`);
      if (restored.before !== undefined)
        terminal.print(`What was there before is kept as ${restored.before}.`);
      if (restored.unlogged !== undefined) {
        terminal.print(
          `${UNLOGGED[restored.unlogged]}, so ${counted(expired, 'token')} expired now: nobody knows which were revoked since. Their owners can renew them.`,
        );
      } else {
        terminal.print(
          `Ended since the backup, and ended again now: ${counted(tokens, 'token')} and ${counted(values, 'old value')}.`,
        );
      }
    });
}

/** `init`: a new, empty database. */
export function initCommand({ env, terminal }: Surroundings) {
  return aCommand('init', 'makes a new, empty database where there is none').action(async () => {
    const { database, peppers } = parseStoreConfig(env);
    const store = await openStore({
      ...database,
      pepper: peppers.current,
      peppers,
      presence: 'must_not',
    });
    await store.close();
    terminal.print(
      `${database.url.startsWith('file:') ? database.url : 'The PostgreSQL database'} is new and empty. No token of another one works here.`,
    );
    terminal.print('Start the app with "npm start". To bring tokens back, use "restore" instead.');
  });
}

/** `copy`: everything into another database, of the same engine or the other one. */
export function copyCommand({ env, terminal, clock, interruption }: Surroundings) {
  return aCommand(
    'copy',
    'copies everything between SQLite and PostgreSQL, and compares both; stop the app first',
  )
    .requiredOption('--from <url>', 'the database that is copied: file:PATH or postgres://…')
    .requiredOption('--to <url>', 'an empty database, made where there is none')
    .action(async ({ from, to }: { readonly from: string; readonly to: string }) => {
      if (from === to) throw new CommandFault('--from and --to name the same database: name two.');
      const { peppers } = parseStoreConfig(env);
      const progress = terminal.progress('Copying rows');
      const onProgress: typeof progress.at = (done, total) => {
        interruption.check();
        progress.at(done, total);
      };
      const { rows, head, answers } = await interruption
        .hold(() => copyDatabase({ from, to, peppers, clock, onProgress }))
        .finally(progress.end);
      const { tokens = 0, audit_events: events = 0 } = rows;
      terminal.print(`Copied ${counted(tokens, 'token')} and ${counted(events, 'event')}.`);
      terminal.print(`Compared: rows, chain (head ${head ?? 'none'}) and ${counted(answers, 'answer')}.`);
      terminal.print(
        'Set DATABASE_URL to the new database, then start the app. Never start it with the old one again.',
      );
    });
}
