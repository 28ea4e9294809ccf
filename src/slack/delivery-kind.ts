/** What Slack delivered, for figures. */
export type DeliveryKind = 'action' | 'command' | 'event' | 'search' | 'shortcut' | 'submission' | 'other';

/** Told how long Slack waited for the acknowledgement of a delivery. */
export type OnAck = (kind: DeliveryKind, seconds: number) => void;

const KINDS: ReadonlyMap<unknown, DeliveryKind> = new Map([
  ['block_actions', 'action'],
  ['event_callback', 'event'],
  ['block_suggestion', 'search'],
  ['shortcut', 'shortcut'],
  ['message_action', 'shortcut'],
  ['view_submission', 'submission'],
]);

/** The kind of the delivery with this body. */
export function kindOfDelivery(body: Readonly<Record<string, unknown>>): DeliveryKind {
  if ('command' in body) return 'command';
  return KINDS.get(body.type) ?? 'other';
}

/**
 * Whether Bolt finds out what this delivery is, and so whether a listener answers it. Of anything else it says that it does
 * not know it, or throws, and acknowledges nothing. The same order as in `getTypeAndConversation` of Bolt 5.1.
 */
export function isForListeners(body: Readonly<Record<string, unknown>>): boolean {
  if (body.event !== undefined) return isEvent(body.event);
  if (body.command !== undefined) return typeof body.command === 'string';
  if (body.name !== undefined || body.type === 'block_suggestion') return body.type === 'block_suggestion';
  if (body.actions !== undefined) return Array.isArray(body.actions) && body.actions.length > 0;
  return body.type === 'view_closed' || (body.type !== 'block_actions' && KINDS.has(body.type));
}

function isEvent(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string';
}
