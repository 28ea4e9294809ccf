import type { SecretUse, StoredSecret, TokenStore } from './store.ts';

/** How many secrets one transaction takes: more would stop the event loop for tens of milliseconds. */
const CHUNK_SECRETS_MAX = 200;

/** Secrets remembered between two flushes. What happens to further ones is dropped until then: memory stays bounded. */
const SECRETS_MAX = 100_000;

const ADDRESSES_MAX = 5;

type Used = Pick<StoredSecret, 'tokenId' | 'lookupId'>;

/** Counts uses in memory, so that a verification writes nothing; `flush` brings them into the store. */
export type UsageRecorder = {
  /** A live value was presented. */
  used(secret: Used, at: number, address: string): void;
  /** A value was presented after its end, with the right digest. */
  refused(secret: Used, at: number, address: string): void;
  /** Whether that value passed a verification which is not written yet. */
  isUsed(lookupId: string): boolean;
  /** A value with the lookup id of a revoked token was presented. Nothing proves that it was the right one. */
  tried(secret: Used, at: number): void;
  /**
   * Writes what was counted so far, in chunks. What could not be written is kept for the next time; then it throws. What is
   * counted meanwhile is left for the next time too.
   */
  flush(): Promise<void>;
};

/** Of one secret, as it is counted: a verification changes it in place. */
type Counted = { -readonly [Key in keyof SecretUse]: SecretUse[Key] };

/** The recorder of this process. */
export function createUsageRecorder(store: Pick<TokenStore, 'addUses'>): UsageRecorder {
  const uses = new Map<string, Counted>();
  /** On their way into the store. */
  const leaving = new Set<SecretUse>();

  /** Undefined when too many are remembered already. */
  function countedOf(secret: Used): Counted | undefined {
    const known = uses.get(secret.lookupId);
    if (known !== undefined || uses.size >= SECRETS_MAX) return known;
    const counted = unusedOf(secret);
    uses.set(secret.lookupId, counted);
    return counted;
  }

  function count(
    secret: Used,
    what: 'useCount' | 'refusedCount' | 'triedCount',
    when: 'lastUsedAt' | 'lastRefusedAt' | 'lastTriedAt',
    at: number,
    address?: string,
  ): void {
    const counted = countedOf(secret);
    if (counted === undefined) return;
    counted[what] += 1;
    counted[when] = latest(counted[when], at);
    if (address !== undefined) counted.addresses = withAddress(counted.addresses, address);
  }

  function add(use: SecretUse): void {
    const known = uses.get(use.lookupId);
    if (known === undefined && uses.size >= SECRETS_MAX) return;
    uses.set(use.lookupId, known === undefined ? { ...use } : merged(known, use));
  }

  /** What was counted since is the later of both. */
  function putBack(use: SecretUse): void {
    const since = uses.get(use.lookupId);
    uses.delete(use.lookupId);
    add(use);
    if (since !== undefined) add(since);
  }

  async function write(chunk: readonly SecretUse[]): Promise<void> {
    for (const use of chunk) {
      uses.delete(use.lookupId);
      leaving.add(use);
    }
    try {
      await store.addUses(chunk);
    } catch (fault) {
      for (const use of chunk) putBack(use);
      throw fault;
    } finally {
      for (const use of chunk) leaving.delete(use);
    }
  }

  async function flush(): Promise<void> {
    for (let left = uses.size; left > 0; left -= CHUNK_SECRETS_MAX) {
      await write([...uses.values().take(Math.min(left, CHUNK_SECRETS_MAX))]);
    }
  }

  return {
    used: (secret, at, address) => count(secret, 'useCount', 'lastUsedAt', at, address),
    refused: (secret, at, address) => count(secret, 'refusedCount', 'lastRefusedAt', at, address),
    tried: (secret, at) => count(secret, 'triedCount', 'lastTriedAt', at),
    isUsed: (lookupId) => {
      const written = [...leaving].filter((use) => use.lookupId === lookupId);
      return [uses.get(lookupId), ...written].some((use) => (use?.lastUsedAt ?? null) !== null);
    },
    flush,
  };
}

function unusedOf({ tokenId, lookupId }: Used): Counted {
  return {
    tokenId,
    lookupId,
    useCount: 0,
    lastUsedAt: null,
    refusedCount: 0,
    lastRefusedAt: null,
    triedCount: 0,
    lastTriedAt: null,
    addresses: [],
  };
}

/** Both together. `later` gives the addresses that come first. */
function merged(earlier: SecretUse, later: SecretUse): SecretUse {
  return {
    tokenId: earlier.tokenId,
    lookupId: earlier.lookupId,
    useCount: earlier.useCount + later.useCount,
    lastUsedAt: latest(earlier.lastUsedAt, later.lastUsedAt),
    refusedCount: earlier.refusedCount + later.refusedCount,
    lastRefusedAt: latest(earlier.lastRefusedAt, later.lastRefusedAt),
    triedCount: earlier.triedCount + later.triedCount,
    lastTriedAt: latest(earlier.lastTriedAt, later.lastTriedAt),
    addresses: addressesOf(earlier.addresses, later.addresses),
  };
}

/** Where both came from, the latest first. */
export function addressesOf(earlier: readonly string[], later: readonly string[]): readonly string[] {
  return [...new Set([...later, ...earlier])].slice(0, ADDRESSES_MAX);
}

/** Nearly every use comes from where the one before it came from: that costs nothing. */
function withAddress(addresses: readonly string[], address: string): readonly string[] {
  return addresses[0] === address ? addresses : addressesOf(addresses, [address]);
}

/** The later of the two instants; null when there is none. */
export function latest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
