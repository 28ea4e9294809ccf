import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readManifest } from '../sandbox/workspace/manifest.ts';
import { openWorkspace, setStage, temporaryFolder } from './fixture.ts';
import {
  answerIn,
  answerTo,
  callsOf,
  createsToken,
  deliveriesIn,
  holdsToken,
  settled,
  soon,
  tokenRow,
} from './slack/flows.ts';

const PATH = resolve(import.meta.dirname, '../manifest.yml');
const TEXT = readFileSync(PATH, 'utf8');
const manifest = parse(TEXT);
const [command] = manifest.features.slash_commands;

/** Slack's limits, from docs.slack.dev/reference/app-manifest. */
test.for([
  ['the name', manifest.display_information.name, 1, 35],
  ['the description', manifest.display_information.description, 1, 140],
  ['the long description', manifest.display_information.long_description, 175, 4000],
  ["the bot's display name", manifest.features.bot_user.display_name, 1, 80],
  ["the command's description", command.description, 1, 2000],
  ["the shortcut's name", manifest.features.shortcuts[0].name, 1, 24],
  ["the message shortcut's name", manifest.features.shortcuts[1].name, 1, 24],
  ["the message shortcut's description", manifest.features.shortcuts[1].description, 1, 150],
  ["the shortcut's description", manifest.features.shortcuts[0].description, 1, 150],
  ["the command's usage hint", command.usage_hint, 1, 1000],
] as const)("%s is within Slack's limits", ([, text, min, max]) => {
  expect(text.length).toBeGreaterThanOrEqual(min);
  expect(text.length).toBeLessThanOrEqual(max);
});

test('there is one command, and people in it arrive as ids', () => {
  expect(manifest.features.slash_commands).toHaveLength(1);
  expect(command).toMatchObject({ command: '/apitoken', should_escape: true });
});

test('the Home and Messages tabs are on: values are shown in the latter', () => {
  expect(manifest.features.app_home).toEqual({
    home_tab_enabled: true,
    messages_tab_enabled: true,
    messages_tab_read_only_enabled: false,
  });
});

test('Socket Mode and interactivity are on', () => {
  expect(manifest.settings).toMatchObject({ socket_mode_enabled: true, interactivity: { is_enabled: true } });
});

