import type { Action } from '../tokens/policy.ts';
import { type Refusal, sentenceFor } from '../tokens/refusal.ts';
import type { ListenerDeps } from './listener.ts';
import { refuseForged } from './refuse-forged.ts';
import { sentenceMessage, tell } from './tell.ts';
import type { KnownVisit } from './visit.ts';

/** Tells the person, where they pressed, why nothing came of it. */
export function tellRefusal(visit: KnownVisit, refusal: Refusal, deps: ListenerDeps): Promise<void> {
  return tell(visit, sentenceMessage(sentenceFor(refusal)), deps.client);
}

/** The same of a press whose value no button of ours carries. */
export async function tellForged(visit: KnownVisit, attempted: Action, deps: ListenerDeps): Promise<void> {
  await tellRefusal(visit, await refuseForged(visit, attempted, deps), deps);
}
