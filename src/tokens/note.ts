import {
  characterName,
  drawsSomething,
  oneLine,
  straysIn,
  trimmed,
  turnsOrControls,
  withoutStrays,
} from './characters.ts';
import { holdsSecret } from './finder.ts';
import type { Refusal } from './refusal.ts';

/** UTF-16 units for each code point of a note: composing makes one of four at most, each of two units. */
const UNITS_A_CHARACTER_MAX = 8;

/**
 * A purpose or reason on one line, trimmed, or why it cannot be kept; null when nothing of it can be seen. Lengths count code
 * points. What only draws nothing is left out; what turns the writing around, or controls something, is refused.
 */
export function parseNote(text: string, lengthMax: number): { note: string | null } | { refusal: Refusal } {
  if (holdsSecret(text)) return { refusal: { code: 'holds_value' } };
  const typed = trimmed(text);
  if (typed.length > lengthMax * UNITS_A_CHARACTER_MAX)
    return { refusal: { code: 'text_too_long', lengthMax } };
  const turning = straysIn(typed).find(turnsOrControls);
  if (turning !== undefined) return { refusal: { code: 'text_invalid', sign: characterName(turning) } };
  const note = oneLine(withoutStrays(typed.normalize('NFC')));
  if ([...note].length > lengthMax) return { refusal: { code: 'text_too_long', lengthMax } };
  return { note: drawsSomething(note) ? note : null };
}
