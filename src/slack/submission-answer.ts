import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { type Refusal, sentenceFor } from '../tokens/refusal.ts';
import { tellingDialog } from './blocks/dialog.ts';
import { saying } from './blocks/text.ts';

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
  return ack({ response_action: 'update', view: tellingDialog('apitoken', [saying(sentence)]) });
}

/** Errors are taken under `input` blocks alone: https://docs.slack.dev/surfaces/modals#displaying_errors */
function firstFieldOf(body: unknown): string | undefined {
  const view = z.object({ view: submitted }).safeParse(body).data?.view;
  const input = view?.blocks.find((block) => block?.type === 'input');
  return input?.block_id ?? Object.keys(view?.state?.values ?? {})[0];
}

/** Where a dialog's refusals stand: under a field, so that all that was typed stays, or in the dialog's place. */
export type RefusalPlaces = {
  readonly fields: Readonly<Partial<Record<Refusal['code'], string>>>;
  readonly dialogOf: (sentence: string) => ModalView;
};

/** The answer to a submission that was refused. */
export function refusedSubmission(refusal: Refusal, { fields, dialogOf }: RefusalPlaces) {
  const field = fields[refusal.code];
  if (field !== undefined) return errorAt(field, refusal);
  return { response_action: 'update', view: dialogOf(sentenceFor(refusal)) } as const;
}

/** The refusal under that field. */
export function errorAt(field: string, refusal: Refusal) {
  return { response_action: 'errors', errors: { [field]: sentenceFor(refusal) } } as const;
}
