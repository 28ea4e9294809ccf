import { describe, expect, test } from 'vitest';
import type { Forged } from '../../sandbox/workspace/forge.ts';
import type { Person } from '../../sandbox/workspace/person.ts';
import type { Json } from '../../sandbox/workspace/state.ts';
import type { VisibleMessage } from '../../sandbox/workspace/visible.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/clock.ts';
import { RUN_COMMAND_ID } from '../../src/slack/blocks/ids.ts';
import { commandLine } from '../../src/slack/listeners/written.ts';
import { TokenValue } from '../../src/tokens/token-value.ts';
import { openWorkspace, setStage } from '../fixture.ts';
import {
  aClock,
  actionsOf,
  auditOf,
  callsOf,
  holdsToken,
  rowsOf,
  setStill,
  soon,
  withStore,
} from './flows.ts';
import { expectNeverSaid } from './leaks.ts';

const ABILITIES = "I can't chat, but I answer commands. Here is what you can type:";
const LOOKS_LIKE_VALUE = "This looks like a token value. I don't keep it, but Slack keeps your message.";
const MEMBERS_ONLY =
  'apitoken is only for full members of this workspace. If you need a token, ask an admin.';

/** What the app said to this person in their conversation. */
function answersTo(person: Person): VisibleMessage[] {
  return person.sees('@apitoken').filter(({ raw }) => raw.onlyFor === person.id);
}

function answerTexts(person: Person): string[] {
  return answersTo(person).map(({ text }) => text);
}

/** Writes and returns what is answered, once all that the message leads to is done. */
async function writes(
  { clock, person }: { clock: ReturnType<typeof aClock>; person: Person },
  text: string | Json,
): Promise<string[]> {
  const before = new Set(answersTo(person).map(({ ts }) => ts));
  if (typeof text === 'string') await person.types('@apitoken', text);
  else await person.forges({ type: 'message', text: 'hello', claims: text });
  await clock.moveBy(0);
  return answersTo(person)
    .filter(({ ts }) => !before.has(ts))
    .map((message) => message.text);
}

describe('somebody who writes to the app', () => {
  test('is told once a day what they can do, over a restart', async () => {
    const { stage, clock, alice } = await setStill({ MANAGERS: 'U0CAROL0001' });
    const at = { clock, person: alice };

    const [told, ...others] = await writes(at, 'hello, is anybody here?');
    expect(others).toEqual([]);
    expect(told).toContain(ABILITIES);
    expect(told).toContain('/apitoken create: create a token');
    expect(told).not.toContain('/apitoken status');
    expect(await writes(at, 'hello?')).toEqual([]);
    await stage.restart();
    expect(await writes(at, 'anybody?')).toEqual([]);

    await clock.moveBy(DAY_MS);
    expect(await writes(at, 'good morning')).toEqual([told]);
    expect(await writes(at, 'hello?')).toEqual([]);
    expect(await writes({ clock, person: stage.workspace.person('bob') }, 'hello')).toEqual([told]);
  });

  test('is told what they may do and no more', async () => {
    const { clock, workspace } = await setStill({ MANAGERS: 'U0CAROL0001', ONCALL: 'S0ONCALL001' });

    const [manager = ''] = await writes({ clock, person: workspace.person('carol') }, 'hi');
    const [admin = ''] = await writes({ clock, person: workspace.person('dave') }, 'hi');

    expect(manager).toContain('/apitoken status');
    expect(manager).not.toContain('@person');
    expect(admin).toContain('/apitoken status');
    expect(admin).toContain("/apitoken revoke @person: end a person's tokens");
  });

  test('several times at once is answered once', async () => {
    const { clock, alice } = await setStill();

    await Promise.all(['one', 'two', 'three'].map((text) => alice.types('@apitoken', text)));
    await clock.moveBy(0);

    expect(answerTexts(alice)).toHaveLength(1);
  });

  test('is told the next time, when Slack did not take the answer', async () => {
    const { stage, clock, alice, workspace } = await setStill();
    workspace.faults.add({ method: 'chat.postEphemeral', error: 'fatal_error', times: 1 });

    expect(await writes({ clock, person: alice }, 'hello')).toEqual([]);
    expect(await writes({ clock, person: alice }, 'hello')).toEqual([expect.stringContaining(ABILITIES)]);
    expect(stage.log()).toContain('a delivery of Slack failed');
  });

  test('in a thread is answered there', async () => {
    const { clock, alice, workspace } = await setStill();
    const [thread_ts] = [workspace.messages(workspace.ids.channels.general)[0]?.ts ?? '1700000000.000100'];

    await writes({ clock, person: alice }, { thread_ts });

    expect(callsOf(workspace, 'chat.postEphemeral').at(-1)?.args).toMatchObject({ thread_ts });
  });

  test('a lasting message of the app is none that it answers with: nothing stays', async () => {
    const { clock, alice } = await setStill();
    await writes({ clock, person: alice }, 'hello');

    alice.reloads();

    expect(alice.reads('@apitoken')).toBe('hello');
  });
});

