import { luaBlockEnd } from './nginx-lua.ts';
import { atOnce, type Steps } from './steps.ts';

export interface Token {
  /** `end` is ";", `open` and `close` are braces, `lua` is a whole Lua block with its braces. */
  kind: 'word' | 'end' | 'open' | 'close' | 'lua';
  /** A word without its quotes and escapes; empty for every other kind. */
  text: string;
  /** Line where the token begins, counted from 1. */
  line: number;
  /** Index into the text, to tell which of two things nginx meets first. */
  offset: number;
}

/** What nginx would object to, in its words, at the line that it would name. */
export interface Fault {
  detail: string;
  line: number;
  offset: number;
}

export interface Lexed {
  tokens: Token[];
  /** The first objection. Reading goes on after it as far as sense can be made. */
  fault?: Fault;
}

/**
 * Cuts a config file into words, ";" and braces, as nginx's ngx_conf_read_token does: a quote counts only at
 * the start of a word, "#" only where a word could start, and "${" does not open a block. Never throws.
 */
export function lexNginx(text: string): Lexed {
  const tokens: Token[] = [];
  const fault = atOnce(eachToken(text, (kind, word, line, offset) => tokens.push({ kind, text: word, line, offset })));
  return fault ? { tokens, fault } : { tokens };
}

/** A token's fields one by one: a config has a million of them, and each would be garbage at once. */
export type EmitToken = (kind: Token['kind'], text: string, line: number, offset: number) => void;

/** As lexNginx, but hands out each token at once and keeps none. Answers with the first objection. */
export function* eachToken(text: string, emit: EmitToken): Steps<Fault | undefined> {
  const marked = text.charCodeAt(0) === 0xfeff;
  const cursor: Cursor = { text, at: marked ? 1 : 0, line: 1, emit, words: 0, first: '', marked };
  while (cursor.at < text.length) {
    for (const until = Math.min(text.length, cursor.at + stretch); cursor.at < until; ) step(cursor);
    if (cursor.at < text.length) yield;
  }
  if (cursor.words > 0) object(cursor, 'unexpected end of file, expecting ";" or "}"');
  return cursor.fault;
}

/** Characters that are read in one go: less than a millisecond. */
const stretch = 8192;

/** nginx reads a word or a comment into a buffer of this many bytes (NGX_CONF_BUFFER). */
const bufferBytes = 4096;

const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const doubleQuote = 34;
const hash = 35;
const dollar = 36;
const singleQuote = 39;
const closeParenthesis = 41;
const semicolon = 59;
const backslash = 92;
const openBrace = 123;
const closeBrace = 125;

interface Cursor {
  text: string;
  at: number;
  line: number;
  emit: EmitToken;
  /** Words since the last ";" or brace, and the first of them. */
  words: number;
  first: string;
  /** The file began with a byte order mark, and no word has been read yet: the mark is part of it, as it is for nginx. */
  marked: boolean;
  fault?: Fault;
}

function step(cursor: Cursor): void {
  const code = cursor.text.charCodeAt(cursor.at);
  if (isBlank(code)) {
    if (code === lineFeed) cursor.line++;
    cursor.at++;
  } else if (code === hash) skipComment(cursor);
  else if (code === semicolon) end(cursor);
  else if (code === openBrace) open(cursor);
  else if (code === closeBrace) close(cursor);
  else if (code === doubleQuote || code === singleQuote) quotedWord(cursor, code);
  else bareWord(cursor);
}

function end(cursor: Cursor): void {
  if (cursor.words === 0) object(cursor, 'unexpected ";"');
  else finish(cursor, 'end');
  cursor.at++;
}

function open(cursor: Cursor): void {
  if (cursor.words === 0) object(cursor, 'unexpected "{"');
  if (!cursor.first.endsWith('_by_lua_block')) {
    finish(cursor, 'open');
    cursor.at++;
    return;
  }
  const after = luaBlockEnd(cursor.text, cursor.at + 1);
  if (after === undefined)
    object(cursor, 'unexpected end of file, expecting terminating characters for lua code block');
  finish(cursor, 'lua');
  advance(cursor, after ?? cursor.text.length);
}

/** A brace that closes an unfinished directive is nginx's error; the directive is taken as finished. */
function close(cursor: Cursor): void {
  if (cursor.words > 0) {
    object(cursor, 'unexpected "}"');
    finish(cursor, 'end');
  }
  cursor.emit('close', '', cursor.line, cursor.at);
  cursor.at++;
}

