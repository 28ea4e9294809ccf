import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort, startApi, startOracle } from '../gateways/a-gateway.ts';
import { BEARER, GOOD, VALUE } from '../gateways/the-way.ts';
import { aServer, ask, sendRaw } from '../http/a-server.ts';
import { PATIENT } from '../patience.ts';
import { hasProgram, placeOf } from '../programs.ts';
import { aSecret } from '../tokens/a-token.ts';
import { startBalancer } from './a-balancer.ts';

const RECIPES = resolve(import.meta.dirname, '../../deploy');
const FORM = ['Content-Type', 'application/x-www-form-urlencoded'];

/** A verifier that knows one token, behind a proxy that it trusts. */
function aVerifier(options: Parameters<typeof aServer>[1] = {}) {
  return aServer([aSecret(VALUE)], { isProxy: (address) => address === '127.0.0.1', ...options });
}

describe.for(['nginx', 'haproxy'] as const)('%s', (name) => {
  const here = test.skipIf(!hasProgram(name));

  here('shares requests out among the verifiers', async () => {
    const verifiers = await Promise.all([aVerifier(), aVerifier(), aVerifier()]);
    const balancer = await startBalancer(name, { verifiers: verifiers.map(({ port }) => port), app: 1 });

    for (let request = 0; request < 12; request++) {
      expect((await ask(balancer.port, '/verify', { headers: BEARER })).status).toBe(200);
    }

    expect(verifiers.map(({ uses }) => uses.length).toSorted()).toEqual([4, 4, 4]);
  });

  here('counts the address of the client, and nothing that the client wrote of itself', async () => {
    const verifier = await aVerifier();
    const { port } = verifier;
    const balancer = await startBalancer(name, { verifiers: [port, port, port], app: 1 });

    await ask(balancer.port, '/verify', { headers: [...BEARER, 'X-Forwarded-For', '192.0.2.7, 127.0.0.1'] });
    await ask(balancer.port, '/verify', { headers: [...BEARER, 'X-Forwarded-For', '192.0.2.7'] });
    await ask(balancer.port, '/verify', { headers: BEARER });

    // The client is a proxy that is trusted here, as a gateway would be: what it says of its own client counts.
    expect(verifier.uses.map(({ address }) => address)).toEqual(['192.0.2.7', '192.0.2.7', '127.0.0.1']);
    const strict = await aVerifier({ isProxy: () => false });
    const other = await startBalancer(name, {
      verifiers: [strict.port, strict.port, strict.port],
      app: 1,
    });
    await ask(other.port, '/verify', { headers: [...BEARER, 'X-Forwarded-For', '192.0.2.7'] });
    expect(strict.uses.map(({ address }) => address)).toEqual(['127.0.0.1']);
  });

  here('passes everything that verifiers answer, as they answer it', async () => {
    const { port } = await aVerifier({ publicUrl: 'https://tokens.example' });
    const balancer = await startBalancer(name, { verifiers: [port, port, port], app: 1 });

    expect((await ask(balancer.port, '/verify')).status).toBe(401);
    expect((await ask(balancer.port, '/verify', { headers: ['Token', GOOD] })).status).toBe(200);
    expect((await ask(balancer.port, '/verify?scope=deploy', { headers: BEARER })).status).toBe(403);
    expect((await ask(balancer.port, '/verify?scope=', { headers: BEARER })).status).toBe(400);
    const two = [...BEARER, 'Token', GOOD];
    expect((await ask(balancer.port, '/verify', { headers: two })).status).toBe(400);
    expect((await ask(balancer.port, '/introspect', { method: 'POST', headers: FORM })).status).toBe(401);
    const form = { method: 'POST', headers: FORM, body: `token=${GOOD}` };
    expect((await ask(balancer.port, '/revoke', form)).status).toBe(200);
    expect((await ask(balancer.port, '/openapi.json')).status).toBe(200);
    expect((await ask(balancer.port, '/.well-known/oauth-authorization-server')).status).toBe(200);
  });

  here.for([
    '/metrics',
    '/readyz',
    '/healthz',
    '/',
    '/verify/',
    '/verify/../metrics',
    '/%6detrics',
    '//metrics',
  ])('%s is nothing for clients', async (path) => {
    const { port } = await aVerifier();
    const balancer = await startBalancer(name, { verifiers: [port, port, port], app: port });

    const raw = await sendRaw(balancer.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);

    expect(raw).toMatch(/^HTTP\/1\.1 404 /);
    expect(raw).not.toContain('apitoken');
  });

  here('passes what Slack and GitHub deliver to the app, and nothing else', async () => {
    const app = await startApi();
    const { port } = await aVerifier();
    const balancer = await startBalancer(name, { verifiers: [port, port, port], app: app.port });

    for (const path of ['/slack/events', '/github/secret-scanning', '/verify', '/slack', '/github']) {
      await ask(balancer.port, path, { method: 'POST', headers: ['X-Slack-Signature', 'v0=1'], body: '{}' });
    }

    expect(app.passed.map(({ path }) => path)).toEqual(['/slack/events', '/github/secret-scanning']);
    expect(app.passed[0]).toMatchObject({ body: '{}', headers: { 'x-slack-signature': 'v0=1' } });
  });

  here('a 503 comes out as it is, once, and takes no verifier out', async () => {
    // As of a value whose record was changed: it is nobody else's fault.
    const asked: string[] = [];
    const broken = {
      readSecret: async (lookupId: string) => {
        asked.push(lookupId);
        throw new Error('the seal is broken');
      },
    };
    const { port } = await aVerifier({ store: broken });
    const balancer = await startBalancer(name, { verifiers: [port, port, port], app: 1 });

    for (let request = 0; request < 6; request++) {
      const reply = await ask(balancer.port, '/verify', { headers: BEARER });
      expect([reply.status, reply.headers['retry-after']]).toEqual([503, '5']);
      expect(reply.body).toContain('reference');
    }

    expect(asked).toHaveLength(6);
  });

  here('while all are gone it is 503, and they are asked again as soon as one is back', async () => {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const balancer = await startBalancer(name, { verifiers: ports, app: 1 });
    for (let request = 0; request < 6; request++) {
      const reply = await ask(balancer.port, '/verify', { headers: BEARER });
      expect([reply.status, reply.headers['retry-after']]).toEqual([503, '5']);
      expect(reply.headers['cache-control']).toContain('no-store');
    }

    await aVerifier({ port: ports[1] as number });

    await expect
      .poll(async () => (await ask(balancer.port, '/verify', { headers: BEARER })).status, PATIENT)
      .toBe(200);
    expect(balancer.output()).not.toContain(GOOD);
  });
});

describe('haproxy', () => {
  const here = test.skipIf(!hasProgram('haproxy'));

  here('finds no fault with its file, and nothing to warn of', () => {
    const said = execFileSync(placeOf('haproxy'), ['-c', '-V', '-f', `${RECIPES}/haproxy/haproxy.cfg`], {
      encoding: 'utf8',
      stdio: 'pipe',
    });

    expect(said).toContain('Configuration file is valid');
    expect(said).not.toContain('WARNING');
  });

  here('asks no verifier that is not ready, though it still answers', async () => {
    const ready = await aVerifier();
    const stopping = await aVerifier();
    stopping.announceStop();
    const balancer = await startBalancer('haproxy', {
      verifiers: [ready.port, stopping.port, await startOracle(503)],
      app: 1,
    });
    await expect
      .poll(async () => {
        const before = stopping.uses.length;
        for (let request = 0; request < 6; request++)
          await ask(balancer.port, '/verify', { headers: BEARER });
        return stopping.uses.length - before;
      }, PATIENT)
      .toBe(0);

    expect(ready.uses.length).toBeGreaterThan(0);
  });
});
