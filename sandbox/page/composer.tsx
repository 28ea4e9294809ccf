import { useEffect, useState } from 'preact/hooks';
import { type Completion, completionsFor } from './completions.ts';
import { send, type, typedKey } from './moves.ts';
import { usePageState } from './store.ts';

const ROWS_MAX = 8;

/** Where messages and commands are typed. Enter sends; Tab takes the first completion, arrows choose another one. */
export function Composer() {
  const now = usePageState();
  const key = typedKey(now);
  const text = now.typed[key] ?? '';
  const [chosen, setChosen] = useState(-1);
  const [isShut, setShut] = useState(false);
  const offered = isShut ? [] : completionsFor(text, now.surroundings?.commands ?? []);
  useEffect(() => setChosen(-1), [text, key]);

  function onKeyDown(event: KeyboardEvent): void {
    const move = event.isComposing ? undefined : moveFor(event, offered, chosen);
    if (move === undefined) return;
    event.preventDefault();
    if (move.kind === 'send') void send();
    if (move.kind === 'take') type(move.text);
    if (move.kind === 'choose') setChosen(move.index);
    if (move.kind === 'shut') setShut(true);
  }

  return (
    <div class="composer">
      {offered.length > 0 && <Completions offered={offered} chosen={chosen} />}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <textarea
          aria-label="Message"
          aria-autocomplete="list"
          aria-controls={offered.length > 0 ? 'completions' : undefined}
          aria-activedescendant={chosen >= 0 ? `completion-${chosen}` : undefined}
          rows={Math.min(ROWS_MAX, text.split('\n').length)}
          placeholder={`Message ${now.place.replace(/^@/, '')}`}
          value={text}
          autoComplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => {
            setShut(false);
            type(currentTarget.value);
          }}
          onKeyDown={onKeyDown}
        />
        <button type="submit" class="send" aria-label="Send" disabled={text.trim() === ''}>
          <span aria-hidden="true">➤</span>
        </button>
      </form>
    </div>
  );
}

type Move = { kind: 'send' | 'shut' } | { kind: 'take'; text: string } | { kind: 'choose'; index: number };

/** What a key means here; undefined when it is only typed. */
function moveFor(event: KeyboardEvent, offered: readonly Completion[], chosen: number): Move | undefined {
  const { length } = offered;
  const taken = offered[Math.max(0, chosen)];
  if (event.key === 'Enter' && !event.shiftKey) {
    return chosen >= 0 && taken !== undefined ? { kind: 'take', text: taken.text } : { kind: 'send' };
  }
  if (taken === undefined || event.shiftKey) return undefined;
  const moves: Readonly<Record<string, Move>> = {
    Tab: { kind: 'take', text: taken.text },
    ArrowDown: { kind: 'choose', index: (chosen + 1) % length },
    ArrowUp: { kind: 'choose', index: (Math.max(0, chosen) - 1 + length) % length },
    Escape: { kind: 'shut' },
  };
  return moves[event.key];
}

function Completions({ offered, chosen }: { offered: readonly Completion[]; chosen: number }) {
  return (
    <div id="completions" class="completions" role="listbox" aria-label="Commands">
      {offered.map((completion, index) => (
        <div
          key={completion.text}
          id={`completion-${index}`}
          class="completion"
          role="option"
          tabIndex={-1}
          aria-selected={index === chosen}
          onPointerDown={(event) => {
            event.preventDefault();
            type(completion.text);
          }}
        >
          <code>{completion.text.trim()}</code>
          <span>{completion.hint}</span>
        </div>
      ))}
    </div>
  );
}
