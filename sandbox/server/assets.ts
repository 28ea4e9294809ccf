import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** What the page is made of, ready to be served. */
export type Assets = { html: string; script: string; style: string; icon: string };

const FOLDER = fileURLToPath(new URL('../page/', import.meta.url));

/** Compiles the page, in memory. Throws when it does not compile. */
export async function buildAssets(): Promise<Assets> {
  const read = (file: string): Promise<string> => readFile(`${FOLDER}${file}`, 'utf8');
  const sheets = (await readdir(FOLDER)).filter((file) => file.endsWith('.css')).sort();
  const [script, html, icon, ...styles] = await Promise.all([
    compile(),
    read('index.html'),
    read('icon.svg'),
    ...sheets.map(read),
  ]);
  return { script, html, icon, style: styles.join('\n') };
}

async function compile(): Promise<string> {
  const built = await build({
    root: FOLDER,
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      write: false,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: { input: `${FOLDER}main.tsx` },
    },
  });
  const outputs = 'on' in built ? [] : [built].flat().flatMap(({ output }) => output);
  const [script] = outputs.filter((one) => one.type === 'chunk');
  if (script === undefined || outputs.length !== 1) throw new Error('the page is not one script');
  return script.code;
}
