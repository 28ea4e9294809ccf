import { findToken } from '../../tokens/find.ts';
import type { UsedToken } from '../../tokens/token.ts';
import type { Message } from '../blocks/message.ts';
import type { PageOfList } from '../blocks/pages.ts';
import type { ListenerDeps } from '../listener.ts';
import { type DrawnNotice, noticeAgainMessage } from '../notices/notice-blocks.ts';
import { inDirectMessage } from '../reply/direct-message.ts';
import { respond } from '../reply/respond.ts';
import type { KnownVisit } from '../visit.ts';
import { listMessageAt } from './list.ts';
import type { OpenedFrom } from './opened-from.ts';

/**
 * Draws again the list or notice that the dialog was opened from, now that it has done its work. The dialog says what it did, and
 * that stands whether or not they can be drawn; elsewhere it is not said again.
 */
export async function redrawOrigin(visit: KnownVisit, deps: ListenerDeps): Promise<void> {
  const from = deps.openedFrom.find(visit);
  if (from === undefined) return;
  await orWarn(draw(visit, from, deps), deps);
}

/** Tells what a dialog would have said that was closed before it could, to that person alone where it was opened. */
export async function tellBehind(visit: KnownVisit, message: Message, deps: ListenerDeps): Promise<void> {
  const from = deps.openedFrom.find(visit);
  const telling =
    from === undefined ? tellDirectly(visit, message, deps) : respond(from.responseUrl, message);
  await orWarn(telling, deps);
}

async function tellDirectly({ personId }: KnownVisit, message: Message, { client }: ListenerDeps) {
  await inDirectMessage(client, personId, (channel) =>
    client.chat.postEphemeral({ channel, user: personId, ...message }),
  );
}

/** Draws a notice again as it stands, where it was pressed. What the press led to stands, whether or not it can be drawn. */
export async function redrawNotice(
  responseUrl: string,
  notice: DrawnNotice,
  token: UsedToken,
  deps: ListenerDeps,
): Promise<void> {
  await orWarn(drawNotice(responseUrl, notice, token, deps), deps);
}

async function draw(visit: KnownVisit, from: OpenedFrom, deps: ListenerDeps): Promise<void> {
  switch (from.kind) {
    case 'list': {
      const list = await listMessageAt(visit.actor, pageAfter(from.page), deps);
      return respond(from.responseUrl, list, 'instead');
    }
    case 'notice': {
      const found = await findToken(from.notice.tokenId, 'rotate', visit.actor, deps);
      if (found.kind === 'refused') return;
      return drawNotice(from.responseUrl, from.notice, found.token, deps);
    }
    case 'elsewhere':
      return undefined;
  }
}

function drawNotice(responseUrl: string, notice: DrawnNotice, token: UsedToken, deps: ListenerDeps) {
  return respond(responseUrl, noticeAgainMessage(notice, token, deps.clock()), 'lasting');
}

/** The row of a revoked token stays in sight with its date revoked: a list of the active ones becomes one of all. */
function pageAfter(page: PageOfList): PageOfList {
  return page.search === undefined && page.filter === 'active' ? { filter: 'all', page: 1 } : page;
}

/** Waits for a drawing without which what was done stands all the same: a failure is logged. */
export async function orWarn(drawing: Promise<void>, deps: Pick<ListenerDeps, 'log'>): Promise<void> {
  try {
    await drawing;
  } catch (error) {
    deps.log.warn({ err: error }, 'a message could not be drawn again');
  }
}
