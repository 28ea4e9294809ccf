import type { VisibleMessage } from '../workspace/visible.ts';
import { Blocks } from './blocks.tsx';
import { fullTime, timeOf } from './dates.ts';
import { MenuButton } from './menu.tsx';
import { act } from './moves.ts';
import { Mrkdwn } from './mrkdwn.tsx';
import { type PageState, usePageState, zoneOf } from './store.ts';
import { fileUrl } from './wire.ts';

const TINTS = 5;

type Sender = { name: string; kind: 'app' | 'system' | 'person'; look: string };

/** One message, with who wrote it and when; without, when it goes on from the one before. */
export function Message({ message, isContinued }: { message: VisibleMessage; isContinued: boolean }) {
  const sender = senderOf(message, usePageState());
  const classes = [
    'message',
    ...(message.ephemeral ? ['ephemeral'] : []),
    ...(isContinued ? ['continued'] : []),
  ];
  return (
    <article id={`message-${message.ts}`} class={classes.join(' ')} aria-label={sender.name}>
      {isContinued ? (
        <div />
      ) : (
        <div class={`avatar ${sender.look}`} aria-hidden="true">
          {sender.kind === 'app' ? '' : sender.name.charAt(0)}
        </div>
      )}
      <div class="body">
        {message.ephemeral && <p class="only-you">Only visible to you</p>}
        {!isContinued && <Head sender={sender} ts={message.ts} />}
        <Content message={message} />
        {message.raw.files.map((file) => (
          <File key={file.id} file={file} />
        ))}
        {message.edited && <span class="edited">(edited)</span>}
      </div>
      {!message.ephemeral && <Shortcuts ts={message.ts} from={sender.name} />}
    </article>
  );
}

/** What the app offers to do with a message. Slack offers nothing on one that only you see. */
function Shortcuts({ ts, from }: { ts: string; from: string }) {
  const shortcuts = usePageState().surroundings?.messageShortcuts ?? [];
  if (shortcuts.length === 0) return null;
  return (
    <div class="message-menu">
      <MenuButton
        label={`Shortcuts for the message from ${from}`}
        options={shortcuts}
        onChoose={(shortcut) => void act({ act: 'uses', shortcut, ts })}
      />
    </div>
  );
}

function Head({ sender, ts }: { sender: Sender; ts: string }) {
  const zone = zoneOf(usePageState());
  const date = new Date(Number(ts) * 1000);
  return (
    <p class="head">
      <strong>{sender.name}</strong>
      {sender.kind === 'app' && <span class="tag">APP</span>}
      <time dateTime={date.toISOString()} title={fullTime(date, zone)}>
        {timeOf(date, zone)}
      </time>
    </p>
  );
}

function Content({ message }: { message: VisibleMessage }) {
  const { raw, blocks, place, ts } = message;
  if (blocks.length > 0) return <Blocks blocks={blocks} where={{ in: place, ts, values: raw.values }} />;
  return (
    <p class="text">
      <Mrkdwn text={raw.text} />
    </p>
  );
}

function File({ file }: { file: VisibleMessage['raw']['files'][number] }) {
  const { as } = usePageState();
  return (
    <div class="file">
      <details>
        <summary>
          {file.name}, {file.size.toLocaleString('en')} bytes
        </summary>
        <pre tabIndex={0}>{file.preview}</pre>
      </details>
      <a class="button" href={fileUrl(as, file.id)} download aria-label={`Download ${file.name}`}>
        Download
      </a>
    </div>
  );
}

function senderOf({ raw, from }: VisibleMessage, { surroundings }: PageState): Sender {
  if (raw.from === 'USLACKBOT') return { name: 'Workspace', kind: 'system', look: 'system' };
  if (raw.from === surroundings?.app.id) return { name: surroundings.app.name, kind: 'app', look: 'app' };
  const name = surroundings?.people.find(({ id }) => id === raw.from)?.name ?? from;
  return { name, kind: 'person', look: `tint-${name.charCodeAt(0) % TINTS}` };
}
