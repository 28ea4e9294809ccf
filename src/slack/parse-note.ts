import { holdsSecret } from '../tokens/finder.ts';
import type { Refusal } from '../tokens/refusal.ts';

/** NFC makes one of four code points at most (https://www.unicode.org/faq/normalization.html), of two UTF-16 units each. */
const UNITS_A_CHARACTER_MAX = 8;

/**
 * A purpose or reason, trimmed (null when there is none), or why it cannot be kept. Lengths count code points after NFC, which
 * takes the square of how many marks stand in a row: a text that is too long in any case is not normalised.
 */
export function parseNote(text: string, lengthMax: number): { note: string | null } | { refusal: Refusal } {
  if (holdsSecret(text)) return { refusal: { code: 'holds_value' } };
  const typed = text.trim();
  if (typed.length > lengthMax * UNITS_A_CHARACTER_MAX)
    return { refusal: { code: 'text_too_long', lengthMax } };
  const note = typed.normalize('NFC').trim();
  if ([...note].length > lengthMax) return { refusal: { code: 'text_too_long', lengthMax } };
  return { note: note === '' ? null : note };
}
