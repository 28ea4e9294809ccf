import type { InputBlock } from '@slack/types';
import { Chooser } from './chooser.tsx';
import { entryOf } from './entry.ts';
import { act, draft, draftKey, enter } from './moves.ts';
import type { Entry } from './protocol.ts';
import { usePageState } from './store.ts';
import type { Where } from './where.ts';

/**
 * A field, with its label, hint and error. What is typed stays until the dialog is gone or, elsewhere, until the block has another id; a
 * text is told to the app on Enter where the block says that it is to hear of it.
 */
export function InputField({ block, where }: { block: InputBlock; where: Where }) {
  const { drafts, surroundings } = usePageState();
  const { element, label, hint, optional = false } = block;
  const blockId = block.block_id ?? '';
  const actionId = element.action_id ?? '';
  const key = draftKey(where.viewId ?? where.ts ?? where.in, blockId, actionId);
  const entry = drafts[key] ?? entryOf(where.values[blockId]?.[actionId], surroundings?.people ?? []);
  const error = where.errors?.[label.text];
  const id = `field-${blockId}`;
  const notes: Note[] = [
    { kind: 'error', text: error },
    { kind: 'hint', text: hint?.text },
    { kind: 'optional', text: optional ? 'optional' : undefined },
  ];
  const isText = element.type === 'plain_text_input';
  const control = { in: where.in, ts: where.ts, blockId, actionId };
  const onEnter =
    isText && block.dispatch_action === true ? () => enter(control, [entry].flat().join(''), key) : undefined;
  function onEntry(next: Entry): void {
    draft(key, next);
    if (block.dispatch_action === true && !isText) void act({ act: 'fills', fields: { [label.text]: next } });
  }
  const isGroup = /^(checkboxes|radio_buttons|multi_)/.test(element.type);
  return (
    <div class={error === undefined ? 'field' : 'field wrong'}>
      <div class="field-label">
        <label id={`${id}-label`} for={isGroup ? undefined : id}>
          {label.text}
        </label>
        <NoteText note={notes[2]} id={id} />
      </div>
      <Chooser
        element={element}
        entry={entry}
        id={id}
        onEntry={onEntry}
        onEnter={onEnter}
        aria-describedby={idsOf(notes, id)}
        aria-invalid={error !== undefined}
        aria-required={!optional}
        {...(isGroup ? { 'aria-labelledby': `${id}-label` } : {})}
      />
      <NoteText note={notes[0]} id={id} />
      <NoteText note={notes[1]} id={id} />
    </div>
  );
}

type Note = { kind: 'error' | 'hint' | 'optional'; text: string | undefined };

/** The ids of the notes that there are, as `aria-describedby` wants them. */
function idsOf(notes: readonly Note[], id: string): string | undefined {
  const ids = notes.flatMap(({ kind, text }) => (text === undefined ? [] : [`${id}-${kind}`]));
  return ids.length === 0 ? undefined : ids.join(' ');
}

function NoteText({ note, id }: { note: Note | undefined; id: string }) {
  if (note?.text === undefined) return null;
  return (
    <p id={`${id}-${note.kind}`} class={note.kind} role={note.kind === 'error' ? 'alert' : undefined}>
      {note.text}
    </p>
  );
}
