import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { type Refusal, sentenceFor } from '../tokens/refusal.ts';
import { tellingDialog } from './blocks/dialog.ts';
import { saying } from './blocks/text.ts';

/** An acknowledgement as the receiver takes it. */
export type RawAck = (response?: object) => Promise<void>;

const submitted = z.object({
  view: z.object({ state: z.object({ values: z.record(z.string(), z.unknown()) }) }),
});

/**
 * Answers a submitted dialog that something stands in the way which no field is to blame for: the sentence stands under
 * its first field, so that all that was typed stays; a dialog without fields turns into the sentence.
 */
export async function ackProblem(ack: RawAck, body: unknown, sentence: string): Promise<void> {
  const parsed = submitted.safeParse(body);
  const [first] = Object.keys(parsed.data?.view.state.values ?? {});
  if (first !== undefined) return ack({ response_action: 'errors', errors: { [first]: sentence } });
  return ack({ response_action: 'update', view: tellingDialog('apitoken', [saying(sentence)]) });
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
