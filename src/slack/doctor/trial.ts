import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebAPIHTTPError, WebAPIPlatformError, type WebClient } from '@slack/web-api';
import { SECOND_MS } from '../../clock.ts';
import { counted } from '../../counted.ts';
import { maskValues } from '../../tokens/finder.ts';
import type { Outbox } from '../../tokens/outbox.ts';
import { type AccessPolicy, mayUseApp } from '../../tokens/policy.ts';
import type { RefuseDeps } from '../../tokens/refusal.ts';
import type { Visitors } from '../../tokens/store.ts';
import type { PersonId, WorkspaceId } from '../../tokens/token.ts';
import { CREATE_SHORTCUT_ID } from '../blocks/ids.ts';
import type { Message } from '../blocks/message.ts';
import { section } from '../blocks/text.ts';
import type { GuardSettings } from '../guard/guard.ts';
import { createHomes } from '../look/list.ts';
import { type Actors, createActors } from '../people/actor.ts';
import { pause } from '../reply/pause.ts';
import { respondAsItIs } from '../reply/respond.ts';
import { slackErrorOf } from '../reply/slack-error.ts';
import { csvOf, uploadFile } from '../status/csv.ts';
import type { Tried } from './checked.ts';
import {
  announcement,
  type DrawnFor,
  largestBoard,
  largestDialogs,
  largestHome,
  largestTable,
  messageToPress,
  TRIAL_PRESS_ID,
  trialOfValue,
} from './drawings.ts';
import { type Ear, type Heard, openEar } from './ear.ts';
import { clientFor, groupsIn, type Introduced, introduce, quietLog, type SlackSettings } from './look.ts';
import { missingScopes, SCOPES } from './scopes.ts';

const SLACKBOT_ID = 'USLACKBOT';

/** How often a message or file is tried to be taken away again, and how long it is waited for before. */
const REMOVALS_MAX = 3;
const REMOVAL_PAUSE_MS_MAX = 30 * SECOND_MS;

/** How long Slack may take to tell of a message: it does so within a second. */
const EVENT_MS_MAX = 5 * SECOND_MS;

/** What a trial in a real workspace needs. */
export type TrialDeps = SlackSettings & {
  readonly guard: GuardSettings;
  /** In whose conversation with the app it takes place. */
  readonly person: PersonId;
  readonly prefix: string;
  readonly policy: AccessPolicy;
  /** Undefined: Slack delivers over HTTP. */
  readonly appToken: (() => string) | undefined;
  /** From which the person's Home tab is drawn again; undefined where there is no database. */
  readonly store: (RefuseDeps['store'] & Outbox & Visitors) | undefined;
  /** Asks the person at the terminal for the code that they see. Undefined: nobody is asked. Resolves to undefined when nobody answers. */
  readonly askForCode: ((question: string) => Promise<string | undefined>) | undefined;
  /**
   * How long what the person presses is waited for, by a socket of our own. Undefined: it is not, since an app runs that would miss
   * what the socket gets.
   */
  readonly pressMsMax: number | undefined;
  /** Tells the person at the terminal what to do. */
  readonly tell: (sentence: string) => void;
  /** Stops trying; what was made is taken away all the same. */
  readonly signal: AbortSignal;
  readonly onTried: (tried: Tried) => void;
};

/** What a step works with, and what it leaves to be taken away. */
type Trial = Omit<TrialDeps, 'onTried'> & {
  readonly introduced: Introduced;
  readonly workspace: WorkspaceId;
  readonly client: WebClient;
  readonly actors: Actors;
  readonly drawnFor: DrawnFor;
  readonly code: string;
  channel: string | undefined;
  /** Undefined until the first message was posted. */
  announced: string | undefined;
  wasValueAccepted: boolean;
  isHomeDrawn: boolean;
  /** Sent, and nobody knows whether it arrived: it cannot be taken away. */
  lost: number;
  readonly messages: string[];
  readonly files: string[];
};

