import type { BadReason } from '../tokens/verify.ts';

/** Why `/verify` did not allow a request. */
export type RefusalReason =
  | BadReason
  | 'ended'
  | 'revoked'
  | 'insufficient_scope'
  | 'invalid_scope'
  | 'no_credential'
  | 'several_credentials';

/** What happened at the doors since the start. Plain numbers: a verification pays for nothing but an addition. */
export type Figures = {
  /** `/verify` by its answer. */
  readonly verifications: Record<'allowed' | 'refused' | 'unavailable', number>;
  readonly refusals: Record<RefusalReason, number>;
  /** `/introspect`: what was said of a token, and callers who may not ask. */
  readonly introspections: Record<'active' | 'inactive' | 'refused', number>;
  /** `/revoke`, by whether the value was live. */
  readonly revocations: Record<'revoked' | 'not_live', number>;
  /** Requests beyond what one address may ask in a minute. */
  readonly limited: Record<'introspect' | 'revoke', number>;
  /** Connections that were refused because there are too many. */
  connectionsDropped: number;
};

/** Figures that begin at nought. */
export function createFigures(): Figures {
  return {
    verifications: { allowed: 0, refused: 0, unavailable: 0 },
    refusals: {
      malformed: 0,
      unknown: 0,
      wrong: 0,
      revoked: 0,
      not_shown: 0,
      ended: 0,
      insufficient_scope: 0,
      invalid_scope: 0,
      no_credential: 0,
      several_credentials: 0,
    },
    introspections: { active: 0, inactive: 0, refused: 0 },
    revocations: { revoked: 0, not_live: 0 },
    limited: { introspect: 0, revoke: 0 },
    connectionsDropped: 0,
  };
}
