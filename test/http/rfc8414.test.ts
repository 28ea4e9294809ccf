import { describe, expect, test } from 'vitest';
import { aServer, ask } from './a-server.ts';

const WELL_KNOWN = '/.well-known/oauth-authorization-server';

describe('RFC 8414: what clients look up', () => {
  test('names the issuer, both endpoints and the ways to authenticate', async () => {
    const server = await aServer([], { publicUrl: 'https://tokens.example' });

    const reply = await ask(server.port, WELL_KNOWN);

    expect(reply).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    });
    expect(JSON.parse(reply.body)).toEqual({
      issuer: 'https://tokens.example',
      introspection_endpoint: 'https://tokens.example/introspect',
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'Bearer'],
      revocation_endpoint: 'https://tokens.example/revoke',
      revocation_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
      response_types_supported: [],
      grant_types_supported: [],
    });
  });

  test.for([
    [WELL_KNOWN, 200],
    [`${WELL_KNOWN}/api/tokens`, 200],
    [`${WELL_KNOWN}/api`, 404],
    [`${WELL_KNOWN}/`, 404],
    [`/api/tokens${WELL_KNOWN}`, 404],
  ] as const)('of an issuer with a path at %s is %i (§3.1)', async ([path, status]) => {
    const server = await aServer([], { publicUrl: 'https://example.com/api/tokens' });

    const reply = await ask(server.port, path);

    expect(reply.status).toBe(status);
    if (status === 200)
      expect(JSON.parse(reply.body)).toMatchObject({
        issuer: 'https://example.com/api/tokens',
        introspection_endpoint: 'https://example.com/api/tokens/introspect',
      });
  });

  test('is 404 while nobody said where clients reach us: a Host header proves nothing', async () => {
    const server = await aServer();

    expect(await ask(server.port, WELL_KNOWN)).toMatchObject({ status: 404, body: '{"error":"not_found"}' });
  });

  test('never holds what a client says of the host', async () => {
    const server = await aServer([], { publicUrl: 'https://tokens.example' });

    const headers = [
      'X-Forwarded-Host',
      'eve.example',
      'X-Forwarded-Proto',
      'http',
      'Forwarded',
      'host=eve.example',
    ];
    expect((await ask(server.port, WELL_KNOWN, { headers })).body).not.toContain('eve');
  });

  test('is read by GET alone', async () => {
    const server = await aServer([], { publicUrl: 'https://tokens.example' });

    expect(await ask(server.port, WELL_KNOWN, { method: 'POST' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  });
});
