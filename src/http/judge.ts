import type { IncomingMessage } from 'node:http';
import type { UsageRecorder } from '../tokens/usage.ts';
import { type Verdict, type VerifyDeps, verifyToken } from '../tokens/verify.ts';
import { callerAddress, type IsProxy } from './caller-address.ts';

export type JudgeDeps = VerifyDeps & {
  readonly usage: Pick<UsageRecorder, 'used' | 'refused'>;
  /** Whose word on where a request comes from is believed. */
  readonly isProxy: IsProxy;
};

/**
 * Whether a value that came with `request` is good. One that was good once is counted as refused, for its owner; counting a
 * use is left to the caller.
 */
export async function judge(text: string, request: IncomingMessage, deps: JudgeDeps): Promise<Verdict> {
  const verdict = await verifyToken(text, deps);
  if (verdict.kind === 'bad' && verdict.why === 'ended')
    deps.usage.refused(verdict.secret, deps.clock(), callerAddress(request, deps.isProxy));
  return verdict;
}
