import type { ModalView } from '@slack/types';
import { expect, test } from 'vitest';
import { checkMessageBlocks, checkView } from '../../sandbox/workspace/blocks.ts';
import { ephemeralKindOf } from '../../src/slack/blocks/marked.ts';
import type { Message } from '../../src/slack/blocks/message.ts';
import {
  historyPageText,
  listPageText,
  parseHistoryPage,
  parseListPage,
  parseStatusPage,
  statusPageText,
} from '../../src/slack/blocks/pages.ts';
import { cut, escaped, plain } from '../../src/slack/blocks/text.ts';
import { agoOf, dateElement, dateOnly, dateTime, dateTimeElement } from '../../src/slack/blocks/times.ts';
import { createDialog } from '../../src/slack/create/create-dialog.ts';
import { parseExpiry, typedExpiryOf } from '../../src/slack/create/expiry-input.ts';
import { unknownCommandMessage } from '../../src/slack/listeners/help.ts';
import { tokenOptions } from '../../src/slack/listeners/pick-dialog.ts';
import { choiceText, type MenuChoice, parseChoice } from '../../src/slack/look/list-blocks.ts';
import { cardText, parseCard } from '../../src/slack/revoke/card-blocks.ts';
import { newTokenId, type PersonId } from '../../src/tokens/token.ts';
import { aToken, T0 } from '../tokens/a-token.ts';
import {
  ASKER,
  messagesAbout,
  NOW,
  POLICY,
  repeated,
  STATUSES,
  TYPED,
  tableMessagesAbout,
  viewsAbout,
} from './worst-cases.ts';

/** Slack cuts a message's text here, and recommends less. */
const TEXT_LENGTH_MAX = 4000;

test.for(TYPED)('every message stays within the limits of Slack with names and notes of %s', ([, unit]) => {
  for (const [what, message] of [...messagesAbout(unit), ...tableMessagesAbout(unit)]) {
    expect(checkMessageBlocks(message.blocks), what).toEqual([]);
    expect(message.text.trim(), what).not.toBe('');
    expect([...message.text].length, what).toBeLessThanOrEqual(TEXT_LENGTH_MAX);
  }
});

test.for(TYPED)('every view stays within the limits of Slack with names and notes of %s', ([, unit]) => {
  for (const [what, view] of viewsAbout(unit)) {
    expect(checkView(view), what).toEqual([]);
    expect(JSON.stringify(view).length, what).toBeLessThan(100_000);
  }
});

test.for(TYPED.slice(2))('nothing of %s that people type is drawn as formatting or mention', ([, unit]) => {
  const typed = repeated(unit, 64);
  const drawn = [
    ...[...messagesAbout(unit), ...tableMessagesAbout(unit)].map(
      ([what, { text, blocks }]) => [what, [text, ...mrkdwnIn(blocks)]] as const,
    ),
    ...viewsAbout(unit).map(([what, view]) => [what, mrkdwnIn(view.blocks)] as const),
  ];

  for (const [what, texts] of drawn) {
    for (const text of texts) {
      expect(text, what).not.toMatch(/<!channel>|<@U0BOB>|<https:\/\/x\.org|&(?!amp;|lt;|gt;)/);
    }
    // Formatting marks cannot be escaped: what people type never stands in mrkdwn of the blocks.
    if (unit.startsWith('*')) expect(texts.slice(1).join('\n'), what).not.toContain(typed.slice(0, 20));
  }
});

test.for([
  ['status:all:U0BOB:3', { filter: 'all', owner: 'U0BOB', page: 3 }],
  ['status:idle::1', { filter: 'idle', owner: null, page: 1 }],
  ['', { filter: 'current', owner: null, page: 1 }],
  ['status:everything:<!channel>:-1', { filter: 'current', owner: null, page: 1 }],
  ['status:all:U0BOB> <!here:1.5', { filter: 'all', owner: null, page: 1 }],
  ['active:9', { filter: 'current', owner: null, page: 1 }],
] as const)('the place in "%s" is one that can be drawn', ([text, place]) => {
  expect(parseStatusPage(text)).toEqual(place);
  expect(parseStatusPage(statusPageText(parseStatusPage(text)))).toEqual(place);
});

test('a page of 40 tokens with the longest names fits a table, however Slack counts its characters', () => {
  for (const [, unit] of TYPED) {
    for (const [what, { blocks }] of tableMessagesAbout(unit)) {
      const table = blocks.find((block) => block.type === 'table');
      let characters = 0;
      JSON.stringify(table?.rows ?? [], (key, value) => {
        if (['text', 'user_id', 'fallback'].includes(key)) characters += [...value].length;
        return value;
      });
      expect(characters, what).toBeLessThan(10_000);
    }
  }
});