describe('a value that is written to the app', () => {
  const value = TokenValue.generate('apit').reveal();

  test.for([
    ['alone', value],
    ['in a sentence', `is ${value} still good?`],
    ['in a command', `revoke ${value}`],
    ['in code', `\`\`\`\nexport TOKEN=${value}\n\`\`\``],
    ['most of it', value.slice(0, -8)],
    ['wrapped', `${value.slice(0, 30)}\n${value.slice(30)}`],
  ] as const)('is answered at once, each time, with how to revoke it: %s', async ([, text]) => {
    const { stage, clock, alice } = await setStill();

    for (let time = 0; time < 12; time++) {
      const answers = await writes({ clock, person: alice }, text);
      expect(answers).toEqual([expect.stringContaining(LOOKS_LIKE_VALUE)]);
      expect(answers[0]).toContain('choose Revoke token in message, or type /apitoken revoke VALUE');
      expect(answers[0]).not.toContain(value.slice(5, 17));
    }

    expectNeverSaid(value, stage);
    expect(actionsOf(stage)).toEqual([]);
  });

  test('in a file, as far as Slack shows it, is answered although nothing was written beside it', async () => {
    const { clock, alice } = await setStill();
    const files = [{ id: 'F1', preview: `TOKEN=${value}` }];

    const answers = await writes(
      { clock, person: alice },
      { subtype: 'file_share', text: '', blocks: null, files },
    );

    expect(answers).toEqual([expect.stringContaining(LOOKS_LIKE_VALUE)]);
  });

  test('is revoked by a button, whosever it is, where it works', async () => {
    const { stage, clock, alice, workspace } = await setStill();
    const held = await holdsToken(stage, workspace.person('bob'), 'bobs-bot');

    const [answer] = await writes({ clock, person: alice }, `look: ${held.value}`);
    expect(answer).toContain(LOOKS_LIKE_VALUE);
    expect(answer).toContain('Then delete the message.');
    expect(answer).not.toContain('choose Revoke token in message');
    await alice.clicks('Revoke it', { in: '@apitoken' });
    await soon(() => expect(alice.modal()?.title).toBe('Revoke API Token'));
    await alice.fills({ Reason: 'written to the app' });
    await alice.submits();

    await soon(async () => expect((await stage.verify(held.value)).status).toBe(401));
  });

  test('is revoked by what the answer says: the shortcut on that message', async () => {
    const { clock, alice } = await setStill();
    await writes({ clock, person: alice }, value);
    const message = alice.sees('@apitoken').find(({ text }) => text === value);

    await alice.uses('Revoke token in message', message?.ts ?? '');

    await soon(() => expect(alice.modal()?.text).toContain("so there's nothing to revoke"));
  });
});

