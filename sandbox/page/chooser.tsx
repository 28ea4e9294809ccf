import type { ActionsBlockElement, InputBlockElement, SectionBlockAccessory } from '@slack/types';
import { CannotDraw } from './cannot-draw.tsx';
import type { Entry } from './protocol.ts';
import { type PageState, usePageState } from './store.ts';

type AnyElement = ActionsBlockElement | InputBlockElement | SectionBlockAccessory;

/** How something is filled in: the names that a field takes from its label, or its own. */
export type ChooserProps = {
  element: AnyElement;
  entry: Entry;
  id: string;
  onEntry: (entry: Entry) => void;
  onEnter?: (() => void) | undefined;
  'aria-label'?: string;
  'aria-labelledby'?: string;
  'aria-describedby'?: string | undefined;
  'aria-invalid'?: boolean;
  'aria-required'?: boolean;
};

/** Whatever a value can be typed into or chosen with, by native elements. */
export function Chooser(props: ChooserProps) {
  const { element } = props;
  switch (element.type) {
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return <TextField {...props} />;
    case 'datepicker':
      return <NativeInput type="date" {...props} />;
    case 'timepicker':
      return <NativeInput type="time" {...props} />;
    case 'static_select':
    case 'users_select':
    case 'channels_select':
    case 'conversations_select':
      return <OneOf {...props} />;
    case 'radio_buttons':
    case 'checkboxes':
    case 'multi_static_select':
    case 'multi_users_select':
    case 'multi_channels_select':
    case 'multi_conversations_select':
      return <Boxes {...props} />;
    default:
      return <CannotDraw type={element.type} />;
  }
}

function namesOf({
  element: _element,
  entry: _entry,
  onEntry: _onEntry,
  onEnter: _onEnter,
  ...names
}: ChooserProps) {
  return names;
}

function one(entry: Entry): string {
  return typeof entry === 'string' ? entry : (entry[0] ?? '');
}

function TextField(props: ChooserProps) {
  const { element, entry, onEntry, onEnter } = props;
  const max = 'max_length' in element ? element.max_length : undefined;
  const common = {
    ...namesOf(props),
    value: one(entry),
    placeholder: 'placeholder' in element ? element.placeholder?.text : undefined,
    autoComplete: 'off',
    spellcheck: false,
    // In code points, as Slack counts; `maxLength` would count otherwise.
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => {
      const text = max === undefined ? currentTarget.value : [...currentTarget.value].slice(0, max).join('');
      currentTarget.value = text;
      onEntry(text);
    },
    onKeyDown: ({ key, isComposing }: KeyboardEvent) => {
      if (key === 'Enter' && !isComposing) onEnter?.();
    },
  };
  if ('multiline' in element && element.multiline === true) return <textarea rows={4} {...common} />;
  return <input type="text" inputMode={inputMode(element.type)} {...common} />;
}

function inputMode(type: string): 'email' | 'url' | 'decimal' | undefined {
  const modes = { email_text_input: 'email', url_text_input: 'url', number_input: 'decimal' } as const;
  return modes[type as keyof typeof modes];
}

function NativeInput(props: ChooserProps & { type: 'date' | 'time' }) {
  const { entry, onEntry, type } = props;
  return (
    <input
      {...namesOf(props)}
      type={type}
      value={one(entry)}
      onChange={({ currentTarget }) => onEntry(currentTarget.value)}
    />
  );
}

type Choice = { entry: string; text: string; about?: string | undefined };

function OneOf(props: ChooserProps) {
  const { element, entry, onEntry } = props;
  const choices = choicesOf(element, usePageState());
  const placeholder = 'placeholder' in element ? element.placeholder?.text : undefined;
  const isEmpty = one(entry) === '';
  return (
    <select
      {...namesOf(props)}
      value={one(entry)}
      onChange={({ currentTarget }) => onEntry(currentTarget.value)}
    >
      {(isEmpty || props['aria-required'] === false) && <option value="">{placeholder ?? 'Choose…'}</option>}
      {choices.map((choice) => (
        <option key={choice.entry} value={choice.entry}>
          {choice.text}
        </option>
      ))}
    </select>
  );
}

function Boxes(props: ChooserProps) {
  const { element, entry, onEntry, id } = props;
  const choices = choicesOf(element, usePageState());
  const isRadio = element.type === 'radio_buttons';
  const chosen = typeof entry === 'string' ? [entry].filter((text) => text !== '') : entry;
  function toggle(choice: string, isOn: boolean): void {
    if (isRadio) onEntry(choice);
    else onEntry(isOn ? [...chosen, choice] : chosen.filter((text) => text !== choice));
  }
  const { 'aria-invalid': _invalid, 'aria-required': _required, ...names } = namesOf(props);
  return (
    <div class="boxes" role={isRadio ? 'radiogroup' : 'group'} {...names}>
      {choices.map((choice) => (
        <label key={choice.entry}>
          <input
            type={isRadio ? 'radio' : 'checkbox'}
            name={id}
            checked={chosen.includes(choice.entry)}
            onChange={({ currentTarget }) => toggle(choice.entry, currentTarget.checked)}
          />
          <span>
            {choice.text}
            {choice.about && <small>{choice.about}</small>}
          </span>
        </label>
      ))}
    </div>
  );
}

function choicesOf(element: AnyElement, now: PageState): Choice[] {
  if (/users_select$/.test(element.type)) {
    return (now.surroundings?.people ?? []).map(({ handle, name, role }) => ({
      entry: handle,
      text: role === 'member' ? name : `${name} (${role})`,
    }));
  }
  if (/(channels|conversations)_select$/.test(element.type)) {
    return (now.scene?.snapshot.places ?? []).map(({ place }) => ({ entry: place, text: place }));
  }
  const groups = 'option_groups' in element ? (element.option_groups ?? []) : [];
  const options = [
    ...('options' in element ? (element.options ?? []) : []),
    ...groups.flatMap((g) => g.options),
  ];
  return options.map((option) => ({
    entry: option.text.text,
    text: option.text.text,
    about: option.description?.text,
  }));
}
