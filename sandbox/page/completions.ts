import type { Surroundings } from './protocol.ts';

/** Something to take over: `text` stands for what is typed from `start` on, `hint` says what it is or what may follow. */
export type Completion = { text: string; start: number; hint: string };

/** What may be meant: a list of commands, or of people. Of people the first is chosen at once, as in Slack. */
export type Offer = { of: 'commands' | 'people'; completions: readonly Completion[] };

const NOTHING: Offer = { of: 'commands', completions: [] };

/** What the text before the caret may become: the command that it begins, or the person whose name begins so after an `@`. */
export function completionsFor(
  text: string,
  known: Pick<Surroundings, 'commands' | 'people' | 'groups' | 'app'>,
): Offer {
  const mention = /(?<=^|\s)@([^\s@]*)$/.exec(text);
  if (mention !== null) return peopleCalled(mention[1] ?? '', mention.index, known);
  if (!text.startsWith('/')) return NOTHING;
  const completions = known.commands
    .flatMap(({ command, description, usageHint }) => [
      { text: `${command} `, start: 0, hint: description },
      ...usageHint.split('|').map((usage) => verbOf(command, usage.trim())),
    ])
    .filter((completion) => completion.text.startsWith(text) && completion.text !== text);
  return { of: 'commands', completions };
}

function verbOf(command: string, usage: string): Completion {
  const [verb = '', ...hint] = usage.split(' ');
  // With something to follow, the space is there already.
  return { text: `${command} ${verb}${hint.length > 0 ? ' ' : ''}`, start: 0, hint: hint.join(' ') };
}

/** Nobody, once a whole handle is typed: Enter then sends. Whoever was deactivated is not offered. */
function peopleCalled(
  typed: string,
  start: number,
  { people, groups, app }: Pick<Surroundings, 'people' | 'groups' | 'app'>,
): Offer {
  const begun = typed.toLowerCase();
  const everybody = [
    ...people
      .filter(({ role }) => role !== 'deactivated')
      .map(({ handle, name, role }) => ({ handle, name, hint: `${name} (${role})` })),
    { handle: app.handle, name: app.name, hint: 'app' },
    ...groups.map(({ handle }) => ({ handle, name: handle, hint: 'user group' })),
  ];
  if (everybody.some(({ handle }) => handle === begun)) return { of: 'people', completions: [] };
  const completions = everybody
    .filter((one) => [one.handle, one.name].some((name) => name.toLowerCase().startsWith(begun)))
    .map(({ handle, hint }) => ({ text: `@${handle} `, start, hint }));
  return { of: 'people', completions };
}
