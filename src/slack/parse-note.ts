import type { Refusal } from '../tokens/refusal.ts';
import { findValues } from '../tokens/token-value.ts';

/** A purpose or reason, trimmed (null when there is none), or why it cannot be kept. Lengths count code points. */
export function parseNote(text: string, lengthMax: number): { note: string | null } | { refusal: Refusal } {
  const note = text.normalize('NFC').trim();
  if (findValues(note).length > 0) return { refusal: { code: 'holds_value' } };
  if ([...note].length > lengthMax) return { refusal: { code: 'text_too_long', lengthMax } };
  return { note: note === '' ? null : note };
}
