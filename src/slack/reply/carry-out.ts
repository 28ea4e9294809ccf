import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { type Deed, noteDone, noteFailed } from '../../tokens/audit.ts';
import type { TokenStore } from '../../tokens/store.ts';
import { slackErrorOf } from './slack-error.ts';

type CarryOutDeps = { readonly store: TokenStore; readonly clock: Clock; readonly log: Log };

/**
 * Lets Slack do what is recorded as asked for, and records whether it took it. `work` resolves to Slack's code when it did not,
 * and so does this; or it throws, and so does this. Where the record cannot be written, what was asked for stays on record alone.
 */
export async function carryOut(
  deed: Deed,
  work: () => Promise<string | undefined>,
  deps: CarryOutDeps,
): Promise<string | undefined> {
  try {
    const code = await work();
    await note(deed, code, deps);
    return code;
  } catch (error) {
    await note(deed, slackErrorOf(error).code, deps);
    throw error;
  }
}

async function note(deed: Deed, code: string | undefined, deps: CarryOutDeps): Promise<void> {
  try {
    if (code === undefined) await noteDone(deed, deps);
    else await noteFailed(deed, code, deps);
  } catch (fault) {
    deps.log.error({ err: fault, deed: deed.kind, code }, 'an outcome could not be recorded');
  }
}
