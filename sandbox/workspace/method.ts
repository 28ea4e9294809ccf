import type { Json, State } from './state.ts';

/** What a method answers; `messages` become `response_metadata.messages`. */
export type MethodAnswer =
  | ({ ok: true } & Json)
  | { ok: false; error: string; errors?: string[]; messages?: string[] };

/** One Web API method, and what Slack demands of who calls it. */
export type Method = {
  /** The kind of token; `bot` when left out. */
  token?: 'bot' | 'app';
  /** One of these is enough; none when left out. */
  scopes?: readonly string[];
  required?: readonly string[];
  args: readonly string[];
  /** The codes of Slack's own page for this method that the fake may answer. */
  errors: readonly string[];
  run(call: { state: State; args: Json; lose: boolean; socketUrl: () => string }): MethodAnswer;
};
