import type { IncomingMessage } from 'node:http';
import type { UsageRecorder } from '../tokens/usage.ts';
import { type Verdict, type VerifyDeps, verifyToken } from '../tokens/verify.ts';
import { callerAddress, type IsProxy } from './caller-address.ts';

export type JudgeDeps = VerifyDeps & {
  readonly usage: Pick<UsageRecorder, 'used' | 'refused'>;
  /** Whose word on where a request comes from is believed. */
  readonly isProxy: IsProxy;
};

/** A verdict that says whether the value is good. */
export type KnownVerdict = Exclude<Verdict, { kind: 'unknowable' }>;

/**
 * Whether a value that came with `request` is good. One that was good once is counted as refused, for its owner; counting a
 * use is left to the caller. Throws when nobody can tell.
 */
export async function judge(text: string, request: IncomingMessage, deps: JudgeDeps): Promise<KnownVerdict> {
  const verdict = await verifyToken(text, deps);
  switch (verdict.kind) {
    case 'good':
      return verdict;
    case 'bad':
      if (verdict.why === 'ended')
        deps.usage.refused(verdict.secret, deps.clock(), callerAddress(request, deps.isProxy));
      return verdict;
    case 'unknowable':
      throw new Error('the digest of a secret was made under a pepper that is not at hand');
  }
}
