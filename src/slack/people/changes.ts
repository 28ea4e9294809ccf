import type { Log } from '../../log.ts';
import type { Visitors } from '../../tokens/store.ts';
import type { Actors } from './actor.ts';

type ChangesDeps = {
  readonly store: Pick<Visitors, 'noteChange' | 'lastChange' | 'changesAfter'>;
  readonly log: Log;
};

/** No id of a person. */
const GROUPS = 'groups';

/**
 * `actors`, which forget what Slack told of people and groups, whichever process it told: an event comes to one of them alone, and
 * whoever has just lost a role must have lost it at all. Each question is preceded by one read of what was told since the last one.
 */
export function toldByAll(actors: Actors, { store, log }: ChangesDeps): Actors {
  let seen: number | undefined;

  async function catchUp(): Promise<void> {
    try {
      if (seen === undefined) {
        // Nothing is remembered yet.
        seen = await store.lastChange();
        return;
      }
      const changes = await store.changesAfter(seen);
      if (changes === 'too_many') {
        seen = await store.lastChange();
        actors.forgetEverything();
        return;
      }
      for (const { subject, number } of changes) {
        await (subject === GROUPS ? actors.forgetGroups() : actors.forgetPerson(subject));
        seen = Math.max(seen, number);
      }
    } catch (fault) {
      log.warn({ err: fault }, 'what Slack told other processes of people cannot be read');
    }
  }

  /** Forgotten here before it is told to others: what is found out from now on is kept. */
  async function tell(subject: string): Promise<void> {
    const number = await store.noteChange(subject);
    if (seen === number - 1) seen = number;
  }

  return {
    find: async (...asked) => {
      await catchUp();
      return actors.find(...asked);
    },
    findAnew: async (...asked) => {
      await catchUp();
      return actors.findAnew(...asked);
    },
    findProfile: async (...asked) => {
      await catchUp();
      return actors.findProfile(...asked);
    },
    standing: async (...asked) => {
      await catchUp();
      return actors.standing(...asked);
    },
    onCall: async () => {
      await catchUp();
      return actors.onCall();
    },
    forgetPerson: async (personId) => {
      await actors.forgetPerson(personId);
      await tell(personId);
    },
    forgetGroups: async () => {
      await actors.forgetGroups();
      await tell(GROUPS);
    },
    forgetEverything: actors.forgetEverything,
  };
}
