/** Does a path hold anything that nginx takes for a pattern (strpbrk with "*?[" in ngx_conf_include)? */
export function hasWildcard(text: string): boolean {
  return /[*?[]/.test(text);
}

/** A path segment without the backslashes that glob(3) would take away. */
export function withoutEscapes(segment: string): string {
  return segment.replaceAll(/\\([\s\S])/g, '$1');
}

/**
 * A test for names in one directory, as glob(3) with no flags in the C locale: "*", "?", "[a-z]", "[!a]", "[^a]",
 * "[[:alpha:]]" and backslash escapes; each byte is a character; a leading dot must be written out.
 */
export function segmentPattern(segment: string): (name: string) => boolean {
  const parts = partsOf(bytesOf(segment));
  const startsWithDot = parts[0]?.kind === 'one' && parts[0].literal === '.';
  return (name) => (startsWithDot || !name.startsWith('.')) && matches(parts, bytesOf(name));
}

type Part = { kind: 'many' } | { kind: 'one'; literal?: string; fits: (character: string) => boolean };

/** Each character of the answer is one byte of UTF-8. */
function bytesOf(text: string): string {
  return /^\p{ASCII}*$/u.test(text) ? text : String.fromCharCode(...new TextEncoder().encode(text));
}

/** Remembers the last "*" only, so that no pattern takes more than name x pattern steps. */
function matches(parts: Part[], name: string): boolean {
  let part = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    const current = parts[part];
    if (current?.kind === 'many') {
      star = part++;
      starAt = at;
    } else if (current?.fits(name.charAt(at))) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (parts[part]?.kind === 'many') part++;
  return part === parts.length;
}

function partsOf(segment: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < segment.length) {
    const character = segment.charAt(at);
    const set = character === '[' ? bracketAt(segment, at) : undefined;
    if (set) {
      parts.push({ kind: 'one', fits: set.fits });
      at = set.after;
    } else if (character === '*' || character === '?') {
      parts.push(character === '*' ? { kind: 'many' } : { kind: 'one', fits: () => true });
      at++;
    } else {
      const escaped = character === '\\' && at + 1 < segment.length;
      parts.push(literal(escaped ? segment.charAt(at + 1) : character));
      at += escaped ? 2 : 1;
    }
  }
  return parts;
}

function literal(wanted: string): Part {
  return { kind: 'one', literal: wanted, fits: (character) => character === wanted };
}

interface BracketSet {
  fits: (character: string) => boolean;
  after: number;
}

/** Undefined when the bracket is never closed: it is then an ordinary character. */
function bracketAt(segment: string, open: number): BracketSet | undefined {
  const negated = segment.charAt(open + 1) === '!' || segment.charAt(open + 1) === '^';
  const first = open + (negated ? 2 : 1);
  const tests: ((character: string) => boolean)[] = [];
  let at = first;
  while (at < segment.length && (at === first || segment.charAt(at) !== ']')) {
    const named = /^\[:([a-z]+):\]/.exec(segment.slice(at));
    if (named) {
      const test = classes.get(named[1] ?? '') ?? /(?!)/;
      tests.push((character) => test.test(character));
      at += named[0].length;
      continue;
    }
    const low = memberAt(segment, at);
    at = low.after;
    if (segment.charAt(at) === '-' && at + 1 < segment.length && segment.charAt(at + 1) !== ']') {
      const high = memberAt(segment, at + 1);
      at = high.after;
      tests.push((character) => character >= low.character && character <= high.character);
    } else tests.push((character) => character === low.character);
  }
  if (at >= segment.length) return undefined;
  return { fits: (character) => tests.some((test) => test(character)) !== negated, after: at + 1 };
}

function memberAt(segment: string, at: number): { character: string; after: number } {
  const escaped = segment.charAt(at) === '\\' && at + 1 < segment.length;
  return { character: segment.charAt(escaped ? at + 1 : at), after: at + (escaped ? 2 : 1) };
}

/** POSIX character classes in the C locale. */
const classes: ReadonlyMap<string, RegExp> = new Map([
  ['alpha', /[A-Za-z]/],
  ['digit', /\d/],
  ['alnum', /[A-Za-z\d]/],
  ['upper', /[A-Z]/],
  ['lower', /[a-z]/],
  ['xdigit', /[\dA-Fa-f]/],
  ['space', /[ \t\n\r\f\v]/],
  ['blank', /[ \t]/],
  ['punct', /[!-/:-@[-`{-~]/],
  ['print', /[ -~]/],
  ['graph', /[!-~]/],
  ['cntrl', /(?=\p{ASCII})\p{Cc}/u],
]);
