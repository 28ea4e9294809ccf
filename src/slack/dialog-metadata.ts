import { z } from 'zod';
import { parseTokenId, type TokenId } from '../tokens/token.ts';

const metadata = z.object({
  token: z.string(),
  held: z.string().optional(),
  generation: z.number().int().optional(),
});

/** What a dialog about a token carries through the client. Hints, no rights. */
export type DialogMetadata = {
  readonly tokenId: TokenId;
  /** The note that whoever opened it had presented the token's value. */
  readonly held?: string | undefined;
  /** The token's generation as the dialog was opened. */
  readonly generation?: number | undefined;
};

/** As a dialog's `private_metadata`. */
export function metadataText({ tokenId, ...rest }: DialogMetadata): string {
  return JSON.stringify({ token: tokenId, ...rest });
}

/** The metadata in `text`; undefined when no dialog of ours carries it. */
export function parseMetadata(text: string): DialogMetadata | undefined {
  const parsed = metadata.safeParse(jsonIn(text));
  const tokenId = parseTokenId(parsed.data?.token ?? '');
  if (parsed.data === undefined || tokenId === undefined) return undefined;
  const { held, generation } = parsed.data;
  return { tokenId, held, generation };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
