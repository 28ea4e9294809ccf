import type { KnownBlock } from '@slack/types';
import { expect, test } from 'vitest';
import type { Person } from '../../sandbox/workspace/person.ts';
import { DAY_MS, MINUTE_MS } from '../../src/clock.ts';
import { type Stage, setStage } from '../fixture.ts';
import { T0 } from '../tokens/a-token.ts';
import {
  answerIn,
  answerTo,
  auditOf,
  callsOf,
  deliveriesIn,
  holdsToken,
  holdsTokens,
  modalSaying,
  opens,
  rowsOf,
  setStill,
  soon,
} from './flows.ts';
import { HOSTILE_NAMES } from './hostile.ts';

const CAROL = { MANAGERS: 'U0CAROL0001' };
const NOT_PERMITTED = 'Only managers, on-call and admins can use /apitoken status.';
const CONTROLS = ['Share to channel', 'CSV'];

/** The names in the rows of a table, from top to bottom. */
function namesIn(blocks: readonly KnownBlock[]): string[] {
  const table = blocks.find((block) => block.type === 'table');
  return (table?.rows ?? []).slice(1).map(([cell]) => textIn(cell));
}

/** What a cell of rich text says. */
function textIn(cell: unknown): string {
  let text = '';
  JSON.stringify(cell, (_key, part) => {
    if (part?.type === 'text') text += part.text;
    return part;
  });
  return text;
}

/** What stands in #general for the person at `ts` once it reads `text`. */
function drawnAt(person: Person, ts: string, text: string) {
  return soon(() => {
    const drawn = person.sees('#general').find((one) => one.ts === ts);
    if (!drawn?.text.includes(text)) throw new Error(`it reads: ${drawn?.text}`);
    return drawn;
  });
}

/** Types into the field that searches, and presses Enter. */
async function searches(person: Person, ts: string, typed: string): Promise<void> {
  const press = { type: 'block_actions', action_id: 'status_search', value: typed } as const;
  await person.forges({ ...press, from: { message: ts } });
}

/** One token of each kind, of Alice and of Bob, on a stage whose manager is Carol. */
async function setEachKind() {
  const set = await setStill(CAROL);
  const { stage, clock, alice, workspace } = set;
  const bob = workspace.person('bob');
  const carol = workspace.person('carol');
  const year = { createdAt: T0, lifetimeDays: 365 };
  await holdsToken(stage, alice, 'fine', { ...year, createdAt: T0 + 100 * DAY_MS });
  await holdsToken(stage, alice, 'idle', year);
  const { value } = await holdsToken(stage, bob, 'presented', { createdAt: T0, lifetimeDays: 99 });
  await holdsToken(stage, bob, 'over', { createdAt: T0, lifetimeDays: 98 });
  await holdsToken(stage, bob, 'soon', { createdAt: T0 + 100 * DAY_MS, lifetimeDays: 10 });
  await holdsToken(stage, bob, 'endless', { createdAt: T0 + 100 * DAY_MS, lifetimeDays: null });
  await holdsToken(stage, alice, 'ended', year);
  await clock.moveTo(T0 + 101 * DAY_MS);
  await holdsToken(stage, alice, 'unseen', { createdAt: T0 + 101 * DAY_MS, shown: false });
  await opens(alice, '/apitoken revoke ended');
  await alice.submits();
  await modalSaying(alice, 'ended is revoked.');
  await alice.closes();
  expect((await stage.verify(value)).status).toBe(401);
  // What was counted in memory is written at the stop.
  await stage.restart();
  return { ...set, bob, carol };
}

