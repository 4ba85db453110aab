/** A regular expression over the characters of a host name. */
export type NamePattern =
  /** One character out of these. */
  | { kind: 'one'; of: ReadonlySet<string> }
  | { kind: 'start' | 'end' }
  | { kind: 'sequence' | 'choice'; of: NamePattern[] }
  | { kind: 'repeat'; of: NamePattern; least: number; most: number };

/** What a server name in a handshake is made of; nginx makes it lower-case before it compares. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789-._'.split('');
const limits = { length: 1024, depth: 12, repeats: 1000 } as const;

/**
 * Reads the part of PCRE (pcre2pattern(3)) that is a regular language: classes, groups of any name, alternatives, repeats and
 * anchors. Undefined for all else (lookaround, back references, atomic groups, possessive repeats, \b, …) and for what PCRE refuses.
 * Names are lower-case.
 */
export function parseNamePattern(source: string): NamePattern | undefined {
  if (source.length > limits.length) return undefined;
  const reader: Reader = { source, at: 0, depth: 0 };
  try {
    const pattern = choice(reader);
    return reader.at === source.length ? pattern : undefined;
  } catch (error) {
    if (error === beyond) return undefined;
    throw error;
  }
}

interface Reader {
  source: string;
  at: number;
  depth: number;
}

/** Thrown inside only, from wherever the reading ends. */
const beyond = Symbol('not a part of PCRE that is read here');

function choice(reader: Reader): NamePattern {
  reader.depth += 1;
  if (reader.depth > limits.depth) throw beyond;
  const of = [sequence(reader)];
  while (accept(reader, /\|/y)) of.push(sequence(reader));
  reader.depth -= 1;
  return of.length === 1 && of[0] ? of[0] : { kind: 'choice', of };
}

function sequence(reader: Reader): NamePattern {
  const of: NamePattern[] = [];
  while (reader.at < reader.source.length && !/[|)]/.test(reader.source[reader.at] ?? '')) {
    const flag = accept(reader, /\(\?[is]+\)/y);
    if (!flag) of.push(repeated(reader, atom(reader)));
  }
  return { kind: 'sequence', of };
}

function atom(reader: Reader): NamePattern {
  if (accept(reader, /\^|\\A/y)) return { kind: 'start' };
  if (accept(reader, /\$|\\[zZ]/y)) return { kind: 'end' };
  if (accept(reader, /\./y)) return { kind: 'one', of: new Set(alphabet) };
  if (accept(reader, /\[/y)) return oneOf(characterClass(reader));
  if (accept(reader, /\((?:\?(?:[is]*:|P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*'))?(?![?*])/y)) {
    const inner = choice(reader);
    if (!accept(reader, /\)/y)) throw beyond;
    return inner;
  }
  if (/[*+?(]/.test(reader.source[reader.at] ?? '')) throw beyond;
  if (reader.source[reader.at] === '\\') return oneOf(escaped(reader));
  if (accept(reader, /\{,\d/y)) throw beyond;
  return oneOf(literal(reader, accept(reader, /[^]/y) ?? ''));
}

function repeated(reader: Reader, of: NamePattern): NamePattern {
  const quantifier = accept(reader, quantifiers());
  if (!quantifier) return of;
  const [, low = '0', comma, high = ''] = /^\{(\d+)(,?)(\d*)\}$/.exec(quantifier) ?? [];
  const isBraced = comma !== undefined;
  const least = quantifier === '+' ? 1 : Number(low);
  const most = quantifier === '?' ? 1 : isBraced && comma === '' ? least : high === '' ? Infinity : Number(high);
  if (least > limits.repeats || most < least || (most > limits.repeats && most !== Infinity)) throw beyond;
  accept(reader, /\?/y);
  if (accept(reader, quantifiers())) throw beyond;
  return { kind: 'repeat', of, least, most };
}

function quantifiers(): RegExp {
  return /[*+?]|\{\d+(?:,\d*)?\}/y;
}

type Test = (character: string) => boolean;

function characterClass(reader: Reader): Test {
  const negated = accept(reader, /\^/y) !== undefined;
  const tests: Test[] = [];
  for (let first = true; first || reader.source[reader.at] !== ']'; first = false) {
    if (reader.at >= reader.source.length) throw beyond;
    const posix = accept(reader, /\[:\^?[a-z]+:\]/y);
    if (posix) {
      tests.push(posixClass(posix));
      continue;
    }
    if (accept(reader, /\[[.=]/y)) throw beyond;
    tests.push(rangeOrOne(reader));
  }
  reader.at += 1;
  return (character) => tests.some((test) => test(character)) !== negated;
}

function rangeOrOne(reader: Reader): Test {
  const isEscape = reader.source[reader.at] === '\\';
  const low = isEscape ? '' : (accept(reader, /[^]/y) ?? '');
  const one = isEscape ? escaped(reader) : literal(reader, low);
  if (!accept(reader, /-(?!\])/y)) return one;
  const high = accept(reader, /[^\\[]/y);
  // an escape at either end of a range is read differently by PCRE 1 and 2
  if (isEscape || high === undefined || low > high) throw beyond;
  return inEitherCase(reader, (character) => character >= low && character <= high);
}

function escaped(reader: Reader): Test {
  const text = accept(reader, /\\(?:x[\dA-Fa-f]{2}|[^])/y);
  const letter = text?.[1] ?? '';
  if (text === undefined) throw beyond;
  if (text.length === 4) return literal(reader, String.fromCharCode(Number.parseInt(text.slice(2), 16)));
  const named = classes[letter];
  if (named) return named;
  if (/[A-Za-z0-9]/.test(letter)) throw beyond;
  return literal(reader, letter);
}

const digit: Test = (character) => /\d/.test(character);
const word: Test = (character) => /\w/.test(character);
const none: Test = () => false;
const every: Test = () => true;
/** Blanks do not occur in the alphabet. */
const classes: Record<string, Test> = {
  d: digit,
  D: (character) => !digit(character),
  w: word,
  W: (character) => !word(character),
  s: none,
  S: every,
  h: none,
  H: every,
  t: none,
  n: none,
  r: none,
  f: none,
};

function posixClass(text: string): Test {
  const [, negated, name = ''] = /^\[:(\^?)([a-z]+):\]$/.exec(text) ?? [];
  const test = {
    alnum: (character: string) => /[a-z\d]/.test(character),
    alpha: (character: string) => /[a-z]/.test(character),
    lower: (character: string) => /[a-z]/.test(character),
    upper: (character: string) => /[a-z]/.test(character),
    digit,
    word,
    xdigit: (character: string) => /[a-f\d]/.test(character),
    punct: (character: string) => /[-._]/.test(character),
    graph: every,
    print: every,
    space: none,
    blank: none,
    cntrl: none,
  }[name];
  if (!test) throw beyond;
  return negated ? (character) => !test(character) : test;
}

function literal(reader: Reader, expected: string): Test {
  return inEitherCase(reader, (character) => character === expected);
}

/** As ngx_http_core_server_name: a capital letter anywhere in the expression makes all of it match in either case. */
function inEitherCase({ source }: Reader, test: Test): Test {
  return /[A-Z]/.test(source) ? (character) => test(character) || test(character.toUpperCase()) : test;
}

function oneOf(test: Test): NamePattern {
  return { kind: 'one', of: new Set(alphabet.filter(test)) };
}

/** What the sticky expression matches here, and past it. */
function accept(reader: Reader, expression: RegExp): string | undefined {
  expression.lastIndex = reader.at;
  const found = expression.exec(reader.source)?.[0];
  if (found !== undefined) reader.at += found.length;
  return found;
}
