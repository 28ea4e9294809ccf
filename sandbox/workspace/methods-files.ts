import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Faults, faultAnswer, garbled } from './faults.ts';
import { type Answer, isJson, readBody, send, textAnswer } from './http.ts';
import type { Method, MethodAnswer } from './method.ts';
import { removeMessage } from './methods-chat.ts';
import { addMessage, changed, type Json, newId, recordRefusal, recordTraffic, type State } from './state.ts';

const FILE_BYTES_MAX = 8 * 1024 * 1024;
const PREVIEW_LENGTH = 1000;

/** Tests and the page name the upload by this, as if it were a method. */
const UPLOAD = 'upload';

function getUploadUrl(state: State, args: Json): MethodAnswer {
  const length = Number(args.length);
  if (!Number.isSafeInteger(length) || length <= 0) return { ok: false, error: 'invalid_arguments' };
  if (length > FILE_BYTES_MAX) return { ok: false, error: 'file_upload_size_restricted' };
  const file = { id: newId('F'), name: String(args.filename), length, text: undefined, isShared: false };
  const url = `${state.baseUrl}/upload/v1/${randomBytes(18).toString('hex')}`;
  state.uploads.set(url, file);
  return { ok: true, upload_url: url, file_id: file.id };
}

function completeUpload(state: State, args: Json): MethodAnswer {
  const wanted: unknown[] = Array.isArray(args.files) ? args.files : [];
  const ids = wanted.map((one) => (isJson(one) ? one.id : undefined));
  const uploads = [...state.uploads.values()].filter(({ id }) => ids.includes(id));
  if (ids.length === 0) return { ok: false, error: 'invalid_arguments' };
  const isReady = uploads.every(({ text, isShared }) => text !== undefined && !isShared);
  if (uploads.length !== ids.length || !isReady) return { ok: false, error: 'file_not_found' };
  const channel = args.channel_id === undefined ? undefined : state.channels.get(String(args.channel_id));
  if (args.channel_id !== undefined && channel === undefined) return { ok: false, error: 'invalid_channel' };
  if (channel?.appIsMember === false) return { ok: false, error: 'not_in_channel' };
  for (const upload of uploads) upload.isShared = true;
  if (channel !== undefined) {
    addMessage(state, {
      channelId: channel.id,
      from: state.seed.botUserId,
      text: typeof args.initial_comment === 'string' ? args.initial_comment : '',
      files: uploads.map(({ id, name, length, text = '' }) => ({
        id,
        name,
        size: length,
        preview: text.slice(0, PREVIEW_LENGTH),
      })),
    });
  }
  return { ok: true, files: uploads.map(({ id, name }) => ({ id, title: name })) };
}

/** The message that it came with goes with it, unless somebody wrote something there. */
function deleteFile(state: State, args: Json): MethodAnswer {
  const entry = [...state.uploads].find(([, { id, isShared }]) => id === args.file && isShared);
  if (entry === undefined) return { ok: false, error: 'file_not_found' };
  const [url, { id }] = entry;
  state.uploads.delete(url);
  for (const message of state.messages.filter(({ files }) => files.some((file) => file.id === id))) {
    message.files = message.files.filter((file) => file.id !== id);
    if (message.files.length === 0 && message.text === '') removeMessage(state, message);
    else changed(state);
  }
  return { ok: true };
}

/** Answers the POST to an upload URL. Only text can be kept. */
export async function answerUpload(
  deps: { state: State; faults: Faults },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { state, faults } = deps;
  const path = request.url ?? '';
  const text = await readBody(request, FILE_BYTES_MAX);
  const fault = faults.take({ method: UPLOAD, path });
  const faulty = fault === undefined ? undefined : faultAnswer(fault);
  const answer = faulty ?? garbled(keepUpload(state, `${state.baseUrl}${path}`, text), fault);
  recordTraffic(state, {
    at: state.clock(),
    kind: 'call',
    method: UPLOAD,
    args: { text },
    answer: answer.body,
    status: answer.status,
    fault: fault === undefined ? undefined : JSON.stringify(fault),
  });
  send(response, answer, fault);
}

function keepUpload(state: State, url: string, text: string | undefined): Answer {
  const upload = state.uploads.get(url);
  const size = Buffer.byteLength(text ?? '');
  if (upload === undefined || text === undefined || upload.text !== undefined || size !== upload.length) {
    const detail = `${size} bytes came, ${upload?.length ?? 'none'} were announced`;
    recordRefusal(state, { kind: 'web-api', about: UPLOAD, error: 'bad_upload', detail });
    return textAnswer(400, 'bad upload');
  }
  upload.text = text;
  return textAnswer(200, `OK - ${size}`);
}

/** `files.*`, and only what sends a text. */
export const FILE_METHODS: Readonly<Record<string, Method>> = {
  'files.delete': {
    scopes: ['files:write'],
    required: ['file'],
    args: ['file'],
    errors: ['file_not_found'],
    run: ({ state, args }) => deleteFile(state, args),
  },
  'files.getUploadURLExternal': {
    scopes: ['files:write'],
    required: ['filename', 'length'],
    args: ['filename', 'length', 'alt_text', 'snippet_type'],
    errors: ['file_upload_size_restricted'],
    run: ({ state, args }) => getUploadUrl(state, args),
  },
  'files.completeUploadExternal': {
    scopes: ['files:write'],
    required: ['files'],
    args: ['files', 'channel_id', 'channels', 'thread_ts', 'initial_comment', 'blocks'],
    errors: ['file_not_found', 'invalid_channel', 'not_in_channel'],
    run: ({ state, args }) => completeUpload(state, args),
  },
};
