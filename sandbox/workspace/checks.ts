/** What is wrong with a payload, and where: Slack's words and a JSON pointer. */
export type Problem = { message: string; pointer: string };

/** Looks at one value and adds what is wrong with it to `found`. */
export type Check = (value: unknown, pointer: string, found: Problem[]) => void;

type Fields = Readonly<Record<string, Check>>;

/** How Slack counts: code points, not UTF-16 units. */
export function lengthOf(text: string): number {
  return [...text].length;
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string of `min` (default 1) to `max` code points, of a pattern when one is given. */
export function string(max: number, rules: { min?: number; pattern?: RegExp } = {}): Check {
  const { min = 1, pattern } = rules;
  return (value, pointer, found) => {
    if (typeof value !== 'string') {
      found.push({ message: 'must provide a string', pointer });
      return;
    }
    const length = lengthOf(value);
    if (length < min) found.push({ message: `must be more than ${min - 1} characters`, pointer });
    if (length > max) found.push({ message: `must be less than ${max + 1} characters`, pointer });
    if (pattern !== undefined && length > 0 && !pattern.test(value)) {
      found.push({ message: `failed to match pattern: ${pattern.source}`, pointer });
    }
  };
}

/** One of the words. */
export function word(...words: readonly string[]): Check {
  return (value, pointer, found) => {
    if (typeof value !== 'string' || !words.includes(value)) {
      found.push({ message: `must be a valid enum value: ${words.join(', ')}`, pointer });
    }
  };
}

/** True or false. */
export const flag: Check = (value, pointer, found) => {
  if (typeof value !== 'boolean') found.push({ message: 'must provide a boolean', pointer });
};

/** A whole number within the bounds. */
export function integer(min: number, max: number): Check {
  return (value, pointer, found) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
      found.push({ message: 'must provide an integer', pointer });
    } else if (value < min || value > max) {
      found.push({ message: `must be between ${min} and ${max}`, pointer });
    }
  };
}

/** A list of `min` (default 1) to `max` things. */
export function list(of: Check, max: number, min = 1): Check {
  return (value, pointer, found) => {
    if (!Array.isArray(value)) {
      found.push({ message: 'must provide an array', pointer });
      return;
    }
    if (value.length < min) found.push({ message: `no fewer than ${min} items allowed`, pointer });
    if (value.length > max) found.push({ message: `no more than ${max} items allowed`, pointer });
    value.forEach((entry, index) => {
      of(entry, `${pointer}/${index}`, found);
    });
  };
}

/** An object with these properties and no other, `type` excepted. */
export function shape(required: Fields, optional: Fields = {}): Check {
  const known = new Map([...Object.entries(required), ...Object.entries(optional)]);
  return (value, pointer, found) => {
    if (!isObject(value)) {
      found.push({ message: 'must provide an object', pointer });
      return;
    }
    const missing = Object.keys(required).filter((name) => value[name] === undefined);
    found.push(...missing.map((name) => ({ message: `missing required field: ${name}`, pointer })));
    for (const name of Object.keys(value)) {
      if (name !== 'type' && value[name] !== undefined) checkProperty(known, value, name, pointer, found);
    }
  };
}

function checkProperty(
  known: ReadonlyMap<string, Check>,
  value: { [key: string]: unknown },
  name: string,
  pointer: string,
  found: Problem[],
): void {
  const check = known.get(name);
  if (check === undefined) found.push({ message: `invalid additional property: ${name}`, pointer });
  else check(value[name], `${pointer}/${name}`, found);
}

/** An object whose `type` chooses its check; a type that is not listed is refused. */
export function typed(checks: Fields): Check {
  return (value, pointer, found) => {
    if (!isObject(value)) {
      found.push({ message: 'must provide an object', pointer });
      return;
    }
    const type = value.type;
    if (typeof type !== 'string') {
      found.push({ message: 'missing required field: type', pointer });
      return;
    }
    const check = Object.hasOwn(checks, type) ? checks[type] : undefined;
    if (check === undefined) found.push({ message: `unsupported type: ${type}`, pointer: `${pointer}/type` });
    else check(value, pointer, found);
  };
}

/** Both checks, one after the other. */
export function both(first: Check, second: Check): Check {
  return (value, pointer, found) => {
    first(value, pointer, found);
    second(value, pointer, found);
  };
}

/** Some of the entries of a table of checks. */
export function pick(checks: Fields, ...names: readonly string[]): Record<string, Check> {
  return Object.fromEntries(
    names.map((name) => {
      const check = checks[name];
      if (check === undefined) throw new Error(`no check is called ${name}`);
      return [name, check];
    }),
  );
}
