import { Buffer } from 'node:buffer';
import { failed, type Result, success } from '@certherd/protocol/failure';
import { lexNginx, type Token } from './nginx-lexer.ts';

/** A directive with one value, told by where its name stands and what it says, and what it is to say. */
export interface ValueEdit {
  directive: string;
  /** Line of its name, counted from 1. */
  line: number;
  /** Both without quotes and escapes, as nginx hands them to a module. */
  from: string;
  to: string;
}

/**
 * A config file's bytes with these values replaced, and every other byte as it was: line ends, comments, a byte order mark, bytes
 * that are no UTF-8. Where a line has several directives that are told alike, all of them are replaced. Failures: 'syntax' where
 * one of them is not there (the file changed since it was read), 'unsupported' for a value that nginx could not be given.
 */
export function withValues(bytes: Uint8Array, edits: readonly ValueEdit[]): Result<Uint8Array> {
  // one character for each byte, so that places in the text are places in the file; what nginx's syntax is made of is ASCII
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const values = singleValues(lexNginx(text).tokens);
  const pieces: { at: number; word: string }[] = [];
  for (const edit of edits) {
    const word = wordOf(edit.to);
    if (word === undefined) return failed('unsupported', `nginx would take "${edit.to}" for something else`);
    const found = values.filter(({ name, line, value }) => {
      return name === edit.directive && line === edit.line && asUtf8(value.text) === edit.from;
    });
    if (found.length === 0) return failed('syntax', `line ${edit.line} has no ${edit.directive} ${edit.from}`);
    for (const { value } of found) pieces.push({ at: value.offset, word });
  }
  pieces.sort((a, b) => a.at - b.at);
  let written = '';
  let from = 0;
  for (const { at, word } of pieces) {
    written += text.slice(from, at) + word;
    from = wordEnd(text, at);
  }
  return success(Buffer.from(written + text.slice(from), 'latin1'));
}

/** Directives of a name and one value, in order. */
function singleValues(tokens: readonly Token[]): { name: string; line: number; value: Token }[] {
  const found: { name: string; line: number; value: Token }[] = [];
  let words: Token[] = [];
  for (const token of tokens) {
    if (token.kind === 'word') {
      words.push(token);
      continue;
    }
    const [name, value] = words;
    if (token.kind === 'end' && name && value && words.length === 2)
      found.push({ name: name.text, line: name.line, value });
    words = [];
  }
  return found;
}

/**
 * The value as a word of a config, one character for each byte, in quotes where it needs them (ngx_conf_read_token). Undefined where
 * no quoting helps: a "$" begins a variable, and these begin a value that is no path.
 */
function wordOf(value: string): string | undefined {
  if (value === '' || /[$\0]|^(?:data|engine|store):/.test(value)) return undefined;
  const raw = Buffer.from(value, 'utf8').toString('latin1');
  if (/^[\w./:@%+=,~-]+$/.test(value)) return raw;
  return `"${raw.replaceAll(/["\\]/g, '\\$&')}"`;
}

function asUtf8(raw: string): string {
  return Buffer.from(raw, 'latin1').toString('utf8');
}

/** Index after the word that begins here, its quotes included. */
function wordEnd(text: string, start: number): number {
  const quote = text[start];
  if (quote === '"' || quote === "'") {
    let at = start + 1;
    while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
    return at + 1;
  }
  let at = start;
  while (at < text.length && (!/[;{ \t\r\n]/.test(text[at] ?? '') || (text[at] === '{' && text[at - 1] === '$')))
    at += text[at] === '\\' ? 2 : 1;
  return at;
}
