import type { IncomingMessage } from 'node:http';
import type { Log } from '../log.ts';
import type { TokenId } from '../tokens/token.ts';
import type { TokenValue } from '../tokens/token-value.ts';
import type { UsageRecorder } from '../tokens/usage.ts';
import { type Verdict, type VerifyDeps, verifyToken, verifyValue } from '../tokens/verify.ts';
import { callerAddress, type IsProxy } from './caller-address.ts';
import type { Figures } from './metrics.ts';

export type JudgeDeps = VerifyDeps & {
  readonly usage: Pick<UsageRecorder, 'used' | 'refused' | 'tried'>;
  /** Whose word on where a request comes from is believed. */
  readonly isProxy: IsProxy;
  readonly metrics: { readonly figures: Figures };
  readonly log: Pick<Log, 'error'>;
};

/**
 * Whether a value that came with `request` is good. What was live once is counted, for its owner: as refused with the right
 * digest, as tried with the lookup id of a revoked token. Counting a use is left to the caller.
 */
export async function judge(text: string, request: IncomingMessage, deps: JudgeDeps): Promise<Verdict> {
  return counted(await verifyToken(text, deps), request, deps);
}

/** The same of a text that has shape and check digits of a value. */
export async function judgeValue(
  value: TokenValue,
  request: IncomingMessage,
  deps: JudgeDeps,
): Promise<Verdict> {
  return counted(await verifyValue(value, deps), request, deps);
}

function counted(verdict: Verdict, request: IncomingMessage, deps: JudgeDeps): Verdict {
  if (verdict.kind === 'bad' && 'secret' in verdict) countRefused(verdict, request, deps);
  if (verdict.kind === 'busy' && verdict.brokenSealOf !== undefined) sayBroken(verdict.brokenSealOf, deps);
  return verdict;
}

function countRefused(
  { why, secret }: Extract<Verdict, { kind: 'bad'; secret: unknown }>,
  request: IncomingMessage,
  { usage, clock, isProxy }: JudgeDeps,
): void {
  if (why === 'ended') usage.refused(secret, clock(), callerAddress(request, isProxy));
  else usage.tried(secret, clock());
}

function sayBroken(token: TokenId, { metrics, log }: JudgeDeps): void {
  metrics.figures.brokenSeals += 1;
  log.error(
    { token },
    'a stored value was changed outside apitoken, so nobody can say whether it is good. See operations.md, "A broken seal"',
  );
}
