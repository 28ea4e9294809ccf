import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { type Refusal, type Refused, sentenceFor } from '../../tokens/refusal.ts';
import { section, tellingDialog } from '../blocks/text.ts';
import type { ListenerDeps } from '../listener.ts';
import type { KnownVisit } from '../visit.ts';
import { within } from './pause.ts';
import { isTurned } from './tell.ts';

/** An acknowledgement as the receiver takes it. */
export type RawAck = (response?: object) => Promise<void>;

const submitted = z.object({
  blocks: z
    .array(z.object({ type: z.string(), block_id: z.string() }).or(z.unknown().transform(() => undefined)))
    .catch([]),
  state: z
    .object({ values: z.record(z.string(), z.unknown()) })
    .optional()
    .catch(undefined),
});

/**
 * Answers a submitted dialog that something stands in the way which no field is to blame for: the sentence stands under
 * its first field, so that all that was typed stays; a dialog without fields turns into the sentence.
 */
export async function ackProblem(ack: RawAck, body: unknown, sentence: string): Promise<void> {
  const first = firstFieldOf(body);
  if (first !== undefined) return ack({ response_action: 'errors', errors: { [first]: sentence } });
  return ack({ response_action: 'update', view: tellingDialog('apitoken', [section(sentence)]) });
}

/** Errors are taken under `input` blocks alone: https://docs.slack.dev/surfaces/modals#displaying_errors */
function firstFieldOf(body: unknown): string | undefined {
  const view = z.object({ view: submitted }).safeParse(body).data?.view;
  const input = view?.blocks.find((block) => block?.type === 'input');
  return input?.block_id ?? Object.keys(view?.state?.values ?? {})[0];
}

/** Where a dialog's refusals stand: under a field, so that all that was typed stays, or in the dialog's place. */
export type RefusalFields = {
  readonly fields: Readonly<Partial<Record<Refusal['code'], string>>>;
  readonly dialogOf: (sentence: string) => ModalView;
};

/** The answer to a submission that was refused. */
export function refusedSubmission(refusal: Refusal, { fields, dialogOf }: RefusalFields) {
  const field = fields[refusal.code];
  if (field !== undefined) return errorAt(field, refusal);
  return { response_action: 'update', view: dialogOf(sentenceFor(refusal)) } as const;
}

/** The refusal under that field. */
export function errorAt(field: string, refusal: Refusal) {
  return { response_action: 'errors', errors: { [field]: sentenceFor(refusal) } } as const;
}

/** The acknowledgement of a submission: errors at its fields, or the view that it turns into. */
export type AckSubmission = (
  response:
    | { response_action: 'errors'; errors: Record<string, string> }
    | { response_action: 'update'; view: ModalView },
) => Promise<void>;

/** Slack waits 3 s, of which finding out who it is may have taken one. */
const WORK_MS_MAX = 1500;

/**
 * Answers a submission by what `work` comes to: at once, or, where a busy database or a slow Slack keeps it, with `waiting`,
 * which then turns into the outcome; where the dialog was closed meanwhile, `whenClosed` is called with that. Resolves to it.
 */
export async function ackInTime<T extends { readonly kind: 'answered'; readonly view: ModalView }>(
  visit: KnownVisit,
  work: Promise<T | Refused>,
  {
    ack,
    fields,
    waiting,
    whenClosed,
  }: {
    readonly ack: AckSubmission;
    readonly fields: RefusalFields;
    readonly waiting: ModalView;
    readonly whenClosed: (outcome: T | Refused) => Promise<void>;
  },
  deps: ListenerDeps,
): Promise<T | Refused> {
  const early = await within(work, WORK_MS_MAX);
  if (early !== undefined) {
    await ack(
      early.kind === 'refused'
        ? refusedSubmission(early.refusal, fields)
        : { response_action: 'update', view: early.view },
    );
    return early;
  }
  await ack({ response_action: 'update', view: waiting });
  const late = await work;
  const view = late.kind === 'refused' ? fields.dialogOf(sentenceFor(late.refusal)) : late.view;
  if (!(await isTurned(visit, view, deps.client))) await whenClosed(late);
  return late;
}
