import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type Clock, MINUTE_MS } from '../../clock.ts';
import type { Pepper, Peppers } from '../../tokens/pepper.ts';
import type { PageOfList } from '../blocks/pages.ts';
import type { DrawnNotice } from '../notices/notice-blocks.ts';
import type { Visit } from '../visit.ts';

/** A `response_url` is good for 30 minutes. */
const OPENING_AGE_MS_MAX = 30 * MINUTE_MS;

/** Clocks of two machines may differ by so much. */
const CLOCKS_APART_MS_MAX = 1 * MINUTE_MS;

const CIPHER = 'aes-256-gcm';

/** NIST SP 800-38D §5.2.1.1, §8.2.2: random ones of 96 bits are good for 2^32 dialogs under one key. */
const NONCE_BYTES = 12;

const TAG_BYTES = 16;

/** Where a dialog was opened from, so that its result can be told there too. */
export type OpenedFrom =
  | {
      readonly kind: 'list';
      readonly responseUrl: string;
      readonly channel: string | undefined;
      readonly channelName: string | undefined;
      readonly page: PageOfList;
    }
  | { readonly kind: 'notice'; readonly responseUrl: string; readonly notice: DrawnNotice }
  /** A command, a shortcut, or a message that only that person sees. */
  | {
      readonly kind: 'elsewhere';
      readonly responseUrl: string;
      readonly channel: string | undefined;
      readonly channelName: string | undefined;
    };

/**
 * Where dialogs were opened travels in their metadata, so that whichever process answers one knows it. It is sealed: the app
 * posts to the `response_url` in it, which so nobody may make up, and who reads that could post in the app's name.
 */
export type Openings = {
  /** The place as a dialog of that person carries it. */
  seal(personId: string, from: OpenedFrom): string;
  /** What the dialog of the visit carries; undefined when that is nothing, not theirs, or 30 minutes old. */
  find(visit: Pick<Visit, 'personId' | 'origin'>): OpenedFrom | undefined;
};

/** The place of the visit, where that can be answered later; `page`: of the list that was pressed in. */
export function placeOf(
  { responseUrl, channelId: channel, channelName }: Pick<Visit, 'responseUrl' | 'channelId' | 'channelName'>,
  page?: PageOfList,
): OpenedFrom | undefined {
  if (responseUrl === undefined) return undefined;
  const from = { responseUrl, channel, channelName };
  return page === undefined ? { kind: 'elsewhere', ...from } : { kind: 'list', ...from, page };
}

/** Seals under the current pepper, and reads what was sealed under any at hand. */
export function createOpenings({
  peppers,
  clock,
}: {
  readonly peppers: Peppers;
  readonly clock: Clock;
}): Openings {
  return {
    seal: (personId, from) => sealed({ at: clock(), from }, personId, peppers.current),
    find: ({ personId, origin }) => {
      if (origin === undefined) return undefined;
      const now = clock();
      for (const pepper of peppers.all) {
        const opening = openingIn(origin, personId, pepper);
        if (opening === undefined) continue;
        const ageMs = now - opening.at;
        return ageMs < OPENING_AGE_MS_MAX && ageMs >= -CLOCKS_APART_MS_MAX ? opening.from : undefined;
      }
      return undefined;
    },
  };
}

type Opening = { readonly at: number; readonly from: OpenedFrom };

function sealed(opening: Opening, personId: string, { dialogKey }: Pepper): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, dialogKey, nonce).setAAD(boundTo(personId));
  const text = Buffer.concat([cipher.update(JSON.stringify(opening), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
}

/** Undefined where it is not sealed for that person under that pepper. */
function openingIn(origin: string, personId: string, { dialogKey }: Pepper): Opening | undefined {
  const bytes = Buffer.from(origin, 'base64url');
  const [nonce, tag, text] = [
    bytes.subarray(0, NONCE_BYTES),
    bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES),
    bytes.subarray(NONCE_BYTES + TAG_BYTES),
  ];
  if (tag.length < TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, dialogKey, nonce, { authTagLength: TAG_BYTES })
    .setAAD(boundTo(personId))
    .setAuthTag(tag);
  try {
    // Nothing of it is looked at before the tag was.
    return JSON.parse(Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')) as Opening;
  } catch {
    return undefined;
  }
}

/** The form of what is sealed is part of it: another version of the app, with another form, reads none of this one's. */
function boundTo(personId: string): Buffer {
  return Buffer.from(`opened from, 1\n${personId}`, 'utf8');
}
