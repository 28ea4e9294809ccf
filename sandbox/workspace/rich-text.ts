import { type Check, flag, integer, list, shape, string, typed, word } from './checks.ts';
import { LIMITS } from './limits.ts';

/** Elements in one part of a rich text: no number is documented, so this only stops a runaway. */
const ELEMENTS_MAX = 1000;
const TEXT_MAX = LIMITS.messageText;

const textStyle = shape({}, { bold: flag, italic: flag, strike: flag, code: flag, underline: flag });
const mentionStyle = shape(
  {},
  { bold: flag, italic: flag, strike: flag, highlight: flag, client_highlight: flag, unlink: flag },
);
const id = string(255);
/** A person's, and nobody's else: an id of another shape is in no workspace. */
const userId = string(255, { pattern: /^[UW][0-9A-Z]+$/ });
const address = string(LIMITS.buttonUrl);

const text = shape({ text: string(TEXT_MAX) }, { style: textStyle });
const link = shape({ url: address }, { text: string(TEXT_MAX), unsafe: flag, style: textStyle });

const INLINE = typed({
  broadcast: shape({ range: word('here', 'channel', 'everyone') }, { style: mentionStyle }),
  channel: shape({ channel_id: id }, { style: mentionStyle }),
  color: shape({ value: string(255) }, { style: textStyle }),
  date: shape(
    { timestamp: integer(0, 9_999_999_999), format: string(255) },
    { url: address, fallback: string(TEXT_MAX), style: textStyle },
  ),
  emoji: shape({ name: string(255) }, { unicode: string(255), url: address, style: textStyle }),
  link,
  team: shape({ team_id: id }, { style: mentionStyle }),
  text,
  user: shape({ user_id: userId }, { style: mentionStyle }),
  usergroup: shape({ usergroup_id: id }, { style: mentionStyle }),
});

const inline = list(INLINE, ELEMENTS_MAX, 0);
const border = integer(0, 1);
const section = shape({ elements: inline });

/** A `rich_text` block, which is also what a table's cell may be. */
export const RICH_TEXT_BLOCK: Check = shape(
  {
    elements: list(
      typed({
        rich_text_section: section,
        rich_text_list: shape(
          {
            elements: list(typed({ rich_text_section: section }), ELEMENTS_MAX),
            style: word('bullet', 'ordered'),
          },
          { indent: integer(0, 8), offset: integer(0, 1_000_000), border },
        ),
        rich_text_preformatted: shape({ elements: list(typed({ text, link }), ELEMENTS_MAX) }, { border }),
        rich_text_quote: shape({ elements: inline }, { border }),
      }),
      ELEMENTS_MAX,
    ),
  },
  { block_id: string(LIMITS.blockId) },
);
