import { parseArgs } from 'node:util';
import { startBrowser } from './browser.ts';
import { takeAll } from './pictures/all-screens.ts';
import { takeImages } from './pictures/readme.ts';

/** With `--all DIR` every screen, light and dark, wide and narrow, instead of the pictures of the README. */
const { values } = parseArgs({ options: { all: { type: 'string' } } });
const browser = await startBrowser();
try {
  if (values.all === undefined) await takeImages(browser);
  else await takeAll(browser, values.all);
} finally {
  await browser.close();
}
