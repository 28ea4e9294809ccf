import type { KnownBlock, RichTextElement, RichTextPreformatted, RichTextSection } from '@slack/types';
import type { State } from './state.ts';

const BARE_LINK = /^https?:\/\/\S+$/i;
const BARE_HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.(app|com|dev|io|net|org)$/i;
const BARE_MAIL = /^[\w.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

/** `&`, `<` and `>` as Slack sends them in every text. */
export function encodeEntities(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** What Slack makes of a typed text with `should_escape`: people, groups, channels and links become `<…>` forms. */
export function escapeTyped(state: State, text: string): string {
  return text
    .split(/(\s+)/)
    .map((word) => escapeWord(state, word))
    .join('');
}

function escapeWord(state: State, word: string): string {
  const encoded = encodeEntities(word);
  if (word.startsWith('@')) return mention(state, word.slice(1)) ?? encoded;
  if (word.startsWith('#')) {
    const channel = [...state.channels.values()].find(
      ({ name, im }) => im === undefined && name === word.slice(1),
    );
    return channel === undefined ? encoded : `<#${channel.id}|${channel.name}>`;
  }
  if (BARE_LINK.test(word)) return `<${encoded}>`;
  if (BARE_HOST.test(word)) return `<http://${encoded}|${encoded}>`;
  if (BARE_MAIL.test(word)) return `<mailto:${encoded}|${encoded}>`;
  return encoded;
}

function mention(state: State, handle: string): string | undefined {
  for (const person of state.people.values())
    if (person.handle === handle) return `<@${person.id}|${handle}>`;
  for (const group of state.groups.values())
    if (group.handle === handle) return `<!subteam^${group.id}|@${handle}>`;
  return undefined;
}

/** The `rich_text` block that Slack keeps beside a typed message: code fences and `inline code` are elements of their own. */
export function richTextOf(text: string): KnownBlock {
  const parts = text.split(/```([\s\S]*?)```/);
  const elements = parts.flatMap((part, index): (RichTextSection | RichTextPreformatted)[] => {
    if (part.trim() === '') return [];
    if (index % 2 === 1) {
      return [
        { type: 'rich_text_preformatted', elements: [{ type: 'text', text: part.replace(/^\n|\n$/g, '') }] },
      ];
    }
    return [{ type: 'rich_text_section', elements: inlineOf(part) }];
  });
  return { type: 'rich_text', block_id: 'typed', elements };
}

function inlineOf(text: string): RichTextElement[] {
  return text.split(/`([^`\n]+)`/).flatMap((part, index): RichTextElement[] => {
    if (part === '') return [];
    return [
      index % 2 === 1 ? { type: 'text', text: part, style: { code: true } } : { type: 'text', text: part },
    ];
  });
}
