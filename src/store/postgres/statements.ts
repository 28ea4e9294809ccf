/** A statement as PostgreSQL is given it. */
export type Statement = { readonly text: string; readonly name?: string };

/** More than there are: whoever makes texts at every call would fill the memory of the server. */
const STATEMENTS_MAX = 2000;

/**
 * The statement of a text that Drizzle wrote for SQLite: `?` becomes `$1` and so on. Where `isPrepared`, it has a name, by which
 * each connection parses and plans it once.
 */
export function createStatements(isPrepared: boolean): (text: string) => Statement {
  const known = new Map<string, Statement>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= STATEMENTS_MAX) throw new Error('too many different statements: prepare them once');
    const numbered = numberParams(text);
    const made = isPrepared ? { text: numbered, name: `apitoken_${known.size}` } : { text: numbered };
    known.set(text, made);
    return made;
  };
}

/** Quoted texts and names, whole, or a single `?`. */
const QUOTED_OR_PARAM = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\?/g;

/** Throws where a `?` stands within quotes: nobody could tell whether it is a parameter. */
function numberParams(text: string): string {
  let count = 0;
  return text.replaceAll(QUOTED_OR_PARAM, (part) => {
    if (part === '?') {
      count += 1;
      return `$${count}`;
    }
    if (part.includes('?')) throw new Error('a question mark within quotes in a statement');
    return part;
  });
}
