import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Completion, completionsFor, type Offer } from './completions.ts';
import { send, type, typedKey } from './moves.ts';
import { usePageState } from './store.ts';

const ROWS_MAX = 8;

const NOTHING: Offer = { of: 'commands', completions: [] };

/**
 * Where messages and commands are typed. Enter sends; Tab takes the first completion, arrows choose another one. Among people
 * the first is chosen at once, and Enter takes it.
 */
export function Composer() {
  const now = usePageState();
  const key = typedKey(now);
  const text = now.typed[key] ?? '';
  const field = useRef<HTMLTextAreaElement>(null);
  const { caret, setCaret, putCaret } = useCaret(field.current, text, key);
  const [chosen, setChosen] = useState(-1);
  const [isShut, setShut] = useState(false);
  const before = text.slice(0, caret);
  const known = now.surroundings;
  const offer = isShut || known === undefined ? NOTHING : completionsFor(before, known);
  const { completions } = offer;
  const first = offer.of === 'people' && completions.length > 0 ? 0 : -1;
  const active = Math.min(Math.max(chosen, first), completions.length - 1);
  useEffect(() => setChosen(-1), [before, key]);

  function take(completion: Completion): void {
    const begun = `${text.slice(0, completion.start)}${completion.text}`;
    putCaret(begun.length);
    type(`${begun}${text.slice(caret)}`);
    field.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    const move = event.isComposing ? undefined : moveFor(event, completions, active);
    if (move === undefined) return;
    event.preventDefault();
    if (move.kind === 'send') void send();
    if (move.kind === 'take') take(move.completion);
    if (move.kind === 'choose') setChosen(move.index);
    if (move.kind === 'shut') setShut(true);
  }

  return (
    <div class="composer">
      {completions.length > 0 && <Completions offer={offer} active={active} onTake={take} />}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <textarea
          ref={field}
          aria-label="Message"
          aria-autocomplete="list"
          aria-controls={completions.length > 0 ? 'completions' : undefined}
          aria-activedescendant={active >= 0 ? `completion-${active}` : undefined}
          rows={Math.min(ROWS_MAX, text.split('\n').length)}
          placeholder={`Message ${now.place.replace(/^@/, '')}`}
          value={text}
          autoComplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => {
            setShut(false);
            setCaret(currentTarget.selectionStart);
            type(currentTarget.value);
          }}
          onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" class="send" aria-label="Send" disabled={text.trim() === ''}>
          <span aria-hidden="true">➤</span>
        </button>
      </form>
    </div>
  );
}

/** Where the caret stands in this field, as far as it was heard of, and how it is put elsewhere once the field is drawn anew. */
function useCaret(field: HTMLTextAreaElement | null, text: string, key: string) {
  const [caret, setCaret] = useState(text.length);
  const wanted = useRef<number>(undefined);
  // What others put here (the story) is typed at its end.
  useEffect(() => setCaret(field?.selectionStart ?? text.length), [text, key]);
  useLayoutEffect(() => {
    if (wanted.current === undefined) return;
    field?.setSelectionRange(wanted.current, wanted.current);
    wanted.current = undefined;
  });
  function putCaret(at: number): void {
    wanted.current = at;
    setCaret(at);
  }
  return { caret, setCaret, putCaret };
}

type Move =
  | { kind: 'send' | 'shut' }
  | { kind: 'take'; completion: Completion }
  | { kind: 'choose'; index: number };

/** What a key means here; undefined when it is only typed. */
function moveFor(event: KeyboardEvent, offered: readonly Completion[], active: number): Move | undefined {
  const { length } = offered;
  const completion = offered[Math.max(0, active)];
  if (event.key === 'Enter' && !event.shiftKey) {
    return active >= 0 && completion !== undefined ? { kind: 'take', completion } : { kind: 'send' };
  }
  if (completion === undefined || event.shiftKey) return undefined;
  const moves: Readonly<Record<string, Move>> = {
    Tab: { kind: 'take', completion },
    ArrowDown: { kind: 'choose', index: (active + 1) % length },
    ArrowUp: { kind: 'choose', index: (Math.max(0, active) - 1 + length) % length },
    Escape: { kind: 'shut' },
  };
  return moves[event.key];
}

const LABELS = { commands: 'Commands', people: 'People' };

function Completions(props: { offer: Offer; active: number; onTake: (completion: Completion) => void }) {
  const { offer, active, onTake } = props;
  return (
    <div id="completions" class="completions" role="listbox" aria-label={LABELS[offer.of]}>
      {offer.completions.map((completion, index) => (
        <Option
          key={completion.text}
          completion={completion}
          index={index}
          isActive={index === active}
          onTake={onTake}
        />
      ))}
    </div>
  );
}

function Option(props: {
  completion: Completion;
  index: number;
  isActive: boolean;
  onTake: (completion: Completion) => void;
}) {
  const { completion, index, isActive, onTake } = props;
  const option = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isActive) option.current?.scrollIntoView({ block: 'nearest' });
  }, [isActive]);
  return (
    <div
      ref={option}
      id={`completion-${index}`}
      class="completion"
      role="option"
      tabIndex={-1}
      aria-selected={isActive}
      onPointerDown={(event) => {
        event.preventDefault();
        onTake(completion);
      }}
    >
      <code>{completion.text.trim()}</code>
      <span>{completion.hint}</span>
    </div>
  );
}
