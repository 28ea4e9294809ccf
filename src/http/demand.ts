import { isWithinOneEdit } from '../tokens/name.ts';

/** RFC 6749 §3.3. No quote and no control character, so it may stand in a header. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** `&`, and whatever else may have been meant as the beginning of another parameter. */
const SEPARATORS = /[&;?#]/;

/**
 * The scopes that the query of `url` demands, all that any `scope` names. Undefined when one of them can be none, when a `scope` is
 * empty, or when something was probably meant as `scope`: to let pass what somebody meant to guard is the fault that nobody
 * notices. Any other parameter means nothing, because it may be the client's: Caddy leaves its query in the question where
 * `uri` has none of its own (https://caddyserver.com/docs/caddyfile/directives/rewrite), and 400 would shut out `?page=2`.
 */
export function demandedScopes(url: string): string[] | undefined {
  const start = url.indexOf('?');
  if (start === -1) return [];
  const query = url.slice(start + 1);
  const demands = new URLSearchParams(query)
    .getAll('scope')
    .map((list) => list.split(' ').filter((name) => name !== ''));
  const isClear =
    query.split(SEPARATORS).filter(isMeantAsDemand).length === demands.length &&
    demands.every((names) => names.length > 0 && names.every((name) => SCOPE.test(name)));
  return isClear ? demands.flat() : undefined;
}

/** Whether a parameter is `scope` or looks like a slip of it: capitals, a plural, brackets, a letter wrong; or has no name at all. */
function isMeantAsDemand(parameter: string): boolean {
  if (parameter.startsWith('scope=')) return true;
  const [name] = new URLSearchParams(parameter).keys();
  if (name === undefined) return false;
  const letters = name.toLowerCase().replace(/[^a-z]/g, '');
  return (
    name === '' ||
    letters.includes('scope') ||
    isWithinOneEdit('scope', letters) ||
    isWithinOneEdit('scopes', letters)
  );
}
