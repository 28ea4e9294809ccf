import { MINUTE_MS, SECOND_MS } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { type LeaverDeps, passOwner, settleOwner, type Whereabouts } from '../../tokens/leavers.ts';
import { type AccessPolicy, mayUseApp } from '../../tokens/policy.ts';
import type { WorkspaceId } from '../../tokens/token.ts';
import { isUnknownPerson, type SlackError, slackErrorOf } from '../reply/slack-error.ts';
import type { Actors } from './actor.ts';

/** One call of `users.info` a second leaves two fifths of Slack's 100 a minute (Tier 4) to the people who use the app. */
export const LOOK_UP_PACE_MS = 1 * SECOND_MS;

/** An owner about whom Slack did not answer is asked about again after this time; until then come the others. */
const RETRY_MS = 1 * MINUTE_MS;

/** After failures in a row: how long nobody is asked about. */
const REST_MS_MIN = 1 * SECOND_MS;

const REST_MS_MAX = 10 * MINUTE_MS;

/** Owners without live tokens that one call passes over. */
const PASSED_MAX = 200;

type LookUpDeps = LeaverDeps & {
  readonly actors: Actors;
  readonly workspace: WorkspaceId;
  readonly policy: AccessPolicy;
  readonly log: Log;
};

/**
 * A job that asks Slack about the one owner who has been due longest, those suspected first, and acts on the answer; to be run at
 * `LOOK_UP_PACE_MS`. Nobody but `users.info` decides that an owner left: an event only makes them due. Who is due stands in
 * the store, so that a restart forgets nobody.
 */
export function createOwnerLookUp(deps: LookUpDeps): () => Promise<void> {
  let failuresInRow = 0;
  let restsUntil = 0;

  return async () => {
    const now = deps.clock();
    if (now < restsUntil) return;
    // Also when the store fails; taken back when nothing did.
    restsUntil = now + Math.min(REST_MS_MIN * 2 ** failuresInRow, REST_MS_MAX);
    failuresInRow = Math.min(failuresInRow + 1, 20);
    const trouble = await lookUpNext(deps);
    if (trouble === undefined) {
      failuresInRow = 0;
      restsUntil = 0;
    } else if (trouble.retryAfterMs !== undefined) {
      restsUntil = deps.clock() + trouble.retryAfterMs;
    }
  };
}

/** Resolves to why Slack did not answer about the owner, mostly to nothing. */
async function lookUpNext(deps: LookUpDeps): Promise<SlackError | undefined> {
  const owner = await nextOwner(deps);
  if (owner === undefined) return undefined;
  const whereabouts = await whereaboutsOf(owner.person, deps);
  if (typeof whereabouts === 'string') {
    await settleOwner(owner, whereabouts, deps);
    return undefined;
  }
  const { code } = whereabouts;
  deps.log.warn(
    { person: owner.person, code },
    'Slack did not tell whether an owner left; they are asked about again',
  );
  await deps.store.noteOwner(owner, { ...owner, lookUpAt: deps.clock() + RETRY_MS });
  return whereabouts;
}

async function nextOwner(deps: LookUpDeps) {
  for (let passed = 0; passed < PASSED_MAX; passed++) {
    const owner = await deps.store.ownerToLookUp(deps.workspace, deps.clock());
    if (owner === undefined || owner.hasLiveTokens) return owner;
    await passOwner(owner, deps);
  }
  return undefined;
}

async function whereaboutsOf(
  person: string,
  { actors, policy }: LookUpDeps,
): Promise<Whereabouts | SlackError> {
  try {
    const standing = await actors.standing(person, 'fresh');
    if (standing === 'deactivated') return 'left';
    return mayUseApp({ standing }, policy) ? 'here' : 'barred';
  } catch (thrown) {
    const error = slackErrorOf(thrown);
    return isUnknownPerson(error) ? 'unknown' : error;
  }
}
