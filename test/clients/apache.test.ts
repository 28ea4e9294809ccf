import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { temporaryFolder } from '../fixture.ts';
import { freePort } from '../gateways/a-gateway.ts';
import { ask } from '../http/a-server.ts';
import { PATIENT } from '../patience.ts';
import { aKnownServer, hasClient, type Known } from './a-client.ts';

const RECIPE = resolve(import.meta.dirname, '../../docs/gateways/apache/apitoken.conf');
const MODULES = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'auth_openidc'];
const WAYS = ['client_secret_basic', 'client_secret_post'];

describe.for(WAYS)('Apache’s mod_auth_openidc by %s', (way) => {
  const here = test.skipIf(!hasClient('apache'));

  here('lets a live token pass, and knows whose it is', async () => {
    const known = await aKnownServer();
    const port = await startApache(known, way);

    const reply = await ask(port, '/any/it', { headers: ['Authorization', `Bearer ${known.live}`] });

    expect(reply).toMatchObject({
      status: 200,
      body: 'the API',
      headers: { 'x-seen': `${known.owner} read deploy` },
    });
  });

  here('refuses what is not live, and nothing', async () => {
    const known = await aKnownServer();
    const port = await startApache(known, way);

    for (const headers of [[], ['Authorization', 'Bearer x'], ['Authorization', `Bearer ${known.live}x`]])
      expect((await ask(port, '/any/it', { headers })).status).toBe(401);
  });

  here('lets pass by scope, and makes 401 of a scope that is lacking', async () => {
    const known = await aKnownServer();
    const port = await startApache(known, way);
    const headers = ['Authorization', `Bearer ${known.live}`];

    expect((await ask(port, '/deploy/it', { headers })).status).toBe(200);
    expect((await ask(port, '/admin/it', { headers })).status).toBe(401);
  });

  here('asks each time: a revocation counts on the next request', async () => {
    const known = await aKnownServer();
    const port = await startApache(known, way);
    const headers = ['Authorization', `Bearer ${known.live}`];

    const before = await ask(port, '/any/it', { headers });
    known.revoke();
    const after = await ask(port, '/any/it', { headers });

    expect([before.status, after.status]).toEqual([200, 401]);
  });

  here('lets nobody pass when it may not ask', async () => {
    const known = await aKnownServer();
    const port = await startApache({ ...known, introspector: known.stranger }, way);

    const reply = await ask(port, '/any/it', { headers: ['Authorization', `Bearer ${known.live}`] });

    expect(reply.status).toBe(401);
    expect(known.server.metrics.figures.introspections.refused).toBeGreaterThan(0);
  });
});

/** Apache with the very file of `docs/gateways` but for the address and the way, and three protected places. */
async function startApache(known: Known, way: string): Promise<number> {
  const folder = temporaryFolder();
  const port = await freePort();
  chmodSync(folder, 0o755);
  for (const place of ['any', 'deploy', 'admin']) {
    mkdirSync(join(folder, 'htdocs', place), { recursive: true });
    writeFileSync(join(folder, 'htdocs', place, 'it'), 'the API');
  }
  const recipe = readFileSync(RECIPE, 'utf8')
    .replace('http://127.0.0.1:8080', known.url)
    .replace(/^(OIDCOAuthIntrospectionEndpointAuth) .*/m, `$1 ${way}`);
  const file = join(folder, 'httpd.conf');
  writeFileSync(file, around(recipe, folder, port));
  const child = spawn('/usr/sbin/apache2', ['-D', 'FOREGROUND', '-d', folder, '-f', file], {
    env: { INTROSPECTOR: known.introspector },
  });
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = new Promise((settle) => child.once('close', settle));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const died = ended.then(() => Promise.reject(new Error(`apache2 ended:\n${output}`)));
  const answers = vi.waitFor(() => ask(port, '/'), PATIENT);
  await Promise.race([answers, died]);
  died.catch(() => undefined);
  return port;
}

function around(recipe: string, folder: string, port: number): string {
  const load = MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
  const place = (path: string, demand: string) =>
    `<Location "/${path}/">\nAuthType oauth20\nRequire ${demand}\nHeader set X-Seen "expr=%{REMOTE_USER} %{env:OIDC_CLAIM_scope}"\n</Location>`;
  return [
    ...load,
    `Listen 127.0.0.1:${port}`,
    'ServerName localhost',
    'PidFile apache.pid',
    'ErrorLog error.log',
    'User www-data',
    'Group www-data',
    `DefaultRuntimeDir ${folder}`,
    `DocumentRoot ${folder}/htdocs`,
    recipe,
    place('any', 'valid-user'),
    place('deploy', 'claim "scope~(^| )deploy( |$)"'),
    place('admin', 'claim "scope~(^| )admin( |$)"'),
    '',
  ].join('\n');
}
