import type { ViewStateValue } from '@slack/bolt';
import type { Acquaintance, Entry } from './protocol.ts';

/** What is chosen or filled in, in the words in which it is chosen: texts of options, handles, `#channel`. */
export function entryOf(value: ViewStateValue | undefined, people: readonly Acquaintance[]): Entry {
  if (value === undefined) return '';
  const handle = (id: string): string => people.find((person) => person.id === id)?.handle ?? id;
  if (value.selected_options !== undefined) return value.selected_options.map(({ text }) => text.text);
  if (value.selected_users !== undefined) return value.selected_users.map(handle);
  if (value.selected_user) return handle(value.selected_user);
  return value.selected_option?.text.text ?? value.selected_date ?? value.selected_time ?? value.value ?? '';
}