/** Slack answered, and otherwise than the app relies on. */
class Difference extends Error {
  override name = 'Difference';
}

/** What this hangs on was not to be had. */
class NotTried extends Error {
  override name = 'NotTried';
}

type Step = {
  readonly reliedOn: string;
  readonly otherwise: string;
  /** Resolves to what was seen. */
  readonly run: (trial: Trial) => Promise<string>;
};

/**
 * Tries in the workspace, in one person's conversation with the app, whatever the app relies on and only Slack can show, and takes
 * away every message and file that it made. No value is shown: what looks like one was made for this and is kept nowhere.
 */
export async function tryInSlack(deps: TrialDeps): Promise<readonly Tried[]> {
  const introduced = await introduce(deps);
  const { workspace } = introduced;
  if (workspace === undefined) return untried(introduced, deps);
  const trial = beginTrial(deps, introduced, workspace);
  const tried: Tried[] = [];
  const note = (one: Tried) => {
    tried.push(one);
    deps.onTried(one);
  };
  for (const step of stepsOf(deps)) note(await take(step, trial));
  for (const step of CLEANING) note(await take(step, trial, 'whatever happens'));
  return tried;
}

/** What the settings do not want is not tried. */
function stepsOf({ guard }: Pick<TrialDeps, 'guard'>): readonly Step[] {
  return guard.policy === 'off' ? STEPS : [...STEPS, ...GUARD_STEPS];
}

function untried({ code }: Introduced, { guard, onTried }: TrialDeps): readonly Tried[] {
  const [first, ...others] = [...stepsOf({ guard }), ...CLEANING].map(({ reliedOn, otherwise }) => ({
    reliedOn,
    otherwise,
  }));
  if (first === undefined) return [];
  const tried: Tried[] = [
    { ...first, is: 'differs', seen: `Slack answered ${code}` },
    ...others.map(
      (one) => ({ ...one, is: 'not tried', seen: 'Slack did not accept the bot token' }) as const,
    ),
  ];
  tried.forEach(onTried);
  return tried;
}

function beginTrial(deps: TrialDeps, introduced: Introduced, workspace: WorkspaceId): Trial {
  const client = clientFor(deps);
  const { roles, clock, person } = deps;
  return {
    ...deps,
    introduced,
    workspace,
    client,
    actors: createActors({ client, workspace, roles, clock, log: quietLog() }),
    drawnFor: { person, workspace, now: clock() },
    code: String(randomInt(1000, 10_000)),
    channel: undefined,
    announced: undefined,
    wasValueAccepted: false,
    isHomeDrawn: false,
    lost: 0,
    messages: [],
    files: [],
  };
}

async function take(
  { reliedOn, otherwise, run }: Step,
  trial: Trial,
  always?: 'whatever happens',
): Promise<Tried> {
  const row = { reliedOn, otherwise };
  if (trial.signal.aborted && always === undefined)
    return { ...row, is: 'not tried', seen: 'it was stopped' };
  try {
    return { ...row, is: 'ok', seen: await run(trial) };
  } catch (error) {
    if (error instanceof NotTried) return { ...row, is: 'not tried', seen: error.message };
    return { ...row, is: 'differs', seen: error instanceof Difference ? error.message : answerIn(error) };
  }
}

/** What Slack answered, in its own codes. A value is in none of it. */
function answerIn(error: unknown): string {
  if (error instanceof WebAPIHTTPError) return `Slack answered HTTP ${error.statusCode}`;
  // Of our own making, and in our own words: an upload that was refused, a socket that was not opened.
  if (error instanceof Error && error.constructor === Error && error.message.startsWith('Slack '))
    return error.message;
  const { code, retryAfterMs } = slackErrorOf(error);
  if (retryAfterMs !== undefined)
    return `Slack answered ${code}: wait ${counted(retryAfterMs / SECOND_MS, 'second')}`;
  if (code === 'no_answer') return 'Slack gave no answer (no_answer)';
  const [why] = error instanceof WebAPIPlatformError ? (error.data.response_metadata?.messages ?? []) : [];
  return `Slack answered ${code}${why === undefined ? '' : `: ${maskValues(why).slice(0, 200)}`}`;
}

