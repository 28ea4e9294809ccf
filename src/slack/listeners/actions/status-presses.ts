import { parsePersonId } from '../../../tokens/token.ts';
import {
  BOARD_STOP_ID,
  STATUS_CSV_ID,
  STATUS_EVERYBODY_ID,
  STATUS_FILTER_ID,
  STATUS_NEXT_ID,
  STATUS_OWNER_ID,
  STATUS_PREVIOUS_ID,
  STATUS_SHARE_ID,
} from '../../blocks/ids.ts';
import { parseStatusPlace } from '../../blocks/status-place.ts';
import { stopBoard } from '../../boards.ts';
import type { ListenerDeps, Press, PressListener } from '../../listener.ts';
import { sendCsv, showStatus, showToChannel } from '../../status-answer.ts';
import { tellForged } from '../../tell-refusal.ts';
import { type KnownVisit, type PressedMessage, pressedMessageOf } from '../../visit.ts';

/** A page or another filter of everybody's tokens: drawn in place of what stands there. */
const onTurn: PressListener = (visit, value, deps) =>
  showStatus(visit, parseStatusPlace(value), 'instead', deps);

/** A person was chosen: their tokens, under the filter that stands there. */
const onOwner: PressListener = (visit, value, deps) => {
  const place = { ...parseStatusPlace(visit.blockId ?? ''), owner: parsePersonId(value) ?? null, page: 1 };
  return showStatus(visit, place, 'instead', deps);
};

/** A button that stands in a message and nowhere else. */
function inMessage(
  listener: (visit: KnownVisit, value: string, message: PressedMessage, deps: ListenerDeps) => Promise<void>,
): PressListener {
  return async (visit, value, deps) => {
    const message = pressedMessageOf(visit);
    if (message !== undefined) return listener(visit, value, message, deps);
    await tellForged(visit, 'see', deps);
  };
}

/** *Share to channel*, confirmed. */
const onShare = inMessage((visit, value, message, deps) =>
  showToChannel(visit, parseStatusPlace(value), message, deps),
);

/** *CSV*. */
const onCsv: PressListener = (visit, value, deps) => sendCsv(visit, parseStatusPlace(value), deps);

/** *Stop updating*, under a board. */
const onStop = inMessage((visit, _value, message, deps) => stopBoard(visit, message, deps));

/** Where there is no conversation to answer in, the page is a dialog. */
const STATUS = ['status', 'dialog'] as const;

/** What stands under everybody's tokens and under a board, with what answers it. */
export const STATUS_PRESSES: readonly (readonly [actionId: string, press: Press])[] = [
  [STATUS_FILTER_ID, { listener: onTurn, drawnIn: STATUS }],
  [STATUS_OWNER_ID, { listener: onOwner, drawnIn: STATUS }],
  [STATUS_EVERYBODY_ID, { listener: onTurn, drawnIn: STATUS }],
  [STATUS_PREVIOUS_ID, { listener: onTurn, drawnIn: STATUS }],
  [STATUS_NEXT_ID, { listener: onTurn, drawnIn: STATUS }],
  [STATUS_SHARE_ID, { listener: onShare, drawnIn: ['status'] }],
  [STATUS_CSV_ID, { listener: onCsv, drawnIn: [...STATUS, 'unread'] }],
  [BOARD_STOP_ID, { listener: onStop, drawnIn: ['board', 'unread'] }],
];
