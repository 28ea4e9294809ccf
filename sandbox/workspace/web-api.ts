import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Fault, type Faults, faultAnswer, garbled, rateLimited } from './faults.ts';
import { type Answer, jsonAnswer, parseBody, parseJson, readBody, send } from './http.ts';
import type { Method, MethodAnswer } from './method.ts';
import { CHAT_METHODS } from './methods-chat.ts';
import { FILE_METHODS } from './methods-files.ts';
import { PEOPLE_METHODS } from './methods-people.ts';
import { VIEW_METHODS } from './methods-views.ts';
import type { Rates } from './rates.ts';
import { type Json, recordRefusal, recordTraffic, type State } from './state.ts';

const METHODS: Readonly<Record<string, Method>> = {
  ...CHAT_METHODS,
  ...FILE_METHODS,
  ...PEOPLE_METHODS,
  ...VIEW_METHODS,
};

/** Codes that any method may answer; not every page of Slack's lists them. */
const COMMON_ERRORS = new Set([
  'internal_error',
  'invalid_arguments',
  'invalid_auth',
  'invalid_form_data',
  'invalid_json',
  'missing_scope',
  'not_allowed_token_type',
  'not_authed',
  'request_timeout',
  'unknown_method',
]);

/** Arguments that a form carries as JSON text. */
const JSON_ARGS = ['attachments', 'blocks', 'file_ids', 'files', 'message', 'metadata', 'view'];

/** What the Web API needs of the rest of the workspace. */
export type WebApiDeps = { state: State; faults: Faults; rates: Rates | undefined; socketUrl: () => string };

/** Answers one request to `/api/METHOD`. */
export async function answerWebApi(
  deps: WebApiDeps,
  request: IncomingMessage,
  response: ServerResponse,
  method: string,
): Promise<void> {
  const { state, faults } = deps;
  const body = await readBody(request);
  const parsed = body === undefined ? undefined : parseBody(body, request.headers['content-type'] ?? '');
  const { token, args } = splitToken(parsed?.fields ?? {}, request.headers.authorization);
  const fault = faults.take({ method, path: request.url ?? '', args });
  await fault?.until;
  const faulty = fault === undefined ? limitedAnswer(deps, method, args) : faultAnswer(fault);
  const answered =
    faulty ??
    garbled(
      answerMethod(deps, method, {
        token,
        args,
        parsed,
        lose: fault?.lose === true,
        answers: fault?.answers,
      }),
      fault,
    );
  recordTraffic(state, {
    at: state.clock(),
    kind: 'call',
    method,
    args,
    answer: parseJson(answered.body),
    status: answered.status,
    fault: fault === undefined ? undefined : JSON.stringify(fault),
  });
  send(response, answered, fault);
}

function limitedAnswer({ state, rates }: WebApiDeps, method: string, args: Json): Answer | undefined {
  const retryAfter = rates?.take(method, args.channel);
  if (retryAfter === undefined) return undefined;
  recordRefusal(state, { kind: 'web-api', about: method, error: 'ratelimited', detail: `${retryAfter} s` });
  return rateLimited(retryAfter);
}

function splitToken(
  fields: Json,
  authorization: string | undefined,
): { token: string | undefined; args: Json } {
  const { token, ...args } = fields;
  const bearer = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  return { token: bearer ?? (typeof token === 'string' ? token : undefined), args };
}

type Call = {
  token: string | undefined;
  args: Json;
  parsed: { isForm: boolean } | undefined;
  lose: boolean;
  answers: Fault['answers'] | undefined;
};

function answerMethod(deps: WebApiDeps, name: string, call: Call): Answer {
  const { state } = deps;
  const scopes = { 'x-oauth-scopes': [...state.manifest.scopes].join(',') };
  const result = runMethod(deps, name, call);
  if (result.ok) return jsonAnswer(call.answers?.(result) ?? result, scopes);
  const { messages, ...refused } = result;
  recordRefusal(state, {
    kind: 'web-api',
    about: name,
    error: result.error,
    detail: (messages ?? []).join('\n'),
  });
  return jsonAnswer(
    messages === undefined ? refused : { ...refused, response_metadata: { messages } },
    scopes,
  );
}

function runMethod(deps: WebApiDeps, name: string, call: Call): MethodAnswer {
  const { state } = deps;
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (method === undefined) return { ok: false, error: 'unknown_method' };
  if (call.parsed === undefined) return { ok: false, error: 'invalid_form_data' };
  const refused = refuseCaller(state, method, call.token);
  if (refused !== undefined) return refused;
  const args = call.parsed.isForm ? parseJsonArgs(call.args) : call.args;
  warnOfUnknownArgs(state, name, method, args);
  const missing = (method.required ?? []).filter((arg) => args[arg] === undefined || args[arg] === '');
  if (missing.length > 0) {
    const messages = missing.map((arg) => `[ERROR] missing required field: ${arg}`);
    return { ok: false, error: 'invalid_arguments', messages };
  }
  const result = method.run({ state, args, lose: call.lose, socketUrl: deps.socketUrl });
  if (!result.ok && !method.errors.includes(result.error) && !COMMON_ERRORS.has(result.error)) {
    throw new Error(`the fake answered ${result.error} to ${name}, which Slack's page does not list`);
  }
  return result;
}

/** A bad JSON text stays what it is, a string, and is refused as such. */
function parseJsonArgs(args: Json): Json {
  const parsed: Json = { ...args };
  for (const name of JSON_ARGS) {
    const text = args[name];
    if (typeof text === 'string') parsed[name] = parseJson(text) ?? text;
  }
  return parsed;
}

function warnOfUnknownArgs(state: State, name: string, method: Method, args: Json): void {
  for (const arg of Object.keys(args)) {
    // Bolt's clients add team_id to every call.
    if (arg === 'team_id' || method.args.includes(arg)) continue;
    recordRefusal(state, { kind: 'warning', about: name, error: 'unknown_argument', detail: arg });
  }
}

function refuseCaller(state: State, method: Method, token: string | undefined): MethodAnswer | undefined {
  if (token === undefined || token === '') return { ok: false, error: 'not_authed' };
  const kind = token === state.botToken ? 'bot' : token === state.appToken ? 'app' : undefined;
  if (kind === undefined) return { ok: false, error: 'invalid_auth' };
  if (kind !== (method.token ?? 'bot')) return { ok: false, error: 'not_allowed_token_type' };
  const needed = method.scopes ?? [];
  const { scopes } = state.manifest;
  if (needed.length > 0 && !needed.some((scope) => scopes.has(scope))) {
    return {
      ok: false,
      error: 'missing_scope',
      ...{ needed: needed.join(','), provided: [...scopes].join(',') },
    };
  }
  return undefined;
}