const STEPS: readonly Step[] = [
  {
    reliedOn: 'auth.test accepts the bot token',
    otherwise: 'Nothing works. Install the app again, and set SLACK_BOT_TOKEN.',
    run: async ({ workspace }) => `workspace ${workspace}`,
  },
  {
    reliedOn: 'The token has the scopes of manifest.yml',
    otherwise: 'Whatever needs a missing scope fails. Install the app again from manifest.yml.',
    run: async ({ introduced }) => {
      const missing = missingScopes(introduced.scopes);
      if (missing.length === 0) return `all ${SCOPES.length}`;
      throw new Difference(missing.map(({ scope, otherwise }) => `no ${scope}: ${otherwise}`).join('; '));
    },
  },
  {
    reliedOn: 'users.info tells who the person is',
    otherwise: 'Nobody may do anything with apitoken.',
    run: async ({ actors, person, policy }) => {
      const standing = await actors.standing(person, 'fresh');
      if (mayUseApp({ standing }, policy)) return `a ${standing}`;
      throw new Difference(`${person} is a ${standing}, who may not use apitoken: name somebody else`);
    },
  },
  {
    reliedOn: 'users.info tells that Slackbot is a bot',
    otherwise: 'Slackbot could be chosen as the owner of a token.',
    run: async ({ actors }) => {
      const standing = await actors.standing(SLACKBOT_ID, 'fresh');
      if (standing === 'bot') return 'a bot';
      throw new Difference(`a ${standing}`);
    },
  },
  {
    reliedOn: 'User groups can be read',
    otherwise: 'No user group gives a role. Name people by their ids in MANAGERS, ONCALL and ADMINS.',
    run: readGroups,
  },
  {
    reliedOn: 'conversations.open opens a direct message, twice the same one',
    otherwise: 'No value can be shown, and nobody is told anything.',
    run: openConversation,
  },
  {
    reliedOn: 'Messages tab: chat.postMessage into the direct message',
    otherwise: 'No value can be shown. Turn the Messages tab on: api.slack.com/apps, "App Home".',
    run: async (trial) => {
      trial.announced = await post(trial, announcement());
      return 'posted';
    },
  },
  {
    reliedOn: 'The largest board by chat.update',
    otherwise: 'Boards show counts instead of names.',
    run: async ({ client, channel, announced, drawnFor }) => {
      if (channel === undefined || announced === undefined) throw new NotTried('no message was posted');
      await client.chat.update({ channel, ts: announced, ...largestBoard(drawnFor) });
      return 'changed';
    },
  },
  {
    reliedOn: 'The largest board by chat.postMessage',
    otherwise: 'Long messages are said in short.',
    run: async (trial) => {
      await post(trial, largestBoard(trial.drawnFor));
      return 'posted';
    },
  },
  {
    reliedOn: 'chat.postEphemeral accepts a message with the shape of a value',
    otherwise: 'No value can be shown: tokens cannot be created or rotated.',
    run: async (trial) => {
      await postEphemeral(trial, trialOfValue(trial.prefix, trial.code));
      trial.wasValueAccepted = true;
      return 'accepted';
    },
  },
  {
    reliedOn: 'The person sees that message',
    otherwise: 'Values are lost on the way. The owner chooses Issue new value.',
    run: seeValue,
  },
  {
    reliedOn: 'A table by chat.postEphemeral',
    otherwise: '/apitoken status shows sections instead of a table.',
    run: async (trial) => {
      await postEphemeral(trial, largestTable(trial.drawnFor));
      return 'accepted';
    },
  },
  {
    reliedOn: 'A press arrives, and its response_url accepts a table',
    otherwise: 'Buttons do nothing, or /apitoken status shows sections instead of a table.',
    run: tryPress,
  },
  {
    reliedOn: 'The shortcut Create API Token arrives',
    otherwise: 'It does nothing. Install the app again from manifest.yml.',
    run: tryShortcut,
  },
  {
    reliedOn: 'A CSV file of one line',
    otherwise: '/apitoken status has no CSV.',
    run: sendCsv,
  },
  {
    reliedOn: 'Home tab: views.publish of the largest one',
    otherwise: 'Nobody sees their tokens there. Turn the Home tab on: api.slack.com/apps, "App Home".',
    run: async (trial) => {
      trial.isHomeDrawn = true;
      await trial.client.views.publish({ user_id: trial.person, view: largestHome(trial.drawnFor) });
      return 'drawn';
    },
  },
  {
    reliedOn: 'blocks.validate accepts every dialog at its longest',
    otherwise: 'A dialog does not open for long names and many scopes.',
    run: validateDialogs,
  },
  {
    reliedOn: 'apps.connections.open opens two sockets',
    otherwise: 'For seconds at a time, what people type or press is lost.',
    run: openSockets,
  },
];