function finish(cursor: Cursor, kind: 'end' | 'open' | 'lua'): void {
  cursor.emit(kind, '', cursor.line, cursor.at);
  cursor.words = 0;
  cursor.first = '';
}

function skipComment(cursor: Cursor): void {
  const lineEnd = cursor.text.indexOf('\n', cursor.at);
  const after = lineEnd < 0 ? cursor.text.length : lineEnd;
  checkLength(cursor, cursor.at, after, 'too long parameter started');
  cursor.at = after;
}

function quotedWord(cursor: Cursor, quote: number): void {
  const { text, line } = cursor;
  const start = cursor.at + 1;
  let at = start;
  let escaped = false;
  while (at < text.length && text.charCodeAt(at) !== quote) {
    if (text.charCodeAt(at) === backslash) {
      escaped = true;
      at++;
    }
    at++;
  }
  const after = Math.min(at, text.length);
  const character = String.fromCharCode(quote);
  checkLength(cursor, start, after, `too long parameter, probably missing terminating "${character}" character`);
  if (after === text.length) {
    unfinishedWord(cursor);
    return;
  }
  push(cursor, text.slice(start, after), escaped, line);
  advance(cursor, after + 1);
  checkAfterQuote(cursor);
}

/** nginx: only a blank, ";", "{" or ")" may follow a closing quote. What follows is read as a word of its own. */
function checkAfterQuote(cursor: Cursor): void {
  if (cursor.at >= cursor.text.length) return;
  const code = cursor.text.charCodeAt(cursor.at);
  if (isBlank(code) || code === semicolon || code === openBrace || code === closeParenthesis) return;
  object(cursor, `unexpected "${String.fromCodePoint(cursor.text.codePointAt(cursor.at) ?? 0)}"`);
}

function bareWord(cursor: Cursor): void {
  const { text, line } = cursor;
  const start = cursor.at;
  let at = start;
  let escaped = false;
  let variable = false;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === openBrace && variable) continue;
    variable = code === dollar;
    if (code === backslash) {
      escaped = true;
      at++;
    } else if (code === semicolon || code === openBrace || isBlank(code)) break;
  }
  const after = Math.min(at, text.length);
  checkLength(cursor, start, after, 'too long parameter started');
  if (after === text.length) {
    unfinishedWord(cursor);
    return;
  }
  push(cursor, text.slice(start, after), escaped, line);
  if (escaped) advance(cursor, after);
  else cursor.at = after;
}

/** The file ends inside a word: the word is not kept, since nobody knows how it was to go on. */
function unfinishedWord(cursor: Cursor): void {
  advance(cursor, cursor.text.length);
  object(cursor, 'unexpected end of file, expecting ";" or "}"');
}

function push(cursor: Cursor, raw: string, escaped: boolean, line: number): void {
  const text = (cursor.marked ? '\ufeff' : '') + (escaped ? unescaped(raw) : raw);
  cursor.marked = false;
  if (cursor.words === 0) cursor.first = text;
  cursor.words++;
  cursor.emit('word', text, line, cursor.at);
}

/** nginx drops a backslash before a quote or a backslash, knows \t \r \n, and keeps any other as it stands. */
function unescaped(raw: string): string {
  return raw.replaceAll(/\\([\s\S])/g, (whole, next: string) => escapes.get(next) ?? whole);
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['\\', '\\'],
  ['t', '\t'],
  ['r', '\r'],
  ['n', '\n'],
]);

function checkLength(cursor: Cursor, start: number, after: number, detail: string): void {
  // A UTF-16 unit is at most three bytes of UTF-8, so that short words need no count.
  if ((after - start) * 3 < bufferBytes) return;
  const bytes = new TextEncoder().encode(cursor.text.slice(start, after)).length;
  if (bytes > bufferBytes || (bytes === bufferBytes && after < cursor.text.length)) object(cursor, detail);
}

function advance(cursor: Cursor, to: number): void {
  for (let at = cursor.at; at < to; at++) if (cursor.text.charCodeAt(at) === lineFeed) cursor.line++;
  cursor.at = to;
}

function object(cursor: Cursor, detail: string): void {
  cursor.fault ??= { detail, line: cursor.line, offset: cursor.at };
}

function isBlank(code: number): boolean {
  return code === space || code === lineFeed || code === tab || code === carriageReturn;
}
