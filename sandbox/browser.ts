import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The Chromium of this machine; undefined when there is none. Nothing is ever downloaded. */
export function findBrowser(): string | undefined {
  return PLACES.find((place) => existsSync(place));
}

/** Starts the Chromium of this machine. Throws when there is none. */
export function startBrowser(): Promise<Browser> {
  const executablePath = findBrowser();
  if (executablePath === undefined) {
    throw new Error(
      'Chromium is not installed. Install it first, for example with apt-get install chromium.',
    );
  }
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
