import type { Surroundings } from './protocol.ts';

/** A command to take over: `text` goes into the composer, `hint` says what may follow. */
export type Completion = { text: string; hint: string };

/** The commands that `text` is the beginning of: each command, then its verbs as its `usage_hint` lists them. */
export function completionsFor(text: string, commands: Surroundings['commands']): Completion[] {
  if (!text.startsWith('/')) return [];
  return commands
    .flatMap(({ command, description, usageHint }) => [
      { text: `${command} `, hint: description },
      ...usageHint.split('|').map((usage) => verbOf(command, usage.trim())),
    ])
    .filter((completion) => completion.text.startsWith(text) && completion.text !== text);
}

function verbOf(command: string, usage: string): Completion {
  const [verb = '', ...hint] = usage.split(' ');
  // With something to follow, the space is there already.
  return { text: `${command} ${verb}${hint.length > 0 ? ' ' : ''}`, hint: hint.join(' ') };
}