const GUARD_STEPS: readonly Step[] = [
  {
    reliedOn: 'LEAK_CHANNEL accepts a message',
    otherwise: 'On-call hears of leaks in direct messages. Invite apitoken there, or set another channel.',
    run: async (trial) => {
      await postInLeakChannel(trial);
      return 'posted, and gone again';
    },
  },
  {
    reliedOn: 'Slack tells of messages in channels',
    otherwise:
      'The leak guard hears nothing. Take in the lines for LEAK_GUARD of manifest.yml, install again, invite apitoken.',
    run: hearChannel,
  },
];

const CLEANING: readonly Step[] = [
  {
    reliedOn: 'The Home tab is drawn as before',
    otherwise: 'The person sees the trial there until they open the tab again.',
    run: redrawHome,
  },
  {
    reliedOn: 'chat.delete removes the messages of the trial',
    otherwise: 'Old boards stay. Delete what is left of the trial by hand.',
    run: removeMessages,
  },
  {
    reliedOn: 'files.delete removes the file of the trial',
    otherwise: 'Delete the file of the trial by hand.',
    run: async (trial) => {
      if (trial.files.length === 0) throw new NotTried('no file was sent');
      return removeAll(trial.files, (file) => trial.client.files.delete({ file }));
    },
  },
];

async function readGroups({ client, roles }: Trial): Promise<string> {
  const groups = groupsIn(roles);
  if (groups.length === 0) {
    const { usergroups = [] } = await client.usergroups.list();
    return `${counted(usergroups.length, 'group')}; the settings name none`;
  }
  for (const usergroup of groups) await client.usergroups.users.list({ usergroup });
  return `${counted(groups.length, 'group')} of the settings`;
}

async function openConversation(trial: Trial): Promise<string> {
  const { client, person } = trial;
  const open = async () => (await client.conversations.open({ users: person })).channel?.id;
  const [first, second] = [await open(), await open()];
  if (first === undefined) throw new Difference('Slack named no conversation');
  trial.channel = first;
  if (first !== second) throw new Difference(`two: ${first} and ${second}`);
  return first;
}

async function post(trial: Trial, message: Message): Promise<string> {
  const { client } = trial;
  const channel = channelOf(trial);
  const options = { channel, ...message, unfurl_links: false, unfurl_media: false };
  const { ts } = await client.chat.postMessage(options).catch((error: unknown) => {
    if (slackErrorOf(error).isLost) trial.lost += 1;
    throw error;
  });
  if (ts === undefined) throw new Difference('Slack named no ts');
  trial.messages.push(ts);
  return ts;
}