test('a manager sees in a table which tokens there are, whose, and what needs attention first', async () => {
  const { carol } = await setEachKind();

  const status = await answerTo(carol, '/apitoken status');

  expect(status.ephemeral).toBe(true);
  expect(status.text).toBe(
    [
      'API Tokens',
      'Search',
      'Not revoked · everybody',
      'Name | Owner | Status | Created | Last used | Expires | Date Revoked',
      'presented | @bob | :red_circle: expired · still presented | Jan 1, 2026 | never | Apr 10, 2026 | –',
      'soon | @bob | :large_yellow_circle: active · expiring soon | Apr 11, 2026 | never | Apr 21, 2026 | –',
      'unseen | @alice | :white_circle: unclaimed | Apr 12, 2026 | never | Jul 11, 2026 | –',
      'idle | @alice | :large_yellow_circle: active · idle | Jan 1, 2026 | never | Jan 1, 2027 | –',
      'endless | @bob | :large_green_circle: active | Apr 11, 2026 | never | never | –',
      'fine | @alice | :large_green_circle: active | Apr 11, 2026 | never | Apr 11, 2027 | –',
      'over | @bob | :red_circle: expired | Jan 1, 2026 | never | Apr 9, 2026 | –',
      '7 tokens',
    ].join('\n'),
  );
  expect(status.buttons).toEqual(CONTROLS);
  expect(status.raw.text).toBe('API tokens, not revoked: 7 tokens, page 1 of 1');
});

test.for([
  ['status active', ['soon', 'unseen', 'idle', 'endless', 'fine']],
  ['status EXPIRING', ['soon']],
  ['status idle', ['idle']],
  ['status expired', ['presented', 'over']],
  ['status revoked', ['ended']],
  ['status all', ['presented', 'soon', 'unseen', 'idle', 'endless', 'fine', 'over', 'ended']],
  ['status @alice', ['unseen', 'idle', 'fine']],
  ['status revoked @alice', ['ended']],
  ['status @bob expired', ['presented', 'over']],
  ['status @dave', []],
] as const)('"/apitoken %s" lists %o', async ([typed, names]) => {
  const { carol } = await setEachKind();

  const status = await answerTo(carol, `/apitoken ${typed}`);

  expect(namesIn(status.blocks)).toEqual(names);
  expect(status.text).toContain(names.length === 0 ? 'No tokens match.' : `${names.length} token`);
  expect(status.buttons.includes('Share to channel')).toBe(names.length > 0);
});

test('filters and owners are chosen in the message, which is drawn anew in its place', async () => {
  const { carol } = await setEachKind();
  const { ts } = await answerTo(carol, '/apitoken status');

  await carol.selects('Owner', 'bob', { in: '#general' });
  const bobs = await drawnAt(carol, ts, 'Not revoked · @bob');
  expect(namesIn(bobs.blocks)).toEqual(['presented', 'soon', 'endless', 'over']);
  expect(bobs.buttons).toEqual(['Everybody', ...CONTROLS]);
  await carol.selects('Status', 'Expired', { in: '#general' });
  expect(namesIn((await drawnAt(carol, ts, 'Expired · @bob')).blocks)).toEqual(['presented', 'over']);
  await carol.selects('Owner', 'alice', { in: '#general' });
  expect(namesIn((await drawnAt(carol, ts, 'Expired · @alice')).blocks)).toEqual([]);
  await carol.clicks('Everybody', { in: '#general' });

  expect(namesIn((await drawnAt(carol, ts, 'Expired · everybody')).blocks)).toEqual(['presented', 'over']);
  expect(carol.sees('#general')).toHaveLength(1);
});

test('a token is opened beside the table, with all that is cut there and what may be done', async () => {
  const { stage, alice, carol } = await setEachKind();
  const name = `nightly-${'x'.repeat(48)}-deploy`;
  await holdsToken(stage, alice, name, { createdAt: T0 + 101 * DAY_MS, lifetimeDays: 365 });
  await holdsToken(stage, carol, 'carols-bot', { createdAt: T0 + 101 * DAY_MS, lifetimeDays: 365 });
  const status = await answerTo(carol, '/apitoken status active');
  expect(namesIn(status.blocks)).toContain(`nightly-${'x'.repeat(23)}…`);
  expect(status.text).not.toContain('-deploy');

  const others = await answerIn(carol, '#general', () =>
    carol.selects('Open a token', `Open ${name}`, { in: '#general' }),
  );
  expect(others.text).toContain(`${name}\nStatus\nactive`);
  expect(others.buttons).toEqual([]);
  const own = await answerIn(carol, '#general', () =>
    carol.selects('Open a token', 'Open carols-bot', { in: '#general' }),
  );

  expect(own.buttons).toEqual(['Rotate', 'Revoke']);
});

