import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

/** What a process has to do with whoever started it. */
export type Streams = {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
};

type Style = Parameters<typeof styleText>[0];

/** Where a command reads and writes. Colour and progress are for a terminal alone; what is piped is plain. */
export type Terminal = {
  /** A line of the result. */
  print(line: string): void;
  /** A line beside the result: what goes wrong, or what to do next. */
  note(line: string): void;
  styled(style: Style, text: string): string;
  /** Without `heads` the table before goes on, in its widths. */
  table(heads: readonly string[] | null, rows: readonly (readonly string[])[]): void;
  /** Whether somebody still reads the result: not once they closed their end, as `head` does. */
  isRead(): boolean;
  /** Whether what was typed is `expected`. Without a terminal nobody can answer, so it is not. */
  asksFor(question: string, expected: string): Promise<boolean>;
  /** A line that somebody types, or that is piped in, within `msMax`; undefined when none comes. */
  answer(question: string, msMax: number, signal?: AbortSignal): Promise<string | undefined>;
  /** Shows how far long work has come, from its second second on. */
  progress(what: string): Progress;
};

export type Progress = {
  /** `total` undefined: nobody knows how much there is. */
  at(done: number, total?: number): void;
  end(): void;
};

const SHOWN_AFTER_MS = 2000;

const REDRAWN_MS = 100;

const BAR_WIDTH = 30;

/** The terminal of these streams. */
export function createTerminal({ stdin, stdout, stderr }: Streams): Terminal {
  const print = (line: string) => void stdout.write(`${line}\n`);
  const note = (line: string) => void stderr.write(`${line}\n`);
  const styled = (style: Style, text: string) => (stdout.isTTY ? styleText(style, text) : text);
  let isRead = true;
  let widths: number[] = [];
  stdout.on('error', () => {
    isRead = false;
  });
  // What went wrong cannot be told anybody then; what is being done goes on all the same.
  stderr.on('error', () => undefined);

  return {
    print,
    note,
    styled,
    isRead: () => isRead,
    table: (heads, rows) => {
      if (heads !== null) widths = heads.map(() => 0);
      for (const cells of heads === null ? rows : [heads, ...rows])
        widths = widths.map((width, column) => Math.max(width, widthOf(cells[column] ?? '')));
      const lineOf = (cells: readonly string[]) =>
        cells
          .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
          .join('  ')
          .trimEnd();
      if (heads !== null) print(styled('bold', lineOf(heads)));
      for (const row of rows) print(lineOf(row));
    },
    asksFor: async (question, expected) => {
      if (!stdin.isTTY) return false;
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return (await lines.question(`${question} `)).trim() === expected;
      } catch (error) {
        // Ctrl-C or Ctrl-D instead of an answer.
        if (!(error instanceof Error && error.name === 'AbortError')) throw error;
        note('');
        return false;
      } finally {
        lines.close();
      }
    },
    answer: (question, msMax, signal) => {
      stderr.write(`${question} `);
      return lineOf(stdin, AbortSignal.any([AbortSignal.timeout(msMax), ...(signal ? [signal] : [])]));
    },
    progress: (what) => createProgress(what, stderr),
  };
}

/** The next line, or undefined when `signal` aborts or the input ends before. */
async function lineOf(input: NodeJS.ReadableStream, signal: AbortSignal): Promise<string | undefined> {
  const lines = createInterface({ input });
  try {
    const line = Promise.withResolvers<string | undefined>();
    lines.once('line', line.resolve);
    lines.once('close', () => line.resolve(undefined));
    signal.addEventListener('abort', () => line.resolve(undefined), { once: true });
    return await line.promise;
  } finally {
    lines.close();
    input.pause();
  }
}

function createProgress(what: string, stderr: Streams['stderr']): Progress {
  const startedAt = performance.now();
  let drawnAt = 0;
  return {
    at: (done, total) => {
      const now = performance.now();
      if (!stderr.isTTY || now - startedAt < SHOWN_AFTER_MS || now - drawnAt < REDRAWN_MS) return;
      drawnAt = now;
      stderr.write(`\r\u001b[K${what} ${barOf(done, total)}`);
    },
    end: () => {
      if (drawnAt > 0) stderr.write('\r\u001b[K');
    },
  };
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** https://www.unicode.org/reports/tr11/, "wide", and whatever is drawn as an emoji. */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

/** How many columns a text takes on a terminal: an emoji or an East Asian character two, a mark on a letter none. */
function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

function barOf(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return done.toLocaleString('en-US');
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR_WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${Math.floor(share * 100)} %`;
}
