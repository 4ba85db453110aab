export interface HaproxyLine {
  words: string[];
  /** HAProxy's objection, in its words; `words` then holds what could be read. */
  fault?: string;
}

/**
 * Cuts one line into words as HAProxy's parse_line does: quotes of both kinds anywhere in a word, backslash escapes,
 * "#" outside quotes ends the line, and variables are put in inside double quotes only. Never throws.
 */
export function haproxyWords(line: string, variables: ReadonlyMap<string, string>): HaproxyLine {
  const cutter: Cutter = { line, at: 0, variables, words: [], quote: '' };
  while (cutter.at < line.length && step(cutter));
  if (cutter.word !== undefined) cutter.words.push(cutter.word);
  if (cutter.quote !== '') cutter.fault ??= 'unmatched quote';
  return { words: cutter.words, ...(cutter.fault !== undefined && { fault: cutter.fault }) };
}

interface Cutter {
  line: string;
  at: number;
  variables: ReadonlyMap<string, string>;
  words: string[];
  /** The word that has begun. */
  word?: string;
  /** The quote that is open, or "". */
  quote: string;
  fault?: string;
}

/** False at the end of what counts. */
function step(cutter: Cutter): boolean {
  const character = cutter.line.charAt(cutter.at);
  const { quote } = cutter;
  if (quote === '' && /\s/.test(character)) endWord(cutter);
  else if (quote === '' && character === '#') return false;
  else if ((character === '"' && quote !== "'") || (character === "'" && quote !== '"')) {
    cutter.quote = quote === '' ? character : '';
    add(cutter, '', 1);
  } else if (character === '\\' && quote !== "'") escape(cutter);
  else if (character === '$' && quote === '"') variable(cutter);
  else add(cutter, character, 1);
  return true;
}

const longestWord = 64 * 1024;

function endWord(cutter: Cutter): void {
  if (cutter.word !== undefined) cutter.words.push(cutter.word);
  delete cutter.word;
  cutter.at++;
}

function add(cutter: Cutter, text: string, length: number): void {
  const word = cutter.word ?? '';
  // variables that hold variables double with each line
  if (text.length > 1 && word.length + text.length > longestWord) cutter.fault ??= 'line too long, truncating.';
  else cutter.word = word + text;
  cutter.at += length;
}

/** A backslash before anything else stays. */
function escape(cutter: Cutter): void {
  const next = cutter.line.charAt(cutter.at + 1);
  const control = controls.get(next);
  if (control !== undefined) add(cutter, control, 2);
  else if (next === 'x') {
    const digits = /^[\dA-Fa-f]{2}/.exec(cutter.line.slice(cutter.at + 2))?.[0];
    if (digits === undefined) cutter.fault ??= 'truncated or invalid hexadecimal sequence';
    add(cutter, digits === undefined ? '' : String.fromCharCode(Number.parseInt(digits, 16)), digits ? 4 : 2);
  } else if (next !== '' && (' \\"\'#'.includes(next) || (next === '$' && cutter.quote === '"'))) add(cutter, next, 2);
  else add(cutter, '\\', 1);
}

const controls: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** `$NAME`, `${NAME}`, `${NAME-default}`; `${NAME[*]}` makes a word of each part of the value. */
function variable(cutter: Cutter): void {
  const rest = cutter.line.slice(cutter.at);
  const found = /^\$(?:\{(\.?\w+)(\[\*\])?(?:-([^}]*))?\}|(\.?[A-Za-z_]\w*))/.exec(rest);
  if (!found) {
    cutter.fault ??= rest.startsWith('${') ? 'unmatched brace in environment variable name' : 'invalid variable name';
    add(cutter, '', rest.startsWith('${') ? 2 : 1);
    return;
  }
  const [written, braced, each, otherwise, bare] = found;
  const value = cutter.variables.get(braced ?? bare ?? '') ?? otherwise ?? '';
  const parts = each === undefined ? [value] : value.split(/ +/).filter((part) => part !== '');
  const last = parts.pop() ?? '';
  for (const part of parts) {
    cutter.words.push((cutter.word ?? '') + part);
    delete cutter.word;
  }
  add(cutter, last, written.length);
}