test.for([
  ['30d', '30 days'],
  ['1d', '1 day'],
  ['365d', '1 year'],
  ['2 years', '2 years'],
  ['45d', '45 days'],
  ['12h', '12 hours'],
  ['3650d', '10 years'],
  ['3651d', '3651d'],
  ['0d', '0d'],
  ['until the cows come home, which takes a while, as everybody knows who has some', undefined],
] as const)(
  'the create dialog, filled in with a lifetime of %s, presets that and no other',
  ([typed, preset]) => {
    const expiry = typedExpiryOf(typed, { now: 0, zone: 'UTC' }, POLICY);
    const view = createDialog({ name: 'deploy-bot', expiry }, ASKER, POLICY);

    expect(checkView(view)).toEqual([]);
    const text = preset ?? `${typed.slice(0, 59)}…`;
    expect(JSON.stringify(view)).toContain(`"initial_option":{"text":${JSON.stringify(plain(text))}`);
  },
);

test('the create dialog, filled in with nothing, presets 90 days', () => {
  expect(JSON.stringify(createDialog({}, ASKER, POLICY))).toContain(
    `"initial_option":{"text":${JSON.stringify(plain('90 days'))}`,
  );
});

test.for([
  [1, ['1 day']],
  [7, ['7 days']],
  [6, ['6 days']],
  [89, ['7 days', '30 days']],
  [90, ['7 days', '30 days', '90 days']],
  [365, ['7 days', '30 days', '90 days', '1 year']],
] as const)('where %i days are the most, %o are offered', ([lifetimeDaysMax, offered]) => {
  const policy = { ...POLICY, lifetimeDaysMax };

  const view = createDialog({}, ASKER, { ...policy, mayNeverExpire: false });

  expect(optionsIn(view)).toEqual([...offered, 'On a date']);
  expect(optionsIn(createDialog({}, ASKER, policy))).toEqual([...offered, 'On a date', 'Never']);
});

