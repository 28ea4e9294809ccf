import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { BOT_SCOPES, EVENTS, manifestProblems } from './manifest-rules.ts';

/** What the fake must know of `manifest.yml`: only what stands there is given to the app. */
export type Manifest = {
  appName: string;
  botName: string;
  homeTab: boolean;
  messagesTab: boolean;
  /** Nobody can type in the Messages tab, commands included. */
  messagesTabReadOnly: boolean;
  interactivity: boolean;
  commands: readonly { command: string; escapes: boolean; description: string; usageHint: string }[];
  shortcuts: readonly { name: string; type: 'global' | 'message'; callbackId: string }[];
  scopes: ReadonlySet<string>;
  events: ReadonlySet<string>;
};

/** The scope that Slack wants for a bot event; an event that is not here needs none or is unknown to the fake. */
const EVENT_SCOPES: Record<string, string | undefined> = {
  app_home_opened: undefined,
  // Source: D:/reference/events/message.im.
  'message.im': 'im:history',
  // Source: D:/reference/events/message.channels and message.groups.
  'message.channels': 'channels:history',
  'message.groups': 'groups:history',
  user_change: 'users:read',
  subteam_members_changed: 'usergroups:read',
  subteam_updated: 'usergroups:read',
};

/** Events; actions, shortcuts and submissions; what a select that searches offers. */
const URL_PATHS = [
  'settings.event_subscriptions.request_url',
  'settings.interactivity.request_url',
  'settings.interactivity.message_menu_options_url',
];

/** A scope or event that the manifest names in a comment, for what is off unless it is wanted. */
const COMMENTED = /^( *)# (?=- [a-z_]+[.:][a-z_]+ )/gm;

/** The manifest's text with its commented scopes and events taken in. */
export function withCommentedLines(text: string): string {
  return text.replace(COMMENTED, '$1');
}

const OPTIONAL_PATH = 'oauth_config.scopes.bot_optional';

type Tree = { readonly [key: string]: unknown };

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}

function at(root: unknown, path: string): unknown {
  let here: unknown = root;
  for (const key of path.split('.')) here = isTree(here) ? here[key] : undefined;
  return here;
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}

function trees(value: unknown): Tree[] {
  return Array.isArray(value) ? value.filter(isTree) : [];
}

/**
 * Reads the app's manifest. Throws when Slack would not take it: a rule of its schema is broken, an event or command is without
 * its scope or url. The optional scopes in `withheld` are not granted, nor is what needs them delivered. `isWhole`: with its commented lines.
 */
export function readManifest(path: string, withheld: readonly string[] = [], isWhole = false): Manifest {
  const text = readFileSync(path, 'utf8');
  const root: unknown = parse(isWhole ? withCommentedLines(text) : text);
  const problems = [...manifestProblems(root), ...wordProblems(root)];
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const name = at(root, 'display_information.name');
  const manifest: Manifest = {
    appName: String(name),
    botName: String(at(root, 'features.bot_user.display_name') ?? name),
    homeTab: at(root, 'features.app_home.home_tab_enabled') === true,
    messagesTab: at(root, 'features.app_home.messages_tab_enabled') === true,
    messagesTabReadOnly: at(root, 'features.app_home.messages_tab_read_only_enabled') === true,
    interactivity: at(root, 'settings.interactivity.is_enabled') === true,
    commands: trees(at(root, 'features.slash_commands')).map((entry) => ({
      command: String(entry.command),
      escapes: entry.should_escape === true,
      description: String(entry.description ?? ''),
      usageHint: String(entry.usage_hint ?? ''),
    })),
    shortcuts: trees(at(root, 'features.shortcuts')).map((entry) => ({
      name: String(entry.name),
      type: entry.type === 'message' ? 'message' : 'global',
      callbackId: String(entry.callback_id),
    })),
    scopes: new Set(words(at(root, 'oauth_config.scopes.bot'))),
    events: new Set(words(at(root, 'settings.event_subscriptions.bot_events'))),
  };
  refuseMissingScopes(manifest);
  if (at(root, 'settings.socket_mode_enabled') !== true) refuseMissingUrls(root);
  return withoutScopes(manifest, withheld, words(at(root, OPTIONAL_PATH)));
}

/** Whoever installs the app may leave out what is optional. Source: docs.slack.dev/changelog/2026/03/12/optional-scopes. */
function withoutScopes(
  manifest: Manifest,
  withheld: readonly string[],
  optional: readonly string[],
): Manifest {
  for (const scope of withheld) {
    if (!optional.includes(scope)) throw new Error(`manifest: the scope ${scope} is not optional`);
  }
  const isGranted = (scope: string | undefined) => scope === undefined || !withheld.includes(scope);
  return {
    ...manifest,
    scopes: new Set([...manifest.scopes].filter(isGranted)),
    events: new Set([...manifest.events].filter((event) => isGranted(EVENT_SCOPES[event]))),
  };
}

/** Scopes and events that Slack knows; what is optional is asked for, too: github.com/slackapi/slack-cli/pull/517. */
function wordProblems(root: unknown): string[] {
  const scopes = words(at(root, 'oauth_config.scopes.bot'));
  const unknown = scopes.filter((scope) => !BOT_SCOPES.has(scope));
  const events = words(at(root, 'settings.event_subscriptions.bot_events')).filter(
    (event) => !EVENTS.has(event),
  );
  const alone = words(at(root, OPTIONAL_PATH)).filter((scope) => !scopes.includes(scope));
  return [
    ...unknown.map((scope) => `manifest: Slack knows no scope ${scope}`),
    ...events.map((event) => `manifest: Slack knows no event ${event}`),
    ...alone.map((scope) => `manifest: the optional scope ${scope} is not among those of the bot`),
  ];
}

/** Without sockets Slack must be told where to post to, for each kind of delivery. Source: D:/reference/app-manifest. */
function refuseMissingUrls(root: unknown): void {
  const urls: [string, unknown][] = [
    ...trees(at(root, 'features.slash_commands')).map(({ command, url }): [string, unknown] => [
      `the url of ${command}`,
      url,
    ]),
    ...URL_PATHS.map((path): [string, unknown] => [path, at(root, path)]),
  ];
  for (const [what, url] of urls) {
    if (typeof url !== 'string' || URL.parse(url)?.protocol !== 'https:') {
      throw new Error(`manifest: without Socket Mode ${what} must be an https url`);
    }
  }
}

function refuseMissingScopes(manifest: Manifest): void {
  for (const event of manifest.events) {
    if (!(event in EVENT_SCOPES)) throw new Error(`manifest: the sandbox does not know the event ${event}`);
    const scope = EVENT_SCOPES[event];
    if (scope !== undefined && !manifest.scopes.has(scope)) {
      throw new Error(`manifest: the event ${event} needs the scope ${scope}`);
    }
  }
  const needsCommands = manifest.commands.length + manifest.shortcuts.length > 0;
  if (needsCommands && !manifest.scopes.has('commands')) {
    throw new Error('manifest: slash commands and shortcuts need the scope commands');
  }
}
