import { SECOND_MS } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Tried } from '../slack/doctor/checked.ts';
import { openStore } from '../store/store.ts';
import type { PersonId } from '../tokens/token.ts';
import type { Surroundings } from './command.ts';

/**
 * Tries in Slack, in this person's conversation with the app, what the app relies on. SIGINT ends it early: what was made is taken
 * away first. `isSound`: the database can be opened, so that the person's Home tab can be drawn as it was.
 */
export async function tryLive(
  person: PersonId,
  config: Config,
  {
    waitSeconds,
    isSound,
    isInUse,
  }: { readonly waitSeconds: number; readonly isSound: boolean; readonly isInUse: boolean },
  { terminal, clock, interruption }: Surroundings,
): Promise<readonly Tried[]> {
  const { tryInSlack } = await import('../slack/doctor/trial.ts');
  const { slack, roles, prefix, policy, database, peppers, guard } = config;
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  // Of a Ctrl-C under npm two come: the terminal's, and the one that npm hands on.
  process.on('SIGINT', stop);
  const progress = terminal.progress('Trying in Slack');
  const store = isSound
    ? await openStore({ ...database, pepper: peppers.current, peppers, presence: 'must' })
    : undefined;
  let done = 0;
  try {
    const trial: Parameters<typeof tryInSlack>[0] = {
      ...slack,
      roles,
      guard,
      prefix,
      policy,
      clock,
      person,
      store,
      appToken: slack.mode.kind === 'socket' ? slack.mode.appToken : undefined,
      askForCode:
        waitSeconds === 0
          ? undefined
          : (question) => terminal.answer(question, waitSeconds * SECOND_MS, stopping.signal),
      pressMsMax: isInUse ? undefined : waitSeconds * SECOND_MS,
      tell: terminal.note,
      signal: stopping.signal,
      onTried: () => {
        done += 1;
        progress.at(done);
      },
    };
    return await interruption.hold(() => tryInSlack(trial));
  } finally {
    progress.end();
    process.removeListener('SIGINT', stop);
    await store?.close();
  }
}
