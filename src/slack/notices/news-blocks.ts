import type { KnownBlock, RichTextElement } from '@slack/types';
import { DAY_MS } from '../../clock.ts';
import { counted } from '../../counted.ts';
import type { AuditEvent } from '../../tokens/audit.ts';
import type { ListPage } from '../../tokens/store.ts';
import { NEVER_CLAIMED, OWNER_BARRED, OWNER_LEFT } from '../../tokens/telling.ts';
import {
  type Doer,
  type PersonId,
  parsePersonId,
  UNCLAIMED_MS_MAX,
  type UsedToken,
} from '../../tokens/token.ts';
import type { Message } from '../blocks/message.ts';
import { context, escaped, mention, section } from '../blocks/text.ts';
import { dateTime } from '../blocks/times.ts';
import { doerText, noteBlocks } from '../blocks/token-facts.ts';

/** A sentence with people and channels in it, in which whatever was typed is drawn as it is. */
export type Sentence = readonly (string | { readonly person: PersonId } | { readonly channel: string })[];

/** Names in one text, which holds 3,000 characters. */
const NAMES_MAX = 20;

const STOPPED = 'Anything using it has stopped working.';

const CLAIM_DAYS = counted(UNCLAIMED_MS_MAX / DAY_MS, 'day');

/** What whoever created a token for somebody else is told when that one has claimed it. */
export function claimedMessage(token: UsedToken): Message {
  const { owner, name, expiresAt } = token;
  return news(
    [{ person: owner }, ` claimed ${name}.`],
    [
      context(
        `Only ${mention(owner)} can reveal its value. Expires: ${expiresAt === null ? 'never' : dateTime(expiresAt)}`,
      ),
    ],
  );
}

/** What they are told when the app revoked it because nobody claimed it. */
export function neverClaimedMessage(token: UsedToken): Message {
  const { owner, name } = token;
  return news(
    [{ person: owner }, ` didn't claim ${name} within ${CLAIM_DAYS}, so it was revoked.`],
    [section("It never had a value. If it's still needed, create it again."), whenRevoked(token)],
  );
}

/** What whoever created a token for somebody else is told when that one leaves, or may not use the app any more. */
export function ownerLeftMessage(token: UsedToken): Message {
  const { owner, name, revokeReason } = token;
  const why = revokeReason === OWNER_BARRED ? ' can no longer use apitoken' : ' left';
  return news(
    [{ person: owner }, `${why}, so ${name} was revoked.`],
    [section(`You created it for them. ${STOPPED}`), whenRevoked(token)],
  );
}

/** What somebody is told who may not use the app any more, of the first of their live tokens. `endsAt`: null where they stay. */
export function barredMessage(
  { tokens, total }: Pick<ListPage, 'tokens' | 'total'>,
  endsAt: number | null,
): Message {
  const sentence = `You can no longer use apitoken: it's for full members of this workspace. You have ${counted(total, 'live token')}.`;
  const left = total - tokens.length;
  const names = [...tokens.map(({ name }) => name), ...(left === 0 ? [] : [`and ${left} more`])];
  const [subject, be, work] = total === 1 ? ['It', "It's", 'keeps'] : ['They', "They're", 'keep'];
  const fate =
    endsAt === null
      ? `${subject} ${work} working. Whoever looks after this workspace's tokens sees that you can't use apitoken.`
      : `${be} revoked ${dateTime(endsAt)}, unless you can use apitoken again by then. Ask an admin of this workspace.`;
  return { text: escaped(sentence), blocks: [section(sentence), section(names.join('\n')), context(fate)] };
}

/** What the owner is told when somebody else, whoever held a value or the app itself ended their token. */
export function revokedByOtherMessage(token: UsedToken): Message {
  const { name, revokedBy, revokeReason } = token;
  const wasClaimed = token.claimedAt !== null;
  const more = [...(wasClaimed ? [section(STOPPED)] : []), whenRevoked(token)];
  if (revokedBy === 'system' && revokeReason === NEVER_CLAIMED) {
    return news([`Your token ${name} was revoked: you didn't claim it within ${CLAIM_DAYS}.`], more);
  }
  if (revokedBy === 'system' && revokeReason === OWNER_BARRED) {
    return news([`Your token ${name} was revoked: you can no longer use apitoken.`], more);
  }
  if (revokedBy === 'github') {
    return news(
      [`Your token ${name} was revoked: GitHub found its value in public.`],
      [section(`${STOPPED} If it's still needed, create it again.`), whenRevoked(token), ...reasonOf(token)],
    );
  }
  return news([...doerOf(token), ` revoked your token ${name}.`], [...more, ...reasonOf(token)]);
}

