/** One line as httpd reads it: a backslash at its end joins the next one, blanks around it are gone. */
export interface ConfigLine {
  text: string;
  /** The last of the lines that were joined, which is the one that httpd names; counted from 1. */
  line: number;
}

/** Cuts a config file into httpd's lines, as ap_cfg_getline does. Empty lines and comments are left out. */
export function configLines(text: string): ConfigLine[] {
  const lines: ConfigLine[] = [];
  let joined = '';
  let number = 0;
  const physical = text.split('\n');
  if (physical.at(-1) === '') physical.pop();
  for (const each of physical) {
    number++;
    const bare = each.endsWith('\r') ? each.slice(0, -1) : each;
    if (bare.endsWith('\\') && number < physical.length) {
      joined += bare.slice(0, -1);
      continue;
    }
    const whole = trimmed(joined + bare);
    joined = '';
    if (whole !== '' && !whole.startsWith('#')) lines.push({ text: whole, line: number });
  }
  return lines;
}

/** The first word of a line, its quotes and escapes gone, and what stands behind it (ap_getword_conf). */
export function takeWord(text: string): { word: string; rest: string } {
  const start = skipBlanks(text, 0);
  const quote = text.charAt(start);
  if (quote === '"' || quote === "'") return quotedWord(text, start + 1, quote);
  let end = start;
  while (end < text.length && !blank.test(text.charAt(end))) end++;
  return { word: text.slice(start, end).replaceAll('\\\\', '\\'), rest: text.slice(skipBlanks(text, end)) };
}

/** All words of what stands behind a directive's name, with `${NAME}` put in. */
export function wordsOf(text: string, variables: ReadonlyMap<string, string>): string[] {
  const words: string[] = [];
  let length = 0;
  let rest = text.slice(skipBlanks(text, 0));
  while (rest !== '') {
    const taken = takeWord(rest);
    const word = length > longestLine ? taken.word : withVariables(taken.word, variables);
    length += word.length;
    words.push(word);
    rest = taken.rest;
  }
  return words;
}

/** Puts the values of `${NAME}` in. A name that is not defined stays as written, as in ap_resolve_env. */
export function withVariables(text: string, variables: ReadonlyMap<string, string>): string {
  let result = '';
  let at = 0;
  for (;;) {
    const open = text.indexOf('${', at);
    const close = open < 0 ? -1 : text.indexOf('}', open);
    if (close < 0) return result + text.slice(at);
    if (result.length > longestWord) return result + text.slice(at);
    const written = text.slice(open, close + 1);
    result += text.slice(at, open) + (variables.get(written.slice(2, -1)) ?? written);
    at = close + 1;
  }
}

/** Where variables that hold variables would make more of a line than this, the rest stays as written: nobody needs it. */
const longestLine = 1024 * 1024;
const longestWord = 64 * 1024;

/** isspace(3) in the C locale. */
const blank = /[ \t\n\v\f\r]/;

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && blank.test(text.charAt(at))) at++;
  return at;
}

function trimmed(text: string): string {
  let end = text.length;
  while (end > 0 && blank.test(text.charAt(end - 1))) end--;
  return text.slice(skipBlanks(text, 0), end);
}

/** A quote that is never closed reaches to the end of the line. */
function quotedWord(text: string, from: number, quote: string): { word: string; rest: string } {
  let word = '';
  let at = from;
  while (at < text.length && text.charAt(at) !== quote) {
    const next = text.charAt(at + 1);
    if (text.charAt(at) === '\\' && (next === '\\' || next === quote)) at++;
    word += text.charAt(at++);
  }
  return { word, rest: text.slice(skipBlanks(text, at + 1)) };
}