async function postEphemeral(trial: Trial, message: Message): Promise<void> {
  const { client, person: user } = trial;
  await client.chat.postEphemeral({ channel: channelOf(trial), user, ...message });
}

function channelOf({ channel }: Trial): string {
  if (channel === undefined) throw new NotTried('no direct message was opened');
  return channel;
}

async function seeValue({ wasValueAccepted, askForCode, code, person }: Trial): Promise<string> {
  if (!wasValueAccepted) throw new NotTried('it was not accepted');
  if (askForCode === undefined) throw new NotTried('nobody was asked: use --wait SECONDS');
  const typed = await askForCode(
    `${person} now has a message from apitoken that only they see. Which 4 digits are in it? (Return: there is none)`,
  );
  if (typed?.trim() === code) return 'they do';
  throw new Difference(typed === undefined ? 'nobody answered' : "Slack accepted it, but they don't see it");
}

async function tryPress(trial: Trial): Promise<string> {
  const heard = await hear(
    trial,
    (ear) => ear.pressOf(TRIAL_PRESS_ID),
    async () => {
      await post(trial, messageToPress());
      trial.tell('In the direct message with apitoken, press "Press me".');
    },
  );
  if (heard.responseUrl === undefined) throw new Difference('it came without a response_url');
  await respondAsItIs(heard.responseUrl, largestTable(trial.drawnFor));
  return 'both';
}

async function tryShortcut(trial: Trial): Promise<string> {
  await hear(
    trial,
    (ear) => ear.shortcutOf(CREATE_SHORTCUT_ID),
    async () =>
      trial.tell('Run the shortcut "Create API Token" from Slack\'s search bar. No dialog opens this time.'),
  );
  return 'it does';
}

/** What the person does, by a socket that is open only as long as they are waited for. `ask` tells them what to do. */
async function hear(
  trial: Trial,
  listen: (ear: Ear) => Promise<Heard>,
  ask: () => Promise<void>,
): Promise<Heard> {
  const { appToken, pressMsMax, signal, person, apiUrl } = trial;
  if (appToken === undefined) throw new NotTried('Slack delivers over HTTP here');
  if (pressMsMax === undefined)
    throw new NotTried('apitoken runs and gets what is pressed: stop it to try this');
  if (pressMsMax === 0) throw new NotTried('nobody was asked: use --wait SECONDS');
  channelOf(trial);
  const ear = await openEar({ appToken, apiUrl, person });
  const waiting = new AbortController();
  try {
    const heard = listen(ear);
    await ask();
    const got = await Promise.race([heard, pause(pressMsMax, AbortSignal.any([signal, waiting.signal]))]);
    if (got === undefined) throw new NotTried(`nothing came: ${person} didn't do it, or another app got it`);
    return got;
  } finally {
    waiting.abort();
    await ear.close();
  }
}

async function postInLeakChannel({ client, guard }: Trial): Promise<void> {
  const { channel } = guard;
  if (channel === undefined) throw new NotTried('it is not set');
  const { ts } = await client.chat.postMessage({ channel, ...announcement() });
  if (ts === undefined) throw new Difference('Slack named no ts');
  const { isGone, trouble } = await removeOne(() => client.chat.delete({ channel, ts }));
  if (!isGone) throw new Difference(`posted, and not removed: ${trouble}`);
}

/** By the app's own message, of which Slack tells it as of everybody's. */
async function hearChannel(trial: Trial): Promise<string> {
  const { appToken, pressMsMax, signal, person, apiUrl, guard } = trial;
  const { channel } = guard;
  if (channel === undefined) throw new NotTried('LEAK_CHANNEL is not set');
  if (appToken === undefined) throw new NotTried('Slack delivers over HTTP here');
  if (pressMsMax === undefined)
    throw new NotTried('apitoken runs and gets what Slack tells: stop it to try this');
  const ear = await openEar({ appToken, apiUrl, person });
  const waiting = new AbortController();
  try {
    const heard = ear.messageIn(channel);
    await postInLeakChannel(trial);
    const got = await Promise.race([heard, pause(EVENT_MS_MAX, AbortSignal.any([signal, waiting.signal]))]);
    if (got === undefined) throw new Difference('no event came within 5 seconds');
    return 'it does';
  } finally {
    waiting.abort();
    await ear.close();
  }
}

