import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Fault, type Faults, garbled, retryHead } from './faults.ts';
import { type Answer, isJson, jsonAnswer, parseBody, parseJson, readBody, send, textAnswer } from './http.ts';
import { changeMessage, contentFrom, refuseContent, removeMessage } from './methods-chat.ts';
import {
  addMessage,
  type Json,
  type Message,
  type ResponseUrl,
  recordRefusal,
  recordTraffic,
  type State,
} from './state.ts';

/** Source: docs.slack.dev/interactivity/handling-user-interaction, "up to 5 times within 30 minutes". */
const USES_MAX = 5;
const LIFETIME_MS = 30 * 60 * 1000;

const FIELDS = [
  'attachments',
  'blocks',
  'delete_original',
  'link_names',
  'markdown_text',
  'metadata',
  'mrkdwn',
  'parse',
  'replace_original',
  'reply_broadcast',
  'response_type',
  'text',
  'thread_ts',
  'unfurl_links',
  'unfurl_media',
];

/** Answers one POST to a `response_url`. */
export async function answerResponseUrl(
  deps: { state: State; faults: Faults },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { state, faults } = deps;
  const url = `${state.baseUrl}${request.url ?? ''}`;
  const text = await readBody(request);
  const parsed = text === undefined ? undefined : parseBody(text, request.headers['content-type'] ?? '');
  const fault = faults.take({ path: request.url ?? '' });
  const answer = (fault && faultAnswer(fault)) ?? garbled(respond(state, url, parsed?.fields), fault);
  recordTraffic(state, {
    at: state.clock(),
    kind: 'response-url',
    method: url,
    args: parsed?.fields ?? {},
    answer: parseJson(answer.body) ?? answer.body,
    status: answer.status,
    fault: fault === undefined ? undefined : JSON.stringify(fault),
  });
  send(response, answer, fault);
}

function faultAnswer(fault: Fault): Answer | undefined {
  if (fault.drop === 'before') return textAnswer(0, '');
  if (fault.status !== undefined && fault.error !== undefined)
    return { ...jsonAnswer({ ok: false, error: fault.error }), status: fault.status };
  if (fault.status !== undefined) {
    const answer = textAnswer(fault.status, fault.text ?? 'fault');
    const headers = fault.status === 429 ? retryHead(fault.retryAfter ?? 1) : {};
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }
  return fault.error === undefined
    ? undefined
    : { ...jsonAnswer({ ok: false, error: fault.error }), status: 404 };
}

function respond(state: State, url: string, body: Json | undefined): Answer {
  const refuse = (status: number, error: string, detail = ''): Answer => {
    recordRefusal(state, { kind: 'response-url', about: url, error, detail });
    return { ...jsonAnswer({ ok: false, error }), status };
  };
  const target = state.responseUrls.get(url);
  if (target === undefined) return refuse(404, 'Expired url', 'never issued');
  if (state.clock() - target.at > LIFETIME_MS) return refuse(404, 'Expired url', 'older than 30 minutes');
  if (target.uses >= USES_MAX) return refuse(404, 'used_url', 'used 5 times already');
  if (body === undefined) return refuse(400, 'invalid_payload');
  for (const name of Object.keys(body)) {
    if (FIELDS.includes(name)) continue;
    recordRefusal(state, { kind: 'warning', about: 'response_url', error: 'unknown_argument', detail: name });
  }
  target.uses += 1;
  return act(state, target, body, refuse);
}

type Refuse = (status: number, error: string, detail?: string) => Answer;

function act(state: State, target: ResponseUrl, body: Json, refuse: Refuse): Answer {
  const original = originalOf(state, target);
  const deletes = isTrue(body.delete_original);
  // Only an action's message can be replaced: for a command Slack posts a new one, and finds nothing to delete.
  const replaces = isTrue(body.replace_original) && target.kind === 'action';
  if ((deletes || replaces) && original === undefined) return refuse(404, 'message_not_found');
  if (deletes && original !== undefined) {
    removeMessage(state, original);
    return jsonAnswer({ ok: true });
  }
  const refused = refuseContent(state, body, 'response_url');
  if (refused !== undefined)
    return refuse(statusOf(refused.error), refused.error, (refused.messages ?? []).join('\n'));
  if (replaces && original !== undefined)
    changeMessage(state, original, { blocks: [], attachments: [], ...body });
  else postByUrl(state, target, body);
  return jsonAnswer({ ok: true });
}

function statusOf(error: string): number {
  return error === 'internal_error' ? 500 : 400;
}

/** The message that was acted on. Slack cannot know that an ephemeral one was reloaded away, and so says ok to that. */
function originalOf(state: State, target: ResponseUrl): Message | undefined {
  if (target.kind !== 'action') return undefined;
  const message = state.messages.find(
    (one) => one.ts === target.messageTs && one.channelId === target.channelId,
  );
  return message?.vanished === true && message.onlyFor === undefined ? undefined : message;
}

/** Posts what an ack or a `response_url` brings; ephemeral unless it says `in_channel`. No membership is needed. */
export function postByUrl(
  state: State,
  target: Pick<ResponseUrl, 'channelId' | 'personId'>,
  body: Json,
): Message {
  return addMessage(state, {
    channelId: target.channelId,
    from: state.seed.botUserId,
    onlyFor: body.response_type === 'in_channel' ? undefined : target.personId,
    ...contentFrom(body),
  });
}

/** The message in an ack of a slash command: a text or an object. Undefined when it is neither. */
export function messageInAck(body: unknown): Json | undefined {
  if (typeof body === 'string') return { text: body };
  return isJson(body) ? body : undefined;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
