import type { Button, KnownBlock, RichTextSection } from '@slack/types';
import { counted } from '../../counted.ts';
import type { Leak } from '../../tokens/outbox.ts';
import { isWorking, type LeakedValue } from '../../tokens/revoke.ts';
import { type PersonId, statusOf, type UsedToken } from '../../tokens/token.ts';
import { REVOKE_LEAK_ID, ROTATE_ID } from '../blocks/ids.ts';
import { marked } from '../blocks/marked.ts';
import type { Message } from '../blocks/message.ts';
import { button, context, escaped, mention, mrkdwn, section } from '../blocks/text.ts';
import { dateTime, dateTimeElement } from '../blocks/times.ts';
import { doerText, noteBlocks } from '../blocks/token-facts.ts';
import { news, type Sentence } from '../notices/news-blocks.ts';
import { deleteMessageBlocks, leakPlaceOf } from '../revoke/leaked-message.ts';
import { tokenLines } from '../revoke/revoke-dialog.ts';

/** A message with live values, or that had some, as its people are told of it. */
export type LeakDrawing = {
  readonly leak: Leak;
  /** At least one. */
  readonly values: readonly LeakedValue[];
  /** The address of the message in a browser, where one is known. */
  readonly url: string | undefined;
  readonly now: number;
};

/** As it is, and as it is said where Slack finds that too long: without a line for each token. */
export type LeakForms = readonly [whole: Message, short: Message];

/** What whoever is on call is told: in a channel (`reader` undefined), or in their conversation with the app. */
export function onCallMessage(drawing: LeakDrawing, reader: PersonId | undefined): LeakForms {
  const { leak, values } = drawing;
  const [first, ...others] = values;
  if (first === undefined) throw new Error('a card about a message tells of a value at least');
  const what: Sentence =
    others.length === 0
      ? [`${first.token.name} of `, { person: first.token.owner }]
      : [counted(values.length, 'token')];
  return cardOf([...what, ' leaked in ', ...placeOf(leak), '.'], drawing, reader, revokeButtons(drawing));
}

/** Tokens that have a line each; further ones are counted. */
const FOUND_MAX = 50;

/** What whoever is on call is told of tokens, at least one, of which GitHub found a value in public; `reason` says where. */
export function foundInPublicMessage(
  found: readonly { readonly token: UsedToken; readonly reason: unknown }[],
): Message {
  const [first, ...others] = found;
  if (first === undefined) throw new Error('GitHub found a token at least');
  const { token, reason } = first;
  const isRevoked = token.revokedAt !== null;
  const what: Sentence =
    others.length === 0 ? [{ person: token.owner }, `'s ${token.name}`] : [counted(found.length, 'token')];
  const [be, stopped] = others.length === 0 ? ["It's", 'it'] : ["They're", 'them'];
  const state = isRevoked
    ? `${be} revoked. Anything using ${stopped} has stopped working.`
    : 'The old value no longer works. The new value still works.';
  const left = found.length - FOUND_MAX;
  return news(
    ['GitHub found ', ...what, ' in public.'],
    [
      section(state),
      ...(others.length === 0
        ? []
        : tokenLines(
            found.slice(0, FOUND_MAX).map((one) => one.token),
            ownedLine,
          )),
      ...(left > 0 ? [context(`and ${left} more`)] : []),
      ...(token.revokedAt === null ? [] : [context(`Date Revoked: ${dateTime(token.revokedAt)}`)]),
      ...noteBlocks('Reason', typeof reason === 'string' ? reason : null),
    ],
  );
}

function ownedLine({ name, owner }: UsedToken): RichTextSection {
  return {
    type: 'rich_text_section',
    elements: [
      { type: 'text', text: `${name} of ` },
      { type: 'user', user_id: owner },
    ],
  };
}

/** What an owner is told of theirs. */
export function ownerMessage(drawing: LeakDrawing, owner: PersonId): LeakForms {
  const { leak, values } = drawing;
  const [first, ...others] = values;
  if (first === undefined) throw new Error('an owner is told of a value of theirs at least');
  const what = others.length === 0 ? `Your token ${first.token.name}` : `${values.length} of your tokens`;
  const rotates = others.length === 0 && first.is === 'works' ? [rotateButton(first)] : [];
  return cardOf([`${what} leaked in `, ...placeOf(leak), '.'], drawing, owner, [
    ...rotates,
    ...revokeButtons(drawing),
  ]);
}

/** What whoever posted the message is told, in its channel. `revokeIt`: for whoever may press it. */
export function posterMessage(drawing: LeakDrawing, poster: PersonId, revokeIt: Button | undefined): Message {
  const { leak, values } = drawing;
  const isOne = values.length === 1;
  const sentence = values.some(isWorking)
    ? `Your message holds ${isOne ? 'a token value that works' : 'token values that work'}. Everyone who reads it can use ${isOne ? 'it' : 'them'}.`
    : `Your message holds ${isOne ? 'a token value. It leaked here, so it no longer works.' : 'token values. They leaked here, so they no longer work.'}`;
  return marked('held', {
    text: escaped(sentence),
    blocks: [
      section(sentence),
      ...nextBlocks(drawing),
      ...deleteMessageBlocks(leak.place, poster),
      ...(revokeIt === undefined ? [] : [{ type: 'actions' as const, elements: [revokeIt] }]),
    ],
  });
}

