/** A part of a formatted text. What people typed is only ever a `string`. */
export type Span =
  | string
  | { kind: 'bold' | 'italic' | 'strike'; spans: Span[] }
  | { kind: 'code' | 'pre'; text: string }
  | { kind: 'circle'; name: string }
  | { kind: 'mention'; sign: '@' | '#'; id: string; label: string | undefined }
  | { kind: 'date'; seconds: number; format: string; url: string | undefined; fallback: string }
  | { kind: 'link'; url: string; label: string };

const STYLES = { '*': 'bold', _: 'italic', '~': 'strike' } as const;
/** One character of the private use area stands for each part that is found first, so that styles may span it. */
const HOLD_FIRST = 0xe000;

/** Reads Slack's mrkdwn. */
export function parseMrkdwn(text: string): Span[] {
  const held: Span[] = [];
  const hold = (span: Span): string => {
    held.push(span);
    return String.fromCharCode(HOLD_FIRST + held.length - 1);
  };
  const rest = text
    .replace(/[\ue000-\uf8ff]/g, '')
    .replace(
      /```\n?([\s\S]*?)\n?```|`([^`\n]+)`|<([^<>\n]+)>|:(\w+_circle):/g,
      (_whole, pre, code, angle, circle) => {
        if (pre !== undefined) return hold({ kind: 'pre', text: unescaped(pre) });
        if (code !== undefined) return hold({ kind: 'code', text: unescaped(code) });
        return hold(angle === undefined ? { kind: 'circle', name: circle } : readAngle(angle));
      },
    );
  return readStyles(rest, held);
}

function readStyles(text: string, held: readonly Span[]): Span[] {
  const styled = /(^|[^\w*_~])([*_~])(?=\S)([^\n]*?\S)\2(?![\w*_~])/.exec(text);
  if (styled === null) return readPlain(text, held);
  const [whole, before = '', mark = '*', inner = ''] = styled;
  const kind = STYLES[mark as keyof typeof STYLES];
  return [
    ...readPlain(text.slice(0, styled.index) + before, held),
    { kind, spans: readStyles(inner, held) },
    ...readStyles(text.slice(styled.index + whole.length), held),
  ];
}

function readPlain(text: string, held: readonly Span[]): Span[] {
  return text.split(/([\ue000-\uf8ff])/).flatMap((part, index) => {
    if (index % 2 === 1) return held[part.charCodeAt(0) - HOLD_FIRST] ?? [];
    return part === '' ? [] : [unescaped(part)];
  });
}

function readAngle(inner: string): Span {
  const [target = '', label] = inner.split('|', 2);
  const shown = label === undefined ? undefined : unescaped(label);
  const date = /^!date\^(\d+)\^([^^]*)(?:\^(.+))?$/.exec(target);
  if (date !== null) {
    const [, seconds, format = '', url] = date;
    return { kind: 'date', seconds: Number(seconds), format: unescaped(format), url, fallback: shown ?? '' };
  }
  if (target.startsWith('@') || target.startsWith('#')) {
    return { kind: 'mention', sign: target.startsWith('@') ? '@' : '#', id: target.slice(1), label: shown };
  }
  if (target.startsWith('!')) {
    const id = target.replace(/^!(subteam\^)?/, '');
    return { kind: 'mention', sign: '@', id, label: shown?.replace(/^@/, '') };
  }
  return { kind: 'link', url: unescaped(target), label: shown ?? unescaped(target) };
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
