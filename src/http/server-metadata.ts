import type { FastifyInstance } from 'fastify';

export type MetadataDeps = {
  /** Where clients reach this service, without a slash at its end. */
  readonly publicUrl: string | undefined;
};

const WELL_KNOWN = '/.well-known/oauth-authorization-server';

/**
 * RFC 8414, for clients that look up where to introspect and to revoke. Served where `PUBLIC_URL` is set, and once more with the path
 * of that URL behind it, because §3.1 puts the well-known part in front of a path.
 */
export function addMetadataRoute(app: FastifyInstance, { publicUrl }: MetadataDeps): void {
  if (publicUrl === undefined) return;
  const { pathname } = new URL(publicUrl);
  const metadata = metadataOf(publicUrl);
  for (const path of new Set([WELL_KNOWN, `${WELL_KNOWN}${pathname.replace(/\/$/, '')}`]))
    app.get(path, () => metadata);
}

function metadataOf(issuer: string) {
  return {
    issuer,
    introspection_endpoint: `${issuer}/introspect`,
    // §2 takes a client authentication method or, by its capital, a type of access token.
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'Bearer'],
    revocation_endpoint: `${issuer}/revoke`,
    // Whatever a client sends of itself is ignored there.
    revocation_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    // Tokens are made in Slack. §2 requires the first, and without the second a client takes it for code and implicit.
    response_types_supported: [],
    grant_types_supported: [],
  };
}
