import type { IncomingMessage } from 'node:http';

/** The status that says why a body was not read: broken off, too slow, too large, in the way of others. */
export type UnreadStatus = 400 | 408 | 413 | 503;

/** A body that is being read, and what ends that. */
type Reading = { readonly end: (result: Buffer | UnreadStatus) => void };

/** All that one peer has us read, the oldest first. */
type Share = { bytes: number; readonly readings: Set<Reading> };

/** Reads a whole body as it came from `peer`. */
export type ReadBody = (
  request: IncomingMessage,
  bytesMax: number,
  peer: string,
) => Promise<Buffer | UnreadStatus>;

/**
 * Reads whole bodies as they came. All that is being read at one time is `heldBytesMax` at most, whoever sends it: who that
 * is nobody knows yet. Where more comes, the peer that holds the most gives way, with what it began first: the
 * bodies that we wait for are small and here at once, so that neither a stranger who sends slowly nor one behind the same proxy
 * shuts them out.
 * One body takes `msMax` at most.
 */
export function createBodyReader(limits: {
  readonly heldBytesMax: number;
  readonly msMax: number;
}): ReadBody {
  const shares = new Map<string, Share>();
  let held = 0;

  function makeRoom(): void {
    while (held > limits.heldBytesMax) oldestOf(heaviest(shares)).end(503);
  }

  return (request, bytesMax, peer) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const share = shares.get(peer) ?? { bytes: 0, readings: new Set() };
      shares.set(peer, share);
      const onData = (chunk: Buffer): void => {
        size += chunk.length;
        share.bytes += chunk.length;
        held += chunk.length;
        chunks.push(chunk);
        if (size > bytesMax) end(413);
        else makeRoom();
      };
      const onEnd = (): void => end(Buffer.concat(chunks));
      const onClose = (): void => end(400);
      const end = (result: Buffer | UnreadStatus): void => {
        clearTimeout(timer);
        request.off('data', onData).off('end', onEnd).off('close', onClose);
        held -= size;
        share.bytes -= size;
        share.readings.delete(reading);
        if (share.readings.size === 0) shares.delete(peer);
        resolve(result);
      };
      const reading: Reading = { end };
      share.readings.add(reading);
      const timer = setTimeout(end, limits.msMax, 408);
      request.on('data', onData).on('end', onEnd).on('close', onClose);
    });
}

function heaviest(shares: ReadonlyMap<string, Share>): Share {
  let found: Share | undefined;
  for (const share of shares.values()) if (found === undefined || share.bytes > found.bytes) found = share;
  if (found === undefined) throw new Error('bytes are held, and nobody sent them');
  return found;
}

function oldestOf({ readings }: Share): Reading {
  for (const reading of readings) return reading;
  throw new Error('a peer holds bytes of nothing');
}
