import type { ActionsBlockElement, Button, SectionBlockAccessory } from '@slack/types';
import { CannotDraw } from './cannot-draw.tsx';
import { Chooser } from './chooser.tsx';
import { entryOf } from './entry.ts';
import { Menu } from './menu.tsx';
import { type Control, controlKey, press, select } from './moves.ts';
import { usePageState } from './store.ts';
import type { Where } from './where.ts';

/** Something to press or to choose from, in a message, in the Home tab or in a dialog outside its fields. */
export function Element(props: {
  element: ActionsBlockElement | SectionBlockAccessory;
  blockId: string;
  where: Where;
  name: string;
}) {
  const { element, blockId, where, name } = props;
  if (element.type === 'image' || element.type === 'workflow_button')
    return <CannotDraw type={element.type} />;
  const control: Control = { in: where.in, ts: where.ts, blockId, actionId: element.action_id ?? '' };
  if (element.type === 'button') return <PressButton element={element} control={control} />;
  if (element.type === 'overflow') return <Menu element={element} control={control} name={name} />;
  const { people } = usePageState().surroundings ?? { people: [] };
  const value = where.values[blockId]?.[control.actionId];
  const label = 'placeholder' in element ? element.placeholder?.text : undefined;
  return (
    <Chooser
      element={element}
      entry={entryOf(value, people)}
      id={controlKey(control)}
      aria-label={label ?? name}
      onEntry={(entry) => select(control, entry, 'confirm' in element ? element.confirm : undefined)}
    />
  );
}

function PressButton({ element, control }: { element: Button; control: Control }) {
  const { busy, late } = usePageState();
  const key = controlKey(control);
  const { text, style = 'default' } = element;
  return (
    <span class="press">
      <button
        type="button"
        class={`button ${style}`}
        data-control={key}
        aria-busy={busy.has(key)}
        aria-label={element.accessibility_label}
        onClick={() => press(control, text.text, element.confirm)}
      >
        {text.text}
      </button>
      {late.has(key) && (
        <span
          class="late"
          role="img"
          aria-label="The app didn't answer in time"
          title="The app didn't answer in time"
        >
          ⚠
        </span>
      )}
    </span>
  );
}