describe('a command that is written as a message', () => {
  test('is answered each time with the line to type, which a press runs', async () => {
    const { clock, alice } = await setStill();

    for (let time = 0; time < 2; time++) {
      const [answer] = await writes({ clock, person: alice }, ' /apitoken create deploy-bot');
      expect(answer).toContain(
        'Commands start with /apitoken. Type /apitoken create deploy-bot, or choose it below.',
      );
    }
    await alice.clicks('/apitoken create deploy-bot', {
      exactly: { ts: answersTo(alice)[0]?.ts, blockId: 'choices:1', actionId: RUN_COMMAND_ID },
    });

    await soon(() => expect(alice.modal()?.title).toBe('Create API Token'));
    expect(await writes({ clock, person: alice }, 'hello')).toEqual([expect.stringContaining(ABILITIES)]);
  });

  test('and may not be used is refused as it would be with its slash', async () => {
    const { clock, alice } = await setStill();

    const answers = await writes({ clock, person: alice }, 'status');

    expect(answers).toEqual(['Only managers, on-call and admins can use /apitoken status.']);
  });

  test('is answered ten times a minute', async () => {
    const { clock, alice } = await setStill();
    const count = async () => {
      for (let time = 0; time < 12; time++) await writes({ clock, person: alice }, 'list');
      return answersTo(alice).length;
    };

    expect(await count()).toBe(10);
    await clock.moveBy(MINUTE_MS);
    expect(await count()).toBe(20);
  });

  test.for([
    ['list', 'list'],
    ['List revoked', 'List revoked'],
    ['/apitoken', 'list'],
    ['apitoken list', 'list'],
    ['/ apitoken list', 'list'],
    ['<@U0APITOKEN1> list', 'list'],
    ['<@U0APITOKEN1|apitoken>: apitoken list', 'list'],
    ['`/apitoken list`', 'list'],
    ['*list*', 'list'],
    ['create “my bot” 30d', 'create “my bot” 30d'],
    ['revoke <@U0BOB000001|bob>', 'revoke <@U0BOB000001|bob>'],
    ['create\nmy-bot', 'create my-bot'],
    ['show me what you can do', 'show'],
    [`create ${'x'.repeat(400)}`, 'create'],
    ['status of what we have', 'status'],
    ['apitoken crate', 'create'],
    ['apitoken crate deploy-bot', 'create deploy-bot'],
    ['/apitoken what is this', 'help'],
    ['apitokens are fine', undefined],
    ['hello', undefined],
    ['<@U0APITOKEN1> hello', undefined],
    ['I would like to create a token', undefined],
    ['constructor', undefined],
  ] as const)('%j is %j', ([written, line]) => {
    expect(commandLine(written)).toBe(line);
  });
});