function cardOf(
  headline: Sentence,
  drawing: LeakDrawing,
  reader: PersonId | undefined,
  buttons: readonly Button[],
): LeakForms {
  const { leak, values } = drawing;
  const isThere = values.some((value) => value.isThere);
  const below: KnownBlock[] = [
    ...nextBlocks(drawing),
    ...(isThere
      ? deleteMessageBlocks(leak.place, reader)
      : [section('The message no longer holds a value.')]),
    context(factsOf(drawing)),
    ...(buttons.length === 0 ? [] : [{ type: 'actions' as const, elements: [...buttons] }]),
  ];
  return [
    marked('leak', news(headline, [...stateBlocks(drawing), ...below])),
    marked('leak', news(headline, below)),
  ];
}

/** Where it stands: Slack draws the name of a channel that the reader may know. */
function placeOf({ place, channel }: Leak): Sentence {
  switch (leakPlaceOf(place).place) {
    case 'channel':
      return [{ channel }];
    case 'private':
      return ['a private channel'];
    case 'group':
    case 'direct':
      return ['a group direct message'];
  }
}

/** How each value stands. Several have a line each. */
function stateBlocks({ values, now }: LeakDrawing): KnownBlock[] {
  const [first, ...others] = values;
  if (first === undefined) return [];
  if (others.length === 0) return [{ type: 'section', text: mrkdwn(stateOf(first, now)) }];
  const byToken = new Map(values.map((value) => [value.token, value]));
  const left = byToken.size - FOUND_MAX;
  const lines = tokenLines([...byToken.keys()].slice(0, FOUND_MAX), (token) => {
    const { is, endsAt } = byToken.get(token) ?? first;
    return {
      type: 'rich_text_section',
      elements: [
        { type: 'text', text: `${token.name} of ` },
        { type: 'user', user_id: token.owner },
        { type: 'text', text: `: ${LINES[is]}` },
        ...(is === 'old_works' && endsAt !== null
          ? [{ type: 'text' as const, text: ' until ' }, dateTimeElement(endsAt)]
          : []),
      ],
    };
  });
  return left > 0 ? [...lines, context(`and ${left} more`)] : lines;
}

const LINES: Readonly<Record<LeakedValue['is'], string>> = {
  works: 'still works',
  old_works: 'the old value, works',
  revoked: 'revoked',
  ended: 'this value no longer works',
};

/** In mrkdwn; nothing in it was typed. */
function stateOf({ is, token, endsAt }: LeakedValue, now: number): string {
  switch (is) {
    case 'works':
      return 'It still works. Everyone who reads the message can use it.';
    case 'old_works':
      return `This is the old value. It works${endsAt === null ? '' : ` until ${dateTime(endsAt)}`}. The new value didn't leak.`;
    case 'revoked':
      return "It's revoked. Anything using it has stopped working.";
    case 'ended':
      return statusOf(token, now) === 'active'
        ? 'The leaked value no longer works. The new value still works.'
        : 'The leaked value no longer works.';
  }
}

/** What is to be done about what uses the tokens. */
function nextBlocks({ values, now }: Pick<LeakDrawing, 'values' | 'now'>): KnownBlock[] {
  const isOne = values.length === 1;
  return [
    ...(values.some(isWorking)
      ? [
          section(
            isOne
              ? 'Rotate it and replace it where it is used, or revoke it.'
              : 'Rotate them and replace them where they are used, or revoke them.',
          ),
        ]
      : []),
    ...(values.some(({ is }) => is === 'revoked')
      ? [
          section(
            isOne
              ? 'Create a new token, and use it where this one was used.'
              : 'Create new tokens, and use them where the revoked ones were used.',
          ),
        ]
      : []),
    ...(values.some(({ is, token }) => is === 'ended' && statusOf(token, now) === 'active')
      ? [section('Use the new value wherever the old one is still used.')]
      : []),
  ];
}

/** Who posted it, who ended it and when, and the way to the message. */
function factsOf({ leak, values, url }: LeakDrawing): string {
  const { poster, isByApp } = leakPlaceOf(leak.place);
  const [first, ...others] = values;
  const by = isByApp || poster === undefined ? 'an app' : mention(poster);
  const facts = [
    `Posted by: ${by}`,
    ...(first?.token.revokedAt == null || others.length > 0
      ? []
      : [
          `Date Revoked: ${dateTime(first.token.revokedAt)}`,
          `By: ${doerText(first.token.revokedBy ?? 'system')}`,
        ]),
    ...(url === undefined ? [] : [`<${escaped(url)}|Open the message>`]),
  ];
  return facts.join(' · ');
}

function revokeButtons({ leak, values }: LeakDrawing): Button[] {
  if (!values.some(isWorking)) return [];
  return [{ ...button(REVOKE_LEAK_ID, 'Revoke', leakKey(leak)), style: 'danger' }];
}

function rotateButton({ token }: LeakedValue): Button {
  return { ...button(ROTATE_ID, 'Rotate', token.id), style: 'primary' };
}

/** The message as its button names it. */
export function leakKey({ channel, ts }: Pick<Leak, 'channel' | 'ts'>): string {
  return `${channel} ${ts}`;
}

/** The place that such a text names; undefined when it is none. A hint, no right. */
export function parseLeakKey(text: string): Pick<Leak, 'channel' | 'ts'> | undefined {
  const [, channel, ts] = /^([CG][A-Z0-9]{1,30}) (\d{1,12}\.\d{1,6})$/.exec(text) ?? [];
  return channel === undefined || ts === undefined ? undefined : { channel, ts };
}
