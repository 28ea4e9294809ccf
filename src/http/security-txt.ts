import type { FastifyInstance } from 'fastify';
import { type Clock, DAY_MS, isoTime, SECOND_MS } from '../clock.ts';

export type SecurityTxtDeps = {
  readonly clock: Clock;
  /** Where to write to about security: mailto:, https:// or tel:. */
  readonly securityContact: string | undefined;
  /** Where clients reach this service, without a slash at its end. */
  readonly publicUrl: string | undefined;
};

/** RFC 9116 §2.5.5 recommends less than a year. Whoever reads it gets it as of then. */
const EXPIRES_AFTER_MS = 180 * DAY_MS;

/**
 * RFC 9116, for whoever finds a token and looks for somebody to tell: the contact, and the page that revokes it. Served where
 * `SECURITY_CONTACT` is set. What that RFC wants to be https:// (§2.5) is left out where `PUBLIC_URL` is not.
 */
export function addSecurityTxtRoute(app: FastifyInstance, deps: SecurityTxtDeps): void {
  const { clock, securityContact, publicUrl } = deps;
  if (securityContact === undefined) return;
  const secureUrl = publicUrl?.startsWith('https://') ? publicUrl : undefined;
  app.get('/.well-known/security.txt', (_request, reply) => {
    // Whole seconds, as RFC 3339 needs no more.
    const expiresAt = Math.floor((clock() + EXPIRES_AFTER_MS) / SECOND_MS) * SECOND_MS;
    const lines = [
      `# Found an API token? Paste it at ${publicUrl ?? ''}/revoke and it stops working.`,
      `Contact: ${securityContact}`,
      `Expires: ${isoTime(expiresAt).replace('.000Z', 'Z')}`,
      'Preferred-Languages: en',
      ...(secureUrl === undefined
        ? []
        : [
            // It belongs to the host, whatever path leads to us (§3).
            `Canonical: ${new URL(secureUrl).origin}/.well-known/security.txt`,
            `Policy: ${secureUrl}/revoke`,
          ]),
    ];
    return reply.header('content-type', 'text/plain; charset=utf-8').send(`${lines.join('\n')}\n`);
  });
}
