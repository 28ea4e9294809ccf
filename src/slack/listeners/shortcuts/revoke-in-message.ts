import { z } from 'zod';
import { answerVisit } from '../../answer.ts';
import type { ListenerDeps } from '../../listener.ts';
import { messageAnswer } from '../../message-answer.ts';
import { rememberPlace } from '../../places.ts';
import { readDelivery } from '../../read-delivery.ts';
import type { KnownVisit } from '../../visit.ts';

const shortcut = z.object({ message: z.object({}).loose() });

/** *Revoke token in message*: `body` holds the whole message. */
export async function onRevokeInMessage(visit: KnownVisit, body: object, deps: ListenerDeps): Promise<void> {
  const { message } = readDelivery(shortcut, body);
  const viewId = await answerVisit(visit, await messageAnswer(visit.actor, message, deps), deps);
  rememberPlace(visit, viewId, deps.places);
}
