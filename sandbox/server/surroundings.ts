import type { Acquaintance, Surroundings } from '../page/protocol.ts';
import { SEED, type SeedPerson } from '../seed.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** What does not change while the sandbox runs. `roles` are those that the app was given, by handle. */
export function surroundingsOf(
  workspace: Workspace,
  options: { roles: Readonly<Record<string, string>>; demoUrl: string; isKept?: boolean },
): Surroundings {
  const { manifest } = workspace;
  return {
    team: SEED.teamName,
    appId: workspace.appId,
    app: {
      id: workspace.botUserId,
      handle: manifest.botName,
      name: manifest.appName,
      role: 'app',
      isPlayable: false,
    },
    people: SEED.people.map((person) => acquaintance(person, options.roles)),
    groups: SEED.groups.map(({ id, handle }) => ({ id, handle })),
    channels: SEED.channels.map(({ id, name }) => ({ id, name })),
    commands: manifest.commands.map(({ command, description, usageHint }) => ({
      command,
      description,
      usageHint,
    })),
    messageShortcuts: manifest.shortcuts.filter(({ type }) => type === 'message').map(({ name }) => name),
    demoUrl: options.demoUrl,
    isKept: options.isKept ?? false,
  };
}

function acquaintance(person: SeedPerson, roles: Readonly<Record<string, string>>): Acquaintance {
  const { id, handle, name } = person;
  const absent = absenceOf(person);
  const standing = person.admin ? 'admin' : person.guest ? 'guest' : 'member';
  return { id, handle, name, role: absent ?? roles[handle] ?? standing, isPlayable: absent === undefined };
}

/** Why nobody can be this person; undefined when somebody can. */
function absenceOf(person: SeedPerson): string | undefined {
  if (person.deactivated) return 'deactivated';
  if (person.bot) return 'bot';
  return person.strangerFrom === undefined ? undefined : 'another company';
}
