import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { type PersonId, parsePersonId, parseTokenId, type TokenId } from '../tokens/token.ts';

const metadata = z.object({
  token: z.string(),
  held: z.string().optional(),
  generation: z.number().int().optional(),
  inMessage: z.string().optional(),
});

/** What a dialog about a token carries through the client. Hints, no rights. */
export type DialogMetadata = {
  readonly tokenId: TokenId;
  /** The note that whoever opened it had presented the token's value. */
  readonly held?: string | undefined;
  /** The token's generation as the dialog was opened. */
  readonly generation?: number | undefined;
  /** The value stands in a message, which is then to be deleted: where, and who posted it. */
  readonly inMessage?: string | undefined;
};

const severalMetadata = z.object({
  person: z.string().optional(),
  held: z.string().optional(),
  inMessage: z.string().optional(),
});

/** What a dialog about several tokens carries through the client. Hints, no rights. */
export type SeveralMetadata = {
  /** Whose tokens they are, where they are all one person's. */
  readonly person?: PersonId | undefined;
  /** The note that whoever opened it had presented the tokens' values. */
  readonly held?: string | undefined;
  readonly inMessage?: string | undefined;
};

/** As such a dialog's `private_metadata`, which holds 3,000 characters. */
export function severalMetadataText(metadata: SeveralMetadata): string {
  return JSON.stringify(metadata);
}

/** The metadata in `text`; undefined when no dialog about several tokens carries it. */
export function parseSeveralMetadata(text: string): SeveralMetadata | undefined {
  const parsed = severalMetadata.safeParse(jsonIn(text)).data;
  if (parsed === undefined) return undefined;
  const { held, inMessage } = parsed;
  const person = parsePersonId(parsed.person ?? '');
  if (parsed.person !== undefined && person === undefined) return undefined;
  return { person, held, inMessage };
}

/** As a dialog's `private_metadata`. */
export function metadataText({ tokenId, ...rest }: DialogMetadata): string {
  return JSON.stringify({ token: tokenId, ...rest });
}

/** The metadata in `text`; undefined when no dialog of ours carries it. */
export function parseMetadata(text: string): DialogMetadata | undefined {
  const parsed = metadata.safeParse(jsonIn(text));
  const tokenId = parseTokenId(parsed.data?.token ?? '');
  if (parsed.data === undefined || tokenId === undefined) return undefined;
  const { held, generation, inMessage } = parsed.data;
  return { tokenId, held, generation, inMessage };
}

/** https://docs.slack.dev/reference/views/modal-views */
const METADATA_LENGTH_MAX = 3000;

/** The metadata of a dialog's own, and behind it the sealed text that tells where it was opened. */
const CARRIED = /^(?<own>.*)#(?<origin>[\w-]{38,})$/s;

/**
 * `view` as it carries where it was opened, beside its own metadata. One whose metadata leaves no room for that carries it no
 * further: what would be told there is then told in the person's conversation with the app.
 */
export function withOrigin(view: ModalView, origin: string | undefined): ModalView {
  const text = `${view.private_metadata ?? ''}#${origin}`;
  return origin === undefined || text.length > METADATA_LENGTH_MAX
    ? view
    : { ...view, private_metadata: text };
}

/** Both parts of a dialog's `private_metadata`. They come back from a client. */
export function splitMetadata(text: string): { readonly own: string; readonly origin: string | undefined } {
  const { own = text, origin } = CARRIED.exec(text)?.groups ?? {};
  return { own, origin };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
