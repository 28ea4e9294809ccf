import type { TextObject } from '@slack/types';
import { Circle } from './circle.tsx';
import { capitalised, formatDate, fullTime } from './dates.ts';
import { isAppLink, openConversation } from './moves.ts';
import { parseMrkdwn, type Span } from './parse-mrkdwn.ts';
import { usePageState, zoneOf } from './store.ts';

/** A text object of Slack's: formatted, or exactly as it is. */
export function Text({ text }: { text: TextObject }) {
  return text.type === 'mrkdwn' ? <Mrkdwn text={text.text} /> : <span class="lines">{text.text}</span>;
}

/** Formatted text. */
export function Mrkdwn({ text }: { text: string }) {
  return (
    <span class="lines">
      <Spans spans={parseMrkdwn(text)} />
    </span>
  );
}

function Spans({ spans }: { spans: readonly Span[] }) {
  return (
    <>
      {spans.map((span, index) => (
        <OneSpan key={index} span={span} isLineStart={startsLine(spans[index - 1])} />
      ))}
    </>
  );
}

function startsLine(before: Span | undefined): boolean {
  return before === undefined || (typeof before === 'string' && before.endsWith('\n'));
}

function OneSpan({ span, isLineStart }: { span: Span; isLineStart: boolean }) {
  if (typeof span === 'string') return <>{span}</>;
  switch (span.kind) {
    case 'bold':
      return (
        <b>
          <Spans spans={span.spans} />
        </b>
      );
    case 'italic':
      return (
        <i>
          <Spans spans={span.spans} />
        </i>
      );
    case 'strike':
      return (
        <s>
          <Spans spans={span.spans} />
        </s>
      );
    case 'code':
      return <code>{span.text}</code>;
    case 'pre':
      return <code class="pre">{span.text}</code>;
    case 'circle':
      return <Circle name={span.name} />;
    case 'mention':
      return <Mention sign={span.sign} id={span.id} label={span.label} />;
    case 'date':
      return (
        <DateText seconds={span.seconds} format={span.format} url={span.url} isLineStart={isLineStart} />
      );
    case 'link':
      return <Link url={span.url} label={span.label} />;
  }
}

/** A person, group or channel by its name. */
export function Mention(props: { sign: '@' | '#'; id: string; label?: string | undefined }) {
  const { surroundings } = usePageState();
  const everybody = [...(surroundings?.people ?? []), ...(surroundings ? [surroundings.app] : [])];
  const name =
    everybody.find(({ id }) => id === props.id)?.name ??
    surroundings?.groups.find(({ id }) => id === props.id)?.handle ??
    surroundings?.channels.find(({ id }) => id === props.id)?.name;
  return <span class="mention">{`${props.sign}${name ?? props.label ?? props.id}`}</span>;
}

/** An instant in the zone of the person that the visitor is, as Slack draws it for them. */
export function DateText(props: {
  seconds: number;
  format: string;
  url?: string | undefined;
  isLineStart: boolean;
}) {
  const zone = zoneOf(usePageState());
  const date = new Date(props.seconds * 1000);
  const told = formatDate(props.seconds, props.format, { now: new Date(), zone });
  const text = props.isLineStart ? capitalised(told) : told;
  const time = (
    <time dateTime={date.toISOString()} title={fullTime(date, zone)}>
      {text}
    </time>
  );
  return props.url === undefined ? time : <Link url={props.url} label={text} />;
}

/** A link, if it is one that may be followed; otherwise its text. */
export function Link({ url, label }: { url: string; label: string }) {
  if (isAppLink(url)) {
    return (
      <button type="button" class="link" onClick={() => void openConversation()}>
        {label}
      </button>
    );
  }
  if (!/^(https?:|mailto:)/i.test(url)) return <>{label}</>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {label}
    </a>
  );
}