/** What the owner is told when somebody else, who held it, ended the old value of a token: by whom, as far as `ending` tells. */
export function oldValueEndedMessage(
  token: UsedToken,
  ending: Pick<AuditEvent, 'actor' | 'at' | 'detail'> | undefined,
): Message {
  const told = `The old value of your token ${token.name} no longer works.`;
  return {
    text: escaped(told),
    blocks: [
      section(`${told} The new value still works.`),
      ...(ending === undefined
        ? []
        : [
            context(`Ended by ${doerText(ending.actor)} ${dateTime(ending.at)}.`),
            ...noteBlocks('Reason', typeof ending.detail.reason === 'string' ? ending.detail.reason : null),
          ]),
    ],
  };
}

/** What whoever created a token for somebody else is told when it was ended by anybody but themselves. */
export function revokedOfCreatedMessage(token: UsedToken): Message {
  const { owner, name, revokedBy, claimedAt } = token;
  const more = [whenRevoked(token), ...reasonOf(token)];
  if (revokedBy === owner && claimedAt === null) {
    return news(
      [{ person: owner }, ` declined ${name}.`],
      [section("It's revoked. It never had a value."), ...more],
    );
  }
  const whom: Sentence = revokedBy === owner ? ['them.'] : [{ person: owner }, '.'];
  return news(
    [...doerOf(token), ` revoked ${name}, which you created for `, ...whom],
    [...(claimedAt === null ? [] : [section(STOPPED)]), ...more],
  );
}

/** What `person`, their owner or who created them, is told when several tokens were ended at once. */
export function severalRevokedMessage(tokens: readonly UsedToken[], person: PersonId): Message {
  const [first] = tokens;
  if (first === undefined) throw new Error('several tokens are at least one');
  const what =
    first.owner === person
      ? `${tokens.length} of your tokens`
      : `${tokens.length} tokens that you created for others`;
  const parts = Array.from({ length: Math.ceil(tokens.length / NAMES_MAX) }, (_, part) =>
    tokens.slice(part * NAMES_MAX, (part + 1) * NAMES_MAX).map(({ name }) => name),
  );
  return news(severalSentence(first, what), [
    section('Anything using them has stopped working.'),
    ...parts.map((names) => section(names.join('\n'))),
    whenRevoked(first),
    ...reasonOf(first),
  ]);
}

function severalSentence(token: UsedToken, what: string): Sentence {
  const { revokedBy, revokeReason, owner } = token;
  if (revokedBy === 'system' && revokeReason === OWNER_LEFT) {
    return [`${what} were revoked, because `, { person: owner }, ' left.'];
  }
  if (revokedBy === 'system' && revokeReason === OWNER_BARRED) {
    return [`${what} were revoked, because `, { person: owner }, ' can no longer use apitoken.'];
  }
  return [...doerOf(token), ` revoked ${what}.`];
}

function doerOf({ revokedBy }: UsedToken): Sentence {
  const doer: Doer = revokedBy ?? 'system';
  const person = parsePersonId(doer);
  if (person !== undefined) return [{ person }];
  // The app's name is written small, also where a sentence begins.
  return [doerText(doer).replace(/^(?!apitoken)./, (first) => first.toUpperCase())];
}

function whenRevoked({ revokedAt }: UsedToken): KnownBlock {
  return context(`Date Revoked: ${dateTime(revokedAt ?? 0)}`);
}

/** What a person wrote; the app's own reasons are what the sentence says. */
function reasonOf({ revokedBy, revokeReason }: UsedToken): KnownBlock[] {
  return revokedBy === 'system' ? [] : noteBlocks('Reason', revokeReason);
}

/** A lock screen shows the sentence; what stands below it says when, why and what to do. */
export function news(sentence: Sentence, more: readonly KnownBlock[]): Message {
  const elements = sentence.map(elementOf);
  return {
    text: sentence.map(textOf).join(''),
    blocks: [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }, ...more],
  };
}

function elementOf(part: Sentence[number]): RichTextElement {
  if (typeof part === 'string') return { type: 'text', text: part };
  return 'person' in part
    ? { type: 'user', user_id: part.person }
    : { type: 'channel', channel_id: part.channel };
}

function textOf(part: Sentence[number]): string {
  if (typeof part === 'string') return escaped(part);
  return 'person' in part ? mention(part.person) : `<#${part.channel}>`;
}