describe('nothing is answered', () => {
  const HIDDEN = { subtype: 'message_changed', hidden: true, message: { text: 'list', user: 'U0ALICE0001' } };

  test.for<readonly [string, Json]>([
    ['in a channel', { channel: 'C0GENERAL01', channel_type: 'channel' }],
    ['in a private channel', { channel: 'C0GENERAL01', channel_type: 'group' }],
    ['in a conversation of several', { channel: 'G0GENERAL01', channel_type: 'mpim' }],
    ['to a message of which Slack does not say where', { channel: null, channel_type: null }],
    ['to an edited message', HIDDEN],
    ['to a deleted message', { subtype: 'message_deleted', hidden: true }],
    ['to the message of a bot', { subtype: 'bot_message', bot_id: 'B0OTHER0001', user: null }],
    ['to the message of an app', { bot_id: 'B0OTHER0001' }],
    ['to a file alone', { subtype: 'file_share', text: '', blocks: null, files: [{ id: 'F1' }] }],
    ['to nothing but spaces', { text: ' \n', blocks: null }],
    ['to what Slack says itself', { user: 'USLACKBOT' }],
    ['to what it never heard of', { subtype: 'of_the_future' }],
  ])('%s', async ([, claims]) => {
    const { stage, clock, alice, workspace } = await setStill();

    await writes({ clock, person: alice }, claims);

    expect(callsOf(workspace, 'chat.postEphemeral')).toEqual([]);
    expect(callsOf(workspace, 'chat.postMessage')).toEqual([]);
    expect(stage.log()).not.toContain('"level":"error"');
  });

  test('by the app to itself', async () => {
    const { clock, alice, workspace } = await setStill();
    const own = { user: workspace.botUserId, bot_id: 'B0APITOKEN1', app_id: workspace.appId };

    await writes({ clock, person: alice }, own);
    await writes({ clock, person: alice }, { ...own, bot_id: null });

    expect(callsOf(workspace, 'chat.postEphemeral')).toEqual([]);
  });

  test('twice to an event that comes again, or to a reply that is said to all', async () => {
    const { clock, alice, workspace } = await setStill();
    const drafted = alice.drafts({ type: 'message', text: 'list' });
    const { event } = drafted.payload as { event: Json };
    const broadcast: Forged = {
      type: 'message',
      text: 'list',
      claims: { ...event, subtype: 'thread_broadcast' },
    };

    for (let time = 0; time < 3; time++) await workspace.delivers(drafted);
    await alice.forges(broadcast);
    await clock.moveBy(0);

    expect(answerTexts(alice)).toHaveLength(1);
  });
});

describe('somebody who may not use the app', () => {
  test('is told so once a day, with one event, whatever they write', async () => {
    const { stage, clock, workspace } = await setStill();
    const guest = workspace.person('gus');
    const at = { clock, person: guest };

    expect(await writes(at, 'hello')).toEqual([MEMBERS_ONLY]);
    expect(await writes(at, 'list')).toEqual([]);
    expect(await writes(at, TokenValue.generate('apit').reveal())).toEqual([]);

    expect(auditOf(stage)).toEqual([{ actor: guest.id, action: 'action.refused', tokenId: null }]);
    await clock.moveBy(DAY_MS + HOUR_MS);
    expect(await writes(at, 'hello')).toEqual([MEMBERS_ONLY]);
  });

  test.for(['sam', 'buildbot'])('and cannot be talked to is not answered: %s', async (handle) => {
    const { stage, clock, workspace } = await setStill();
    const person = workspace.person(handle);

    await person.forges({ type: 'message', text: 'hello', claims: { bot_id: null } });
    await clock.moveBy(0);

    expect(callsOf(workspace, 'chat.postEphemeral')).toEqual([]);
    expect(auditOf(stage)).toMatchObject([{ actor: person.id, action: 'action.refused' }]);
  });

  test('as far as Slack does not tell who they are, is asked to try again', async () => {
    const clock = aClock();
    const workspace = await openWorkspace({ clock });
    await setStage({ clock, workspace });
    const alice = workspace.person('alice');
    workspace.faults.add({ method: 'users.info', status: 500, times: 1 });

    const [told] = await writes({ clock, person: alice }, 'hello');
    const [later] = await writes({ clock, person: alice }, 'hello');

    expect(told).toContain('Try again');
    expect(later).toContain(ABILITIES);
    workspace.takeRefusals();
  });
});

test('what was answered is forgotten after the day', async () => {
  const { stage, clock, alice } = await setStill();
  await writes({ clock, person: alice }, 'hello');
  const kept = () => rowsOf(stage, "select key from deliveries where key like '% told %'").length;

  expect(kept()).toBe(1);
  await clock.moveBy(DAY_MS + HOUR_MS);

  await withStore(stage, (store) => store.tidy(stage.now()));

  expect(kept()).toBe(0);
});

test('Alice sees it where she wrote', async () => {
  const stage = await setStage();
  const alice = stage.workspace.person('alice');

  await alice.types('@apitoken', 'hello');

  await soon(() => expect(alice.reads('@apitoken')).toContain(ABILITIES));
});