test.for([
  ['90', { kind: 'days', days: 90 }],
  ['1', { kind: 'days', days: 1 }],
  ['99999', { kind: 'days', days: 99_999 }],
  ['never', { kind: 'never' }],
  ['keep', { kind: 'keep' }],
  ['date', { kind: 'date', date: '2026-02-28' }],
  ['0', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['030', undefined],
  ['1e3', undefined],
  ['999999', undefined],
  ['', undefined],
  ['Never', undefined],
] as const)('the option "%s" means an expiry of %o', ([value, choice]) => {
  const date = value === 'date' ? { expiry_date: '2026-02-28' } : {};
  expect(parseExpiry({ lifetime: value, ...date })).toEqual(choice);
});

test.for([
  ['active:1', { filter: 'active', page: 1 }],
  ['all:12', { filter: 'all', page: 12 }],
  ['all:0', { filter: 'all', page: 1 }],
  ['all:-3', { filter: 'all', page: 1 }],
  ['all:1.5', { filter: 'all', page: 1 }],
  ['all:x', { filter: 'all', page: 1 }],
  ['all:9007199254740993', { filter: 'all', page: 1 }],
  ['nonsense:2', { filter: 'active', page: 2 }],
  ['', { filter: 'active', page: 1 }],
] as const)('the button value "%s" names a place in the list', ([text, place]) => {
  expect(parseListPage(text)).toEqual(place);
});

test('what a row of the list offers is read as it was written', () => {
  const choice: MenuChoice = {
    verb: 'revoke',
    tokenId: newTokenId(),
    page: { filter: 'revoked', page: 3 },
  };

  expect(parseListPage(listPageText(choice.page))).toEqual(choice.page);
  expect(parseChoice(choiceText(choice))).toEqual(choice);
});

test.for([
  ['tok_0123456789abcdef:3', 3],
  ['tok_0123456789abcdef:0', 1],
  ['tok_0123456789abcdef:-1', 1],
  ['tok_0123456789abcdef:1e99', 1],
  ['tok_0123456789abcdef', 1],
] as const)('the button value "%s" names page %i of a history', ([text, page]) => {
  expect(parseHistoryPage(text)).toEqual({ tokenId: 'tok_0123456789abcdef', page });
  expect(parseHistoryPage(historyPageText('tok_0123456789abcdef', page)).page).toBe(page);
});

test.for([
  ['active', 'deploy-bot'],
  ['expired', 'deploy-bot (expired)'],
  ['revoked', 'deploy-bot (revoked)'],
  ['unclaimed', 'deploy-bot (unclaimed)'],
] as const)('a picker tells of a token that it is %s', ([status, text]) => {
  const token = aToken({ ...STATUSES[status], expiresAt: status === 'expired' ? T0 + 1 : null });

  expect(tokenOptions([token], NOW)).toMatchObject([{ text: { text }, value: token.id }]);
});

test.for([
  ['board', true, '/apitoken board'],
  ['board', false, '/apitoken help'],
  ['status', false, '/apitoken help'],
  ['revoke', false, '/apitoken revoke'],
] as const)(
  'instead of what was mistyped, "%s" is offered only to who may type it',
  ([nearest, seesAll, offered]) => {
    const { blocks } = unknownCommandMessage(
      { typed: 'bord', nearest, rest: '' },
      { seesAll, revokesAny: false },
    );

    expect(blocks[1]).toMatchObject({ elements: [{ text: { text: offered } }] });
  },
);

const CARD_IDS = Array.from({ length: 91 }, () => newTokenId());

test('what a button of a card carries is read as it was written', () => {
  const subject = { tokenIds: CARD_IDS.slice(1), inMessage: 'direct.app.U0BOT', person: 'U0ANN' as PersonId };

  expect(parseCard(cardText(subject))).toEqual(subject);
  expect(parseCard(cardText({ tokenIds: CARD_IDS.slice(0, 1), inMessage: undefined }))?.inMessage).toBe(
    undefined,
  );
});

test.for([
  ['nothing', ''],
  ['another kind', `shared:${CARD_IDS[0]}`],
  ['no token', 'alone:'],
  ['something that is no id', `alone:${CARD_IDS[0]},x`],
  ['a token twice', `alone:${CARD_IDS[0]},${CARD_IDS[0]}`],
  ['a message that stands nowhere', `message.nowhere.person.U0ANN:${CARD_IDS[0]}`],
  ['somebody who is nobody', `alone:${CARD_IDS[0]}:<!channel>`],
  ['more tokens than a card has', `alone:${CARD_IDS.join(',')}`],
] as const)('a button that carries %s belongs to no card', ([, text]) => {
  expect(parseCard(text)).toBeUndefined();
});

test.for([
  ['nothing'],
  ['revoke'],
  ['revoke:tok_short:active:1'],
  ['delete:tok_0123456789abcdef:active:1'],
  [':tok_0123456789abcdef:active:1'],
] as const)('the option value "%s" asks for nothing', ([text]) => {
  expect(parseChoice(text)).toBeUndefined();
});

test('an instant is written with and without its time of day, and in English where Slack renders none', () => {
  const at = Date.UTC(2027, 10, 29, 15, 7, 59, 999);

  expect(dateOnly(at)).toBe('<!date^1827500879^{date_short_pretty}|Nov 29, 2027>');
  expect(dateTime(at)).toBe('<!date^1827500879^{date_short_pretty} at {time}|Nov 29, 2027 at 3:07 PM UTC>');
  expect([dateElement(at), dateTimeElement(at)]).toEqual([
    { type: 'date', timestamp: 1827500879, format: '{date_short_pretty}', fallback: 'Nov 29, 2027' },
    {
      type: 'date',
      timestamp: 1827500879,
      format: '{date_short_pretty} at {time}',
      fallback: 'Nov 29, 2027 at 3:07 PM UTC',
    },
  ]);
});

test('what lasts does not say how long ago something was: it would soon be untrue', () => {
  const drawn = messagesAbout('m');
  const isLasting = ({ blocks }: Message) => ephemeralKindOf(blocks[0]?.block_id ?? '') === undefined;

  const ages = drawn.filter(([, message]) => / ago\b/.test(JSON.stringify(message)));
  expect(ages.length).toBeGreaterThan(0);
  expect(ages.filter(([, message]) => isLasting(message)).map(([what]) => what)).toEqual([]);
});

const ISO_DATE = /\d{4}-\d\d-\d\d/;

test('nothing that people read has a date as machines write it', () => {
  const drawn = [...messagesAbout('m'), ...tableMessagesAbout('m'), ...viewsAbout('m')];

  const wrong = drawn.filter(([, message]) => ISO_DATE.test(JSON.stringify(message)));
  expect(wrong.map(([what]) => what)).toEqual([]);
});

test.for([
  ['moments ago', -1],
  ['moments ago', 59_999],
  ['1 minute ago', 60_000],
  ['59 minutes ago', 3_599_999],
  ['1 hour ago', 3_600_000],
  ['23 hours ago', 86_399_999],
  ['1 day ago', 86_400_000],
  ['400 days ago', 400 * 86_400_000],
] as const)('"%s" is %i ms', ([words, ms]) => {
  expect(agoOf(T0, T0 + ms)).toBe(words);
});

test.for([
  ['what fits', '🗝🗝🗝', 3, '🗝🗝🗝'],
  ['what is one too long', '🗝🗝🗝🗝', 3, '🗝🗝…'],
] as const)('cutting leaves %s in whole signs', ([, text, lengthMax, left]) => {
  expect(cut(text, lengthMax)).toBe(left);
});

test('escaping leaves nothing that Slack reads', () => {
  expect(escaped('<!channel> &amp; <https://x.org|y>')).toBe(
    '&lt;!channel&gt; &amp;amp; &lt;https://x.org|y&gt;',
  );
});

function mrkdwnIn(blocks: readonly object[]): string[] {
  const found: string[] = [];
  JSON.stringify(blocks, (_key, part) => {
    if (part?.type === 'mrkdwn') found.push(part.text);
    return part;
  });
  return found;
}

function optionsIn(view: ModalView): string[] {
  const found: string[] = [];
  JSON.stringify(view, (_key, part) => {
    if (part?.type === 'static_select') for (const { text } of part.options) found.push(text.text);
    return part;
  });
  return found;
}
