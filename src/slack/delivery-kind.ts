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
