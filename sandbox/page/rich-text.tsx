import type { RichTextBlock, RichTextElement } from '@slack/types';
import { CannotDraw } from './cannot-draw.tsx';
import { Circle, isCircle } from './circle.tsx';
import { CopyButton } from './copy-button.tsx';
import { DateText, Link, Mention } from './mrkdwn.tsx';

/** A `rich_text` block: what stands in it is never read as formatting. */
export function RichText({ block }: { block: RichTextBlock }) {
  return (
    <div class="rich-text">
      {block.elements.map((part, index) => (
        <Part key={index} part={part} />
      ))}
    </div>
  );
}

function Part({ part }: { part: RichTextBlock['elements'][number] }) {
  switch (part.type) {
    case 'rich_text_section':
      return (
        <p class="lines">
          <Inline elements={part.elements} />
        </p>
      );
    case 'rich_text_preformatted':
      return (
        <div class="preformatted">
          <pre>
            <code>
              <Inline elements={part.elements} />
            </code>
          </pre>
          <CopyButton text={part.elements.map((one) => ('text' in one ? (one.text ?? '') : '')).join('')} />
        </div>
      );
    case 'rich_text_quote':
      return (
        <blockquote class="lines">
          <Inline elements={part.elements} />
        </blockquote>
      );
    case 'rich_text_list': {
      const items = part.elements.map((section, index) => (
        <li key={index}>
          <Inline elements={section.elements} />
        </li>
      ));
      return part.style === 'ordered' ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
  }
}

/** The elements of a line of rich text. */
export function Inline({ elements }: { elements: readonly RichTextElement[] }) {
  return (
    <>
      {elements.map((element, index) => (
        <Piece key={index} element={element} isFirst={index === 0} />
      ))}
    </>
  );
}

function Piece({ element, isFirst }: { element: RichTextElement; isFirst: boolean }) {
  switch (element.type) {
    case 'text':
      return <Styled text={element.text} style={element.style} />;
    case 'link':
      return <Link url={element.url} label={element.text ?? element.url} />;
    case 'user':
      return <Mention sign="@" id={element.user_id} />;
    case 'usergroup':
      return <Mention sign="@" id={element.usergroup_id} />;
    case 'channel':
      return <Mention sign="#" id={element.channel_id} />;
    case 'broadcast':
      return <Mention sign="@" id={element.range} />;
    case 'date':
      return (
        <DateText
          seconds={element.timestamp}
          format={element.format}
          url={element.url}
          isLineStart={isFirst}
        />
      );
    case 'emoji':
      return isCircle(element.name) ? (
        <Circle name={element.name} />
      ) : (
        <span>{emoji(element.name, element.unicode)}</span>
      );
    default:
      return <CannotDraw type={element.type} />;
  }
}

function emoji(name: string, unicode: string | undefined): string {
  if (unicode === undefined) return `:${name}:`;
  return String.fromCodePoint(...unicode.split('-').map((hex) => Number.parseInt(hex, 16)));
}

type TextStyle = { bold?: boolean; italic?: boolean; strike?: boolean; code?: boolean; underline?: boolean };

function Styled({ text, style = {} }: { text: string; style?: TextStyle | undefined }) {
  const names = Object.entries(style).flatMap(([name, isOn]) => (isOn ? [`is-${name}`] : []));
  if (style.code) return <code class={names.join(' ')}>{text}</code>;
  return <span class={names.length === 0 ? undefined : names.join(' ')}>{text}</span>;
}