async function sendCsv(trial: Trial): Promise<string> {
  const text = await csvOf([], trial.clock());
  const file = { name: 'apitoken-doctor.csv', text, comment: '' };
  trial.files.push(await uploadFile(trial.client, channelOf(trial), file));
  return 'sent';
}

async function validateDialogs({ client, drawnFor }: Trial): Promise<string> {
  const dialogs = largestDialogs(drawnFor);
  for (const [name, view] of dialogs) {
    try {
      await client.apiCall('blocks.validate', { view });
    } catch (error) {
      throw new Difference(`${name}: ${answerIn(error)}`);
    }
  }
  return `${counted(dialogs.length, 'dialog')}`;
}

async function openSockets(trial: Trial): Promise<string> {
  const { appToken } = trial;
  if (appToken === undefined) throw new NotTried('Slack delivers over HTTP here');
  const client = clientFor({ ...trial, botToken: appToken });
  const urls = [await client.apps.connections.open(), await client.apps.connections.open()].map(
    ({ url }) => url,
  );
  if (new Set(urls).size === 2) return 'two';
  throw new Difference('Slack gave the same address twice');
}

async function redrawHome({ isHomeDrawn, store, actors, person, ...trial }: Trial): Promise<string> {
  if (!isHomeDrawn) throw new NotTried('it was not changed');
  const actor = await actors.find(person, undefined);
  if (store === undefined || actor === undefined || !mayUseApp(actor, trial.policy)) {
    const blocks = [section('Open this tab again to see your tokens.')];
    await trial.client.views.publish({ user_id: person, view: { type: 'home', blocks } });
    return 'it says: open this tab again';
  }
  await createHomes({ ...trial, store, log: quietLog() }).draw(actor);
  return 'drawn';
}

async function removeMessages(trial: Trial): Promise<string> {
  const { client, messages, lost } = trial;
  if (lost > 0)
    throw new Difference(`${counted(lost, 'message')} may be left: Slack did not say whether it arrived`);
  if (messages.length === 0) throw new NotTried('no message was posted');
  const channel = channelOf(trial);
  const removed = await removeAll(messages, (ts) => client.chat.delete({ channel, ts }));
  return `${removed}; what only ${trial.person} sees goes when Slack reloads`;
}

/** What went wrong at first is told, though all may be gone by then. */
async function removeAll(ids: readonly string[], remove: (id: string) => Promise<unknown>): Promise<string> {
  const removals: Removal[] = [];
  for (const id of ids) removals.push(await removeOne(() => remove(id)));
  const left = removals.filter(({ isGone }) => !isGone).length;
  const fate = left === 0 ? 'all are gone' : `${left} of ${ids.length} are left`;
  const trouble = removals.find((removal) => removal.trouble !== undefined)?.trouble;
  if (trouble !== undefined) throw new Difference(`${trouble}; ${fate}`);
  return fate;
}

type Removal = { readonly isGone: boolean; readonly trouble: string | undefined };

/** Tried again where that may help: it is to be gone. */
async function removeOne(remove: () => Promise<unknown>): Promise<Removal> {
  let trouble: string | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      await remove();
      return { isGone: true, trouble };
    } catch (error) {
      trouble ??= answerIn(error);
      const { isPassing, retryAfterMs } = slackErrorOf(error);
      if (!isPassing || attempt === REMOVALS_MAX) return { isGone: false, trouble };
      await sleep(Math.min(retryAfterMs ?? SECOND_MS, REMOVAL_PAUSE_MS_MAX));
    }
  }
}