test('what is searched for takes the place of the page, and the filter leads back', async () => {
  const { carol } = await setEachKind();
  const { ts } = await answerTo(carol, '/apitoken status');

  await searches(carol, ts, 'EN');
  const found = await drawnAt(carol, ts, 'Search “EN”');
  expect(namesIn(found.blocks).sort()).toEqual(['ended', 'endless', 'presented', 'unseen'].sort());
  expect(found.text).toContain('4 tokens');
  await searches(carol, ts, '*zebra* <!channel>');
  const none = await drawnAt(carol, ts, 'Search “*zebra* <!channel>”');
  expect(none.text).toContain('No tokens match.');
  expect(none.raw.text).toBe('API tokens with “*zebra* &lt;!channel&gt;”: 0 tokens');
  await carol.selects('Status', 'Expired', { in: '#general' });

  expect(namesIn((await drawnAt(carol, ts, 'Expired · everybody')).blocks)).toEqual(['presented', 'over']);
});

test('tokens of one instant stand in the order in which they were created, on one page and over several', async () => {
  const { stage, workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');
  const names = Array.from({ length: 85 }, (_, index) => `bot-${index + 1}`);
  // All expire at the same instant.
  await holdsTokens(
    stage,
    carol,
    names.length,
    (number) => `bot-${number}`,
    (number) => ({ createdAt: T0 - (86 - number) * DAY_MS, lifetimeDays: 186 - number }),
  );
  const { ts, ...first } = await answerTo(carol, '/apitoken status');
  await carol.clicks('Next', { in: '#general' });
  const second = await drawnAt(carol, ts, 'Page 2 of 3');
  await carol.clicks('Next', { in: '#general' });
  const third = await drawnAt(carol, ts, 'Page 3 of 3');

  expect([first, second, third].flatMap(({ blocks }) => namesIn(blocks))).toEqual(names);
});

test('a person whom Slack did not recognise is asked for and never guessed', async () => {
  const { carol } = await setEachKind();

  const asked = await answerTo(carol, '/apitoken status @nobody-of-that-name expired');
  expect(asked.text).toContain("Slack doesn't know “@nobody-of-that-name”. Choose the person below.");
  await carol.selects('Owner', 'bob', { in: '#general' });

  const drawn = await drawnAt(carol, asked.ts, 'Expired · @bob');
  expect(namesIn(drawn.blocks)).toEqual(['presented', 'over']);
});

test('81 tokens are three pages of 40, turned in place; a page beyond the last is the last', async () => {
  const { stage, workspace } = await setStill(CAROL);
  const carol = workspace.person('carol');
  await holdsTokens(
    stage,
    carol,
    81,
    (number) => `bot-${number}`,
    (number) => ({
      createdAt: T0,
      lifetimeDays: 20 + number,
    }),
  );
  const { ts, ...first } = await answerTo(carol, '/apitoken status');

  expect(first.text).toContain('Page 1 of 3 · 81 tokens');
  expect(first.buttons).toEqual(['Next', ...CONTROLS]);
  expect(namesIn(first.blocks)).toHaveLength(40);
  await carol.clicks('Next', { in: '#general' });
  const second = await drawnAt(carol, ts, 'Page 2 of 3');
  expect(namesIn(second.blocks).slice(0, 2)).toEqual(['bot-41', 'bot-42']);
  expect(second.buttons).toEqual(['Previous', 'Next', ...CONTROLS]);
  await carol.forges({
    type: 'block_actions',
    action_id: 'status_next',
    value: 'status:current::99',
    from: { message: ts },
  });

  const last = await drawnAt(carol, ts, 'Page 3 of 3');
  expect(namesIn(last.blocks)).toEqual(['bot-81']);
  expect(last.buttons).toEqual(['Previous', ...CONTROLS]);
});

test.for([
  ['alice', 'a member', {}, false],
  ['bob', 'on-call', { ONCALL: 'U0BOB000001' }, true],
  ['carol', 'a manager', CAROL, true],
  ['dave', 'an admin', {}, true],
  ['gus', 'a guest', { ALLOW_GUESTS: 'true' }, false],
] as const)('%s, %s, sees everybody’s tokens: %o %o', async ([handle, , env, may]) => {
  const stage = await setStage({ env });
  const person = stage.workspace.person(handle);
  await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');
  const before = auditOf(stage).length;

  for (const command of ['status', 'status revoked', 'status @alice', 'status @whoever']) {
    const { text } = await answerTo(person, `/apitoken ${command}`);
    expect(text === NOT_PERMITTED).toBe(!may);
  }

  const refused = { actor: person.id, action: 'action.refused', tokenId: null };
  expect(auditOf(stage).slice(before)).toEqual(may ? [] : Array.from({ length: 4 }, () => refused));
});

test.for([
  ['a filter', 'status_filter', 'status:all::1'],
  ['a page', 'status_next', 'status:current::2'],
  ['the share', 'status_share', 'status:current::1'],
  ['the file', 'status_csv', 'status:current::1'],
] as const)(
  'who is no manager any more gets nothing by %s, and that is an event',
  async ([, actionId, value]) => {
    const stage = await setStage({ env: { MANAGERS: 'S0ONCALL001' } });
    const bob = stage.workspace.person('bob');
    await holdsToken(stage, stage.workspace.person('alice'), 'alices-bot');
    const { ts } = await answerTo(bob, '/apitoken status');
    await stage.workspace.setGroupMembers('oncall', ['alice']);
    const before = auditOf(stage).length;

    const told = await answerIn(bob, '#general', async () => {
      await bob.forges({ type: 'block_actions', action_id: actionId, value, from: { message: ts } });
    });

    expect(told.text).toBe(NOT_PERMITTED);
    expect(auditOf(stage).slice(before)).toEqual([
      { actor: bob.id, action: 'action.refused', tokenId: null },
    ]);
    expect(stage.workspace.person('alice').sees('#general')).toEqual([]);
    expect(callsOf(stage.workspace, 'files.getUploadURLExternal')).toEqual([]);
  },
);

test('a page is shared after a warning of who will see it, says who shared it, and cannot be pressed', async () => {
  const { stage, carol, alice } = await setEachKind();
  await answerTo(carol, '/apitoken status expired');

  const { text } = carol.confirmation('Share to channel', { in: '#general' }) ?? {};
  expect(text).toContain('Everybody in this channel will see these names, owners and dates');
  await carol.clicks('Share to channel', { in: '#general', confirm: 'deny' });
  expect(alice.sees('#general').filter(({ ephemeral }) => !ephemeral)).toEqual([]);
  const shared = await answerIn(alice, '#general', () =>
    carol.clicks('Share to channel', { in: '#general' }),
  );

  expect(shared.ephemeral).toBe(false);
  expect(namesIn(shared.blocks)).toEqual(['presented', 'over']);
  expect(shared.text).toContain('Shared by @carol');
  expect(shared.buttons).toEqual([]);
  expect(JSON.stringify(shared.blocks)).not.toContain('action_id');
  expect(carol.sees('#general').map(({ ephemeral }) => ephemeral)).toEqual([true, false]);
  const own = await soon(() => {
    const [page] = carol.sees('#general');
    if (!page?.text.includes('Shared to #general')) throw new Error(`it reads: ${page?.text}`);
    return page;
  });
  expect(own.buttons).toEqual(['CSV']);
  await soon(() =>
    expect(auditOf(stage).slice(-2)).toEqual([
      { actor: carol.id, action: 'status.share_asked', tokenId: null },
      { actor: carol.id, action: 'status.shared', tokenId: null },
    ]),
  );
});

test('a page is shared where the app is no member, and once, however often Slack delivers the press', async () => {
  const { stage, carol, workspace } = await setEachKind();
  await answerTo(carol, '/apitoken status', '#no-app');

  await carol.clicks('Share to channel', { in: '#no-app' });
  await carol.redelivers();
  await carol.redelivers({ sameEnvelope: true });
  await soon(() => expect(deliveriesIn(workspace).at(-1)?.acked).toBe(true));
  await answerTo(carol, '/apitoken help', '#no-app');

  await soon(() => expect(workspace.person('alice').sees('#no-app')).toHaveLength(1));
  await soon(() =>
    expect(eventsOf(stage, 'status.').map(([action]) => action)).toEqual([
      'status.share_asked',
      'status.shared',
    ]),
  );
});

test.for([
  ['refuses it', { error: 'channel_not_found', times: 2 }, 'channel_not_found'],
  ['refuses it with a 200', { status: 200, error: 'posting_denied', times: 2 }, 'posting_denied'],
  ['refuses it in words alone', { status: 403, times: 2 }, 'fault'],
  ['knows the url no more', { error: 'Expired url' }, 'expired_url'],
  ['is broken', { status: 500, times: 2 }, 'fault'],
  ['does not say whether it took it', { drop: 'after' as const }, 'no_answer'],
] as const)(
  'of a page that somebody wanted to share and Slack %s, it stands on record that it was not',
  async ([, fault, code]) => {
    const { stage, carol, workspace } = await setEachKind();
    await answerTo(carol, '/apitoken status');
    workspace.faults.add({ url: 'response_url', ...fault });

    await carol.clicks('Share to channel', { in: '#general' });
    const recorded = () => eventsOf(stage, 'status.');
    await soon(() => expect(recorded()).toHaveLength(2));
    await carol.redelivers();
    await answerTo(carol, '/apitoken help');

    const detail = { channel: 'C0GENERAL01', tokens: expect.any(Number) };
    expect(recorded()).toEqual([
      ['status.share_asked', detail],
      ['status.share_failed', { ...detail, code }],
    ]);
  },
);

test('of a page whose sharing a crash cuts short, it stands on record that it was asked for, and it is not shared again', async () => {
  const { stage, carol, workspace } = await setEachKind();
  await answerTo(carol, '/apitoken status');
  workspace.faults.add({ url: 'response_url', delayMs: 60_000 });

  await carol.clicks('Share to channel', { in: '#general' });
  await soon(() => expect(eventsOf(stage, 'status.')).toHaveLength(1));
  await stage.restart({ DRAIN_SECONDS: '0' });
  await carol.redelivers();
  await answerTo(carol, '/apitoken help');

  expect(eventsOf(stage, 'status.').map(([action]) => action)[0]).toBe('status.share_asked');
  expect(eventsOf(stage, 'status.').map(([action]) => action)).not.toContain('status.shared');
  expect(
    workspace
      .person('alice')
      .sees('#general')
      .filter(({ text }) => text.includes('Shared by')),
  ).toHaveLength(1);
});

/** What was done, and with what detail, of the actions whose names begin so. */
function eventsOf(stage: Stage, beginning: string): [unknown, unknown][] {
  return rowsOf(stage, 'select action, detail from audit_events order by sequence')
    .filter(({ action }) => String(action).startsWith(beginning))
    .map(({ action, detail }) => [action, JSON.parse(String(detail))]);
}

test('a stranger who presses in a shared page hears that this is not for them', async () => {
  const { stage, carol, workspace } = await setEachKind();
  await answerTo(carol, '/apitoken status');
  await carol.clicks('Share to channel', { in: '#general' });
  const sam = workspace.person('sam');
  const shared = await soon(() => sam.sees('#general')[0] ?? Promise.reject(new Error('not yet')));

  const told = await answerIn(sam, '#general', async () => {
    await sam.forges({
      type: 'block_actions',
      action_id: 'status_filter',
      value: 'status:all::1',
      from: { message: shared.ts },
    });
  });

  expect(told.text).toContain('apitoken is only for full members of this workspace.');
  expect(auditOf(stage).at(-1)).toEqual({ actor: sam.id, action: 'action.refused', tokenId: null });
  expect(namesIn(sam.sees('#general')[0]?.blocks ?? [])).not.toContain('ended');
});

test('@me is whoever types it', async () => {
  const { carol } = await setEachKind();

  expect((await answerTo(carol, '/apitoken status @me')).text).toContain('Not revoked · @carol');
});

test('where Slack refuses a table, sections say the same, and no table is tried for ten minutes', async () => {
  const { clock, carol, workspace } = await setEachKind();
  const urlCalls = () => workspace.traffic.filter(({ kind }) => kind === 'response-url').length;
  workspace.faults.add({ url: 'response_url', status: 400 });
  const before = urlCalls();

  const status = await answerTo(carol, '/apitoken status @bob');

  expect(status.text).toContain(
    'presented\nOwner\n@bob\nStatus\n:red_circle: expired · still presented\nCreated\nJan 1, 2026',
  );
  expect(status.blocks.filter(({ type }) => type === 'section')).toHaveLength(4);
  expect(urlCalls()).toBe(before + 2);
  expect(namesIn((await answerTo(carol, '/apitoken status')).blocks)).toEqual([]);
  expect(urlCalls()).toBe(before + 3);
  await clock.moveBy(10 * MINUTE_MS);

  expect(namesIn((await answerTo(carol, '/apitoken status')).blocks)).toHaveLength(7);
});

/** How often something was sent to a `response_url`. */
function urlCalls(workspace: Stage['workspace']): number {
  return workspace.traffic.filter(({ kind }) => kind === 'response-url').length;
}

const REFUSALS = [
  ['400', { status: 400 }],
  ['403', { status: 403 }],
  ['404 of another reason than a used-up url', { error: 'channel_not_found' }],
  ['422', { status: 422 }],
  ['429', { status: 429 }],
  ['ok: false with a 200', { status: 200, error: 'invalid_blocks' }],
  ['ok: false with a 400', { status: 400, error: 'invalid_attachments' }],
  ['500', { status: 500 }],
  ['502', { status: 502 }],
  ['503', { status: 503 }],
] as const;

test.for(REFUSALS)('where Slack answers a table with %s, sections say the same', async ([, fault]) => {
  const { carol, workspace } = await setEachKind();
  workspace.faults.add({ url: 'response_url', ...fault });
  const before = urlCalls(workspace);

  const status = await answerTo(carol, '/apitoken status @bob');

  expect(status.text).toContain('presented\nOwner\n@bob\nStatus\n:red_circle: expired · still presented');
  expect(urlCalls(workspace)).toBe(before + 2);
});

test.for(REFUSALS)(
  'the shared page falls back to sections on %s, and stands there once',
  async ([, fault]) => {
    const { carol, alice, workspace } = await setEachKind();
    await answerTo(carol, '/apitoken status');
    workspace.faults.add({ url: 'response_url', ...fault });

    const shared = await answerIn(alice, '#general', () =>
      carol.clicks('Share to channel', { in: '#general' }),
    );

    expect(shared.text).toContain('presented\nOwner\n@bob');
    expect(shared.text).toContain('Shared by @carol');
    expect(alice.sees('#general').filter(({ text }) => text.includes('Shared by'))).toHaveLength(1);
  },
);

test.for([
  ['is lost on its way back', { drop: 'after' as const }],
  ['is that somebody before Slack did not wait', { status: 504 }],
] as const)('where the answer to a shared page %s, nothing is shared once more', async ([, fault]) => {
  const { carol, workspace } = await setEachKind();
  await answerTo(carol, '/apitoken status');
  workspace.faults.add({ url: 'response_url', ...fault });
  const before = urlCalls(workspace);

  await carol.clicks('Share to channel', { in: '#general' });
  await soon(() => expect(carol.reads('#general')).toContain('this may already be done'));

  // The page of which nobody knows, and that something broke.
  expect(urlCalls(workspace)).toBe(before + 2);
  expect(carol.sees('#general').filter(({ ephemeral }) => !ephemeral).length).toBeLessThanOrEqual(1);
});

test('one server error is no reason to give up tables, two in a row are', async () => {
  const { clock, carol, workspace } = await setEachKind();
  const names = async () => namesIn((await answerTo(carol, '/apitoken status')).blocks).length;
  workspace.faults.add({ url: 'response_url', status: 500 });

  expect([await names(), await names()]).toEqual([0, 7]);
  for (let time = 1; time <= 2; time++) {
    workspace.faults.add({ url: 'response_url', status: 500 });
    expect(await names()).toBe(0);
  }
  const before = urlCalls(workspace);
  expect(await names()).toBe(0);
  expect(urlCalls(workspace)).toBe(before + 1);
  await clock.moveBy(10 * MINUTE_MS);

  expect(await names()).toBe(7);
});

test.for([['Expired url'], ['used_url']] as const)(
  'a url that is used up (%s) is no reason to give up tables',
  async ([error]) => {
    const { carol, workspace } = await setEachKind();
    workspace.faults.add({ url: 'response_url', error });

    const told = await answerTo(carol, '/apitoken status');

    expect(told.text).toContain('Something went wrong before this was done');
    expect(namesIn((await answerTo(carol, '/apitoken status')).blocks)).toHaveLength(7);
  },
);

test('no cell of the table is raw text, which Slack answers with a server error here and there', async () => {
  const { carol } = await setEachKind();

  const { blocks } = await answerTo(carol, '/apitoken status all');

  const table = blocks.find((block) => block.type === 'table');
  expect(new Set(table?.rows.flat().map(({ type }) => type))).toEqual(new Set(['rich_text']));
});

/** A name as the table draws it. */
function asDrawn(name: string): string {
  const signs = [...name];
  return signs.length <= 32 ? name : `${signs.slice(0, 31).join('')}…`;
}

/** The blocks without *Open NAME*, whose options are plain text that is drawn as it is. */
function withoutOptions(blocks: readonly KnownBlock[]): KnownBlock[] {
  return blocks.filter((block) => {
    if (block.type !== 'actions' || block.elements[0]?.action_id !== 'status_open') return true;
    const [select] = block.elements;
    const options = select?.type === 'static_select' ? (select.options ?? []) : [];
    expect(options.map(({ text }) => text)).toEqual(
      options.map(({ text }) => ({ type: 'plain_text', text: text.text, emoji: false })),
    );
    return false;
  });
}

test('whatever names are made of, they stand in the table as they are and mean nothing', async () => {
  const { stage, carol, workspace } = await setEachKind();
  for (const name of HOSTILE_NAMES) await holdsToken(stage, carol, name, { createdAt: stage.now() });

  const status = await answerTo(carol, '/apitoken status @carol');
  await carol.clicks('Share to channel', { in: '#general' });
  const shared = await soon(
    () =>
      workspace
        .person('alice')
        .sees('#general')
        .find(({ ephemeral }) => !ephemeral) ?? Promise.reject(new Error('not yet')),
  );

  for (const { blocks, raw } of [status, shared]) {
    expect(namesIn(blocks).sort()).toEqual(HOSTILE_NAMES.map(asDrawn).sort());
    const { table: _, ...others } = Object.groupBy(withoutOptions(blocks), ({ type }) => type);
    for (const name of HOSTILE_NAMES.filter((one) => one.length > 3)) {
      expect(raw.text + JSON.stringify(others)).not.toContain(JSON.stringify(name).slice(1, -1));
    }
  }
});

test('neither a value nor a lookup id is in what is shown, shared or written to a file', async () => {
  const stage: Stage = await setStage({ env: CAROL });
  const carol = stage.workspace.person('carol');
  const { value } = await holdsToken(stage, carol, 'deploy-bot');
  await stage.verify(value);
  await answerTo(carol, '/apitoken status all');

  await carol.clicks('Share to channel', { in: '#general' });
  await carol.clicks('CSV', { in: '#general' });
  await soon(() => expect(carol.readsFile('@apitoken')).toContain('deploy-bot'));

  const [, lookupId = '', secret = ''] = value.split('_');
  for (const part of [lookupId, secret]) {
    expect(JSON.stringify(stage.workspace.traffic)).not.toContain(part);
    expect(stage.log()).not.toContain(part);
    expect(JSON.stringify(rowsOf(stage, 'select * from audit_events'))).not.toContain(part);
  }
});
