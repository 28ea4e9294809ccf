import { existsSync } from 'node:fs';

/** Programs of others that some tests run: where each may be, and what Debian has it in. */
const PROGRAMS = {
  nginx: {
    places: ['/usr/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'],
    package: 'nginx-light',
  },
  caddy: { places: ['/usr/bin/caddy', '/usr/local/bin/caddy', '/opt/homebrew/bin/caddy'], package: 'caddy' },
  haproxy: {
    places: ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy', '/opt/homebrew/bin/haproxy'],
    package: 'haproxy',
  },
  promtool: {
    places: ['/usr/bin/promtool', '/usr/local/bin/promtool', '/opt/homebrew/bin/promtool'],
    package: 'prometheus',
  },
  'systemd-analyze': { places: ['/usr/bin/systemd-analyze'], package: 'systemd' },
  pgbouncer: { places: ['/usr/sbin/pgbouncer', '/opt/homebrew/bin/pgbouncer'], package: 'pgbouncer' },
  strace: { places: ['/usr/bin/strace'], package: 'strace' },
} as const;

export type ProgramName = keyof typeof PROGRAMS;

/** Whether the tests that need this program can run here. Says why not when they cannot; where CI runs, it throws instead. */
export function hasProgram(name: ProgramName): boolean {
  const has = findProgram(name) !== undefined;
  const hint = `There is no ${name} here. apt-get install ${PROGRAMS[name].package} brings one.`;
  // biome-ignore lint/style/noProcessEnv: .ci/run says by it that skipped tests are a fault; no part of the app is told.
  if (!has && process.env.GATEWAYS_REQUIRED === 'true') throw new Error(hint);
  if (!has) process.stderr.write(`Skipped: ${hint}\n`);
  return has;
}

/** Where it is. Throws where `hasProgram` says no. */
export function placeOf(name: ProgramName): string {
  const place = findProgram(name);
  if (place === undefined) throw new Error(`there is no ${name} here`);
  return place;
}

function findProgram(name: ProgramName): string | undefined {
  return PROGRAMS[name].places.find((place) => existsSync(place));
}
