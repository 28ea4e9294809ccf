import { z } from 'zod';
import { findToken } from '../tokens/find.ts';
import { heldProof } from '../tokens/held.ts';
import { sentenceFor } from '../tokens/refusal.ts';
import { parseTokenId, statusOf, type TokenId, type UsedToken } from '../tokens/token.ts';
import type { TokenValue } from '../tokens/token-value.ts';
import { verifyValue } from '../tokens/verify.ts';
import type { ListPlace } from './blocks/list.ts';
import { revokeDialog } from './blocks/revoke-dialog.ts';
import type { ListenerDeps } from './listener.ts';
import { sentenceMessage, tell } from './tell.ts';
import type { KnownVisit } from './visit.ts';

const metadata = z.object({ token: z.string(), held: z.string().optional() });

/**
 * What the dialog carries through the client: which token, and the note that its value was presented. Hints, no rights.
 * Undefined when no dialog of ours carries it.
 */
export function parseRevokeMetadata(
  text: string,
): { tokenId: TokenId; held: string | undefined } | undefined {
  const parsed = metadata.safeParse(jsonIn(text));
  const tokenId = parseTokenId(parsed.data?.token ?? '');
  return tokenId === undefined ? undefined : { tokenId, held: parsed.data?.held };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asks whether the token of that name or id shall be ended. `from`: the drawn list that is to be drawn again after it. */
export async function openRevokeDialog(
  visit: KnownVisit,
  nameOrId: string,
  deps: ListenerDeps,
  from?: ListPlace,
): Promise<void> {
  const found = await findToken(nameOrId, 'revoke', visit.actor, deps);
  if (found.kind === 'refused') return tell(visit, sentenceMessage(sentenceFor(found.refusal)), deps.client);
  await openDialog(visit, found.token, deps, { from });
}

/** Asks the same of whoever holds a value, whosever token it is. */
export async function openRevokeDialogForValue(
  visit: KnownVisit,
  value: TokenValue,
  deps: ListenerDeps,
): Promise<void> {
  const verdict = await verifyValue(value, deps);
  if (verdict.kind === 'unknowable') throw new Error('the pepper of a secret is not at hand');
  if (verdict.kind === 'bad') {
    return tell(visit, sentenceMessage(sentenceFor({ code: 'value_not_live' })), deps.client);
  }
  const { tokenId } = verdict.secret;
  const found = await findToken(tokenId, 'revoke_held', visit.actor, deps);
  if (found.kind === 'refused') return tell(visit, sentenceMessage(sentenceFor(found.refusal)), deps.client);
  const held = heldProof({ actor: visit.actor.id, tokenId, at: deps.clock() }, deps.pepper);
  await openDialog(visit, found.token, deps, { held });
}

async function openDialog(
  visit: KnownVisit,
  token: UsedToken,
  deps: ListenerDeps,
  options: { held?: string; from?: ListPlace | undefined },
): Promise<void> {
  const now = deps.clock();
  if (statusOf(token, now) === 'revoked') {
    const sentence = sentenceFor({ code: 'already_revoked', name: token.name });
    return tell(visit, sentenceMessage(sentence), deps.client);
  }
  const opened = await deps.client.views.open({
    trigger_id: visit.triggerId ?? '',
    view: revokeDialog(token, {
      byOwner: token.owner === visit.actor.id,
      metadata: JSON.stringify({ token: token.id, held: options.held }),
      now,
    }),
  });
  const viewId = opened.view?.id;
  if (viewId !== undefined && options.from !== undefined && visit.responseUrl !== undefined) {
    deps.places.remember(viewId, { responseUrl: visit.responseUrl, place: options.from });
  }
}
