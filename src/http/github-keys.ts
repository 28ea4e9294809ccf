import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type Clock, HOUR_MS, MINUTE_MS, SECOND_MS } from '../clock.ts';
import type { Log } from '../log.ts';

/** After that a list counts no more: a key that GitHub gave up must not stay good because nobody reaches GitHub. */
const KEPT_MS = 24 * HOUR_MS;

/** GitHub answers 60 requests an hour of an address that names nobody. */
const ASKED_EVERY_MS = MINUTE_MS;

/** How soon GitHub is tried again when nothing answered there and there is no list. */
const RETRY_MS = 5 * SECOND_MS;

const FETCH_MS_MAX = 5 * SECOND_MS;

/** GitHub's list has a few keys of some 300 bytes. */
const LIST_BYTES_MAX = 64 * 1024;

const KEYS_MAX = 100;

/** https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program/secret-scanning-partner-program */
const list = z.object({
  public_keys: z
    .array(z.object({ key_identifier: z.string().max(200), key: z.string(), is_current: z.boolean() }))
    .max(KEYS_MAX),
});

/** The keys by which GitHub signs what its secret scanning found. */
export type GithubKeys = {
  /** The current key of that id. `unreachable`: nobody can say whether there is one, since GitHub's list cannot be had. */
  find(id: string): Promise<KeyObject | 'unknown' | 'unreachable'>;
};

type KeyList = { readonly keys: ReadonlyMap<string, KeyObject>; readonly at: number };

/** GitHub answered, but with no list of keys. */
class NoListFault extends Error {
  override name = 'NoListFault';
}

/**
 * The keys at `url`, fetched when they are needed, kept for 24 hours, and once more, at most once a minute, when a key is asked for
 * that is not among them.
 */
export function createGithubKeys({
  url,
  clock,
  log,
}: {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
}): GithubKeys {
  let kept: KeyList | undefined;
  let nextTryAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<KeyList | undefined> | undefined;

  const keptAt = (now: number) => (kept !== undefined && now - kept.at < KEPT_MS ? kept : undefined);

  async function fetchKept(): Promise<KeyList | undefined> {
    try {
      kept = { keys: await fetchKeys(url), at: clock() };
      nextTryAt = kept.at + ASKED_EVERY_MS;
      return kept;
    } catch (fault) {
      const now = clock();
      const isBusy = fault instanceof NoListFault || keptAt(now) !== undefined;
      nextTryAt = now + (isBusy ? ASKED_EVERY_MS : RETRY_MS);
      log.warn({ err: fault }, "GitHub's list of keys can't be had: look at GITHUB_KEYS_URL and the network");
      return undefined;
    }
  }

  return {
    async find(id) {
      const now = clock();
      const known = keptAt(now)?.keys.get(id);
      if (known !== undefined) return known;
      // A list that came within the last minute has all there are.
      if (kept !== undefined && now - kept.at < ASKED_EVERY_MS) return 'unknown';
      if (fetching === undefined && now < nextTryAt) return 'unreachable';
      fetching ??= fetchKept().finally(() => {
        fetching = undefined;
      });
      const fetched = await fetching;
      return fetched === undefined ? 'unreachable' : (fetched.keys.get(id) ?? 'unknown');
    },
  };
}

async function fetchKeys(url: string): Promise<ReadonlyMap<string, KeyObject>> {
  const response = await fetch(url, {
    headers: { accept: 'application/json', 'user-agent': 'apitoken' },
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_MS_MAX),
  });
  const text = await shortTextOf(response);
  if (!response.ok) throw new NoListFault(`GitHub answers ${response.status}`);
  const keys = new Map(
    listIn(text).flatMap(({ id, key }) => (key === undefined ? [] : [[id, key] as const])),
  );
  if (keys.size === 0) throw new NoListFault('the list has no current key');
  return keys;
}

function listIn(text: string): { readonly id: string; readonly key: KeyObject | undefined }[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new NoListFault('what came is no JSON');
  }
  const { data } = list.safeParse(parsed);
  if (data === undefined) throw new NoListFault('what came is no list of keys');
  return data.public_keys
    .filter(({ is_current }) => is_current)
    .map(({ key_identifier: id, key }) => ({ id, key: parseKey(key) }));
}

/** The key, where it is one of the curve that GitHub signs with (`ECDSA-NIST-P256V1-SHA256`). */
function parseKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

async function shortTextOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > LIST_BYTES_MAX) throw new NoListFault('the list is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