describe('changed for HTTP mode as its comments say', () => {
  const changed = TEXT.replaceAll(/# HTTP: (?=\w+: )/g, '').replace('true # HTTP: false', 'false');
  const url = 'https://apitoken.example.com/slack/events';

  test('it is one that Slack takes, with every delivery at one url', () => {
    const { settings, features } = parse(changed);

    expect(() => readManifest(fileOf(changed))).not.toThrow();
    expect(settings.socket_mode_enabled).toBe(false);
    expect(settings.event_subscriptions.request_url).toBe(url);
    expect(settings.interactivity).toEqual({
      is_enabled: true,
      request_url: url,
      message_menu_options_url: url,
    });
    expect(features.slash_commands).toMatchObject([{ command: '/apitoken', url }]);
  });

  test('each of the four urls is needed', () => {
    const lines = changed.split('\n');
    const withUrl = lines.flatMap((line, index) => (line.includes(url) ? [index] : []));

    expect(withUrl).toHaveLength(4);
    for (const index of withUrl) {
      const file = fileOf(lines.toSpliced(index, 1).join('\n'));
      expect(() => readManifest(file), lines[index]).toThrow('without Socket Mode');
    }
  });
});

function fileOf(text: string): string {
  const file = join(temporaryFolder(), 'manifest.yml');
  writeFileSync(file, text);
  return file;
}

describe('with the lines for LEAK_GUARD taken in as its comments say', () => {
  const changed = TEXT.replaceAll(/^( *)# (?=- )/gm, '$1');

  test('it is one that Slack takes, with three scopes and two events more, each with a word on what needs it', () => {
    const { oauth_config, settings } = parse(changed);
    const added = (now: string[], before: string[]) => now.filter((one) => !before.includes(one));
    const scopes = added(oauth_config.scopes.bot, manifest.oauth_config.scopes.bot);
    const events = added(
      settings.event_subscriptions.bot_events,
      manifest.settings.event_subscriptions.bot_events,
    );

    expect(() => readManifest(fileOf(changed))).not.toThrow();
    expect(scopes).toEqual(['channels:history', 'groups:history', 'channels:read']);
    expect(events).toEqual(['message.channels', 'message.groups']);
    for (const line of [...scopes, ...events]) expect(changed).toMatch(new RegExp(`- ${line} # \\w`));
    expect(readManifest(PATH, [], true)).toEqual(readManifest(fileOf(changed)));
  });

  test.for([
    ['- message.channels', 'channels:history'],
    ['- message.groups', 'groups:history'],
  ] as const)('the event of %s needs the scope %s', ([event, scope]) => {
    const file = fileOf(changed.replace(`- ${scope} #`, '# '));

    expect(() => readManifest(file)).toThrow(`the event ${event.slice(2)} needs the scope ${scope}`);
  });

  test('the guard ends what is posted, and asks for nothing that was not granted', async () => {
    for (const text of [changed, changed.replace('- channels:read #', '# ')]) {
      const workspace = await openWorkspace({ manifestPath: fileOf(text) });
      const stage = await setStage({ workspace, env: { LEAK_GUARD: 'revoke', ONCALL: 'U0BOB000001' } });
      const { value } = await holdsToken(stage, workspace.person('alice'), 'deploy-bot');

      await workspace.person('carol').types('#general', value);
      await soon(async () => expect((await stage.verify(value)).status).toBe(401));
      await settled(stage);

      const isNamed = text === changed;
      expect(tokenRow(stage, 'deploy-bot').revoke_reason).toBe(
        isNamed ? 'Leaked in #general' : 'Leaked in a channel',
      );
      expect(callsOf(workspace, 'conversations.info')).toHaveLength(isNamed ? 1 : 0);
    }
  });

  test('without them nothing is heard, and nothing asked', async () => {
    const workspace = await openWorkspace();
    const stage = await setStage({ workspace, env: { LEAK_GUARD: 'revoke' } });
    const { value } = await holdsToken(stage, workspace.person('alice'), 'deploy-bot');

    await workspace.person('carol').types('#general', value);
    await settled(stage);

    expect(deliveriesIn(workspace)).toEqual([]);
    expect((await stage.verify(value)).status).toBe(200);
  });
});

test('the scopes are those that are needed and no more, each with a word on what needs it', () => {
  const scopes: string[] = manifest.oauth_config.scopes.bot;

  expect(scopes.toSorted()).toEqual([
    'chat:write',
    'commands',
    'files:write',
    'im:history',
    'im:write',
    'usergroups:read',
    'users:read',
  ]);
  for (const scope of scopes) expect(TEXT).toMatch(new RegExp(`- ${scope} # \\w`));
});

test('the events are those that a listener answers', () => {
  const listeners = readFileSync(resolve(import.meta.dirname, '../src/slack/listeners/events.ts'), 'utf8');
  // Slack delivers each `message.…` that the manifest names as `message`.
  const answered = [...listeners.matchAll(/app\.event\('(\w+)'/g)].map(([, name]) =>
    name === 'message' ? 'message.im' : name,
  );

  expect(manifest.settings.event_subscriptions.bot_events.toSorted()).toEqual(answered.toSorted());
});

test('the usage hint names no command that is not there', () => {
  const parser = readFileSync(
    resolve(import.meta.dirname, '../src/slack/listeners/parse-command.ts'),
    'utf8',
  );

  for (const part of command.usage_hint.split(' | ')) expect(parser).toContain(`${part.split(' ')[0]}: '`);
});

describe('a manifest that Slack would not take is refused here:', () => {
  type Tree = Record<string, unknown>;
  /** The manifest with the part at `path` changed, or taken away when `value` is undefined. */
  function changedAt(path: string, value: unknown): string {
    const root = parse(TEXT);
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const holder = keys.reduce<Tree>((tree, key) => {
      tree[key] ??= {};
      return tree[key] as Tree;
    }, root);
    if (value === undefined) delete holder[last];
    else holder[last] = value;
    const file = join(temporaryFolder(), 'manifest.yml');
    writeFileSync(file, stringify(root));
    return file;
  }
  const [shortcut] = manifest.features.shortcuts;
  const events: string[] = manifest.settings.event_subscriptions.bot_events;
  const scopes: string[] = manifest.oauth_config.scopes.bot;

  test.for([
    ['display_information', undefined, 'is missing'],
    ['display_information.name', undefined, 'is missing'],
    ['display_information.name', '', '1 characters at least'],
    ['display_information.name', 'x'.repeat(36), '35 characters at most'],
    ['display_information.name', 7, 'must be text'],
    ['display_information.description', 'x'.repeat(141), '140 characters at most'],
    ['display_information.long_description', 'x'.repeat(174), '175 characters at least'],
    ['display_information.long_description', 'x'.repeat(4001), '4000 characters at most'],
    ['display_information.background_color', 'blue', 'must match'],
    ['display_information.icon', 'a.png', 'is no key that is known'],
    ['feature', {}, 'is no key that is known'],
    ['features.app_home.home_tab_enabled', 'yes', 'true or false'],
    ['features.app_home.home_tab', true, 'is no key that is known'],
    ['features.bot_user.display_name', undefined, 'is missing'],
    ['features.bot_user.display_name', 'x'.repeat(81), '80 characters at most'],
    ['features.assistant_view', { assistant_description: 'x' }, 'is no key that is known'],
    ['features.shortcuts', [], '1 at least'],
    ['features.shortcuts', Array(11).fill(shortcut), '10 at most'],
    ['features.shortcuts', [{ ...shortcut, name: 'x'.repeat(25) }], '24 characters at most'],
    ['features.shortcuts', [{ ...shortcut, description: undefined }], 'is missing'],
    ['features.shortcuts', [{ ...shortcut, description: 'x'.repeat(151) }], '150 characters at most'],
    ['features.shortcuts', [{ ...shortcut, type: 'both' }], 'must match'],
    ['features.shortcuts', [{ ...shortcut, callback_id: 'x'.repeat(256) }], '255 characters at most'],
    ['features.slash_commands', Array(51).fill(command), '50 at most'],
    ['features.slash_commands', [{ ...command, command: 'apitoken' }], 'must match'],
    ['features.slash_commands', [{ ...command, command: `/${'x'.repeat(32)}` }], '32 characters at most'],
    ['features.slash_commands', [{ ...command, description: undefined }], 'is missing'],
    ['features.slash_commands', [{ ...command, usage_hint: 'x'.repeat(1001) }], '1000 characters at most'],
    ['features.slash_commands', [{ ...command, url: 'ftp://a' }], 'must match'],
    ['features.slash_commands', [{ ...command, escape: true }], 'is no key that is known'],
    ['oauth_config.scopes.bot', [...scopes, 'chat:read'], 'Slack knows no scope chat:read'],
    ['oauth_config.scopes.bot', [...scopes, 'commands'], 'must not name one twice'],
    ['oauth_config.scopes.bot', scopes.filter((scope) => scope !== 'commands'), 'need the scope commands'],
    [
      'oauth_config.scopes.bot',
      scopes.filter((scope) => scope !== 'users:read'),
      'needs the scope users:read',
    ],
    ['oauth_config.scopes.bot_optional', ['team:read'], 'is not among those of the bot'],
    ['oauth_config.scopes.optional', [], 'is no key that is known'],
    [
      'settings.event_subscriptions.bot_events',
      [...events, 'user_changed'],
      'Slack knows no event user_changed',
    ],
    ['settings.event_subscriptions.bot_events', [...events, ...events], 'must not name one twice'],
    ['settings.interactivity.is_enabled', undefined, 'is missing'],
    ['settings.interactivity.request_url', 'x', 'must match'],
    ['settings.socket_mode_enabled', 'true', 'true or false'],
    ['settings.socket_mode_enabled', false, 'without Socket Mode'],
    ['settings.socket_mode', true, 'is no key that is known'],
    ['_metadata.major_version', 'two', 'whole number'],
  ] as const)('%s as %j', ([path, value, problem]) => {
    expect(() => readManifest(changedAt(path, value))).toThrow(problem);
  });

  test('while it is taken as it is', () => {
    expect(() => readManifest(changedAt('_metadata.minor_version', 1))).not.toThrow();
  });
});

describe('where the optional scopes were not granted', () => {
  const withheldScopes: string[] = manifest.oauth_config.scopes.bot_optional;

  test('they are those without which a token is created, shown, used and revoked all the same', async () => {
    const workspace = await openWorkspace({ withheldScopes });
    const stage = await setStage({ workspace, env: { ONCALL: 'S0ONCALL001', MANAGERS: 'U0CAROL0001' } });
    const alice = workspace.person('alice');

    const value = await createsToken(alice, 'deploy-bot');

    expect(withheldScopes.toSorted()).toEqual(['files:write', 'im:history', 'usergroups:read']);
    expect((await stage.verify(value)).status).toBe(200);
    expect((await answerTo(alice, '/apitoken')).text).toContain('deploy-bot');
    workspace.takeRefusals();
  });

  test('nobody counts as in a group, which the log says, and who is named by id keeps their role', async () => {
    const workspace = await openWorkspace({ withheldScopes });
    const stage = await setStage({ workspace, env: { ONCALL: 'S0ONCALL001', MANAGERS: 'U0CAROL0001' } });

    const toBob = await answerTo(workspace.person('bob'), '/apitoken status');
    const toCarol = await answerTo(workspace.person('carol'), '/apitoken status');

    expect(toBob.text).toBe('Only managers, on-call and admins can use /apitoken status.');
    expect(toCarol.text).toContain('API Tokens');
    expect(stage.log()).toContain('Slack did not say who is in a user group');
    expect(new Set(workspace.takeRefusals().map(({ error }) => error))).toEqual(new Set(['missing_scope']));
  });

  test('CSV is answered in a sentence that says who can mend it', async () => {
    const workspace = await openWorkspace({ withheldScopes });
    const stage = await setStage({ workspace, env: { MANAGERS: 'U0CAROL0001' } });
    const carol = workspace.person('carol');
    await holdsToken(stage, workspace.person('alice'), 'deploy-bot');
    await answerTo(carol, '/apitoken status');

    const told = await answerIn(carol, '#general', () => carol.clicks('CSV', { in: '#general' }));

    expect(told.text).toBe("apitoken isn't allowed to send files yet. Ask an admin to install it again.");
    workspace.expectRefusal('missing_scope');
  });

  test('nobody who writes to the app is answered, and commands typed there are', async () => {
    const workspace = await openWorkspace({ withheldScopes });
    await setStage({ workspace });
    const alice = workspace.person('alice');

    await alice.types('@apitoken', 'hello');
    const told = await answerTo(alice, '/apitoken help', '@apitoken');

    expect(told.text).toContain('/apitoken create');
    expect(deliveriesIn(workspace).map(({ type }) => type)).toEqual(['slash_commands']);
  });

  test('no other scope can be left out', async () => {
    await expect(openWorkspace({ withheldScopes: ['chat:write'] })).rejects.toThrow('is not optional');
  });
});
