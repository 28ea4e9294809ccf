import type { TrafficLine } from '../page/protocol.ts';
import { parseJson } from '../workspace/http.ts';
import type { CallEntry, DeliveryEntry, Json, Refusal, TrafficEntry } from '../workspace/state.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { masked } from './mask.ts';

/** What went over the wire, for the traffic drawer; nothing that leaves it has the shape of a value. */
export type TrafficLog = {
  /** The newest lines, oldest first. */
  lines(): TrafficLine[];
  /** All there is to know of one line, as JSON; undefined when it was dropped. */
  detail(number: number): string | undefined;
};

type Kept = { number: number; at: number; entry: TrafficEntry | Refusal };

const LINES_MAX = 150;
const DETAIL_CHARACTERS_MAX = 20_000;
/** These do not show up as a call or a delivery of their own. */
const LONE_REFUSALS = new Set<Refusal['kind']>(['ack', 'http', 'socket', 'warning']);

/** Notes all traffic of the workspace from now on. */
export function createTrafficLog(workspace: Workspace): TrafficLog {
  const seen = new WeakSet<object>();
  let kept: Kept[] = [];
  let count = 0;
  const handles = new Map(Object.entries(workspace.ids.people).map(([handle, id]) => [id, handle]));

  function note(entries: readonly (TrafficEntry | Refusal)[]): void {
    const fresh = entries.slice(entries.findLastIndex((entry) => seen.has(entry)) + 1);
    for (const entry of fresh) {
      seen.add(entry);
      if (!('at' in entry) && !LONE_REFUSALS.has(entry.kind)) continue;
      count += 1;
      kept.push({ number: count, at: 'at' in entry ? entry.at : Date.now(), entry });
    }
    kept = kept.slice(-LINES_MAX);
  }

  function catchUp(): void {
    note(workspace.traffic);
    note(workspace.refusals);
  }

  workspace.watch(catchUp);
  return {
    lines: () => kept.map((one) => lineOf(one, handles)),
    detail(number) {
      const found = kept.find((one) => one.number === number);
      if (found === undefined) return undefined;
      return masked(JSON.stringify(found.entry, unpacked, 2)).slice(0, DETAIL_CHARACTERS_MAX);
    },
  };
}

/** Blocks and views travel in forms as JSON in a text: here they are drawn as what they are. */
function unpacked(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || !/^[[{]/.test(value)) return value;
  return parseJson(value) ?? value;
}

function lineOf({ number, at, entry }: Kept, handles: ReadonlyMap<string, string>): TrafficLine {
  const line = !('at' in entry)
    ? ofRefusal(entry)
    : entry.kind === 'delivery'
      ? ofDelivery(entry)
      : ofCall(entry);
  const who = handles.get(personIn('payload' in entry ? entry.payload : 'args' in entry ? entry.args : {}));
  return { number, at, ...line, title: masked(line.title), who: who ?? '' };
}

type Told = Pick<TrafficLine, 'kind' | 'title' | 'outcome' | 'tone'>;

function ofRefusal(refusal: Refusal): Told {
  return {
    kind: 'refusal',
    title: refusal.about,
    outcome: masked(`${refusal.error} ${refusal.detail}`),
    tone: 'bad',
  };
}

function ofDelivery(entry: DeliveryEntry): Told {
  const title = titleOf(entry);
  if (entry.timedOut) return { kind: 'delivery', title, outcome: 'no answer within 3 seconds', tone: 'bad' };
  if (!entry.acked) return { kind: 'delivery', title, outcome: 'waiting for the app', tone: 'waiting' };
  const retry = entry.retryAttempt > 0 ? `, try ${entry.retryAttempt + 1}` : '';
  const action = textIn(entry.ackBody, 'response_action');
  const body = action === '' ? '' : `, ${action}`;
  const outcome = `acked in ${Math.round(entry.ackMs ?? 0)} ms${body}${retry}`;
  return { kind: 'delivery', title, outcome, tone: 'plain' };
}

function titleOf({ type, payload }: DeliveryEntry): string {
  if (type === 'slash_commands') return `${textIn(payload, 'command')} ${textIn(payload, 'text')}`.trim();
  if (type === 'events_api') return textIn(payload.event, 'type');
  const kind = textIn(payload, 'type');
  const actions: unknown = payload.actions;
  const action = Array.isArray(actions)
    ? textIn(actions[0], 'action_id')
    : textIn(payload.view, 'callback_id');
  return `${kind} ${action || textIn(payload, 'callback_id')}`.trim();
}

function ofCall(entry: CallEntry): Told {
  const kind = 'call';
  const title = entry.kind === 'response-url' ? 'response_url' : entry.method;
  const error = textIn(entry.answer, 'error');
  if (entry.status !== 200) return { kind, title, outcome: `${entry.status} ${error}`.trim(), tone: 'bad' };
  return error === ''
    ? { kind, title, outcome: 'ok', tone: 'plain' }
    : { kind, title, outcome: error, tone: 'bad' };
}

/** The id of the person that a payload or a call is about. */
function personIn(payload: Json): string {
  const nested = [payload.user, payload.event].map((one) => textIn(one, 'id') || textIn(one, 'user'));
  const flat = ['user_id', 'user', 'users'].map((name) => textIn(payload, name));
  return [...nested, ...flat].find((id) => id !== '') ?? '';
}

function textIn(value: unknown, name: string): string {
  if (typeof value !== 'object' || value === null || !(name in value)) return '';
  const found: unknown = Reflect.get(value, name);
  return typeof found === 'string' ? found : '';
}
