/**
 * Index after the brace that closes a Lua block whose text begins at `from`, or undefined when the file ends first.
 * Braces in Lua's strings, long brackets ([[ ]], [=[ ]=]) and comments do not count (Lua 5.1 reference, 2.1).
 */
export function luaBlockEnd(text: string, from: number): number | undefined {
  let depth = 1;
  let at = from;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '{') depth++;
    if (character === '}' && --depth === 0) return at + 1;
    at = next(text, at, character);
  }
  return undefined;
}

function next(text: string, at: number, character: string): number {
  if (character === '"' || character === "'") return stringEnd(text, at, character);
  if (character === '[') return longBracketEnd(text, at) ?? at + 1;
  if (character === '-' && text.charAt(at + 1) === '-') return commentEnd(text, at);
  return at + 1;
}

function stringEnd(text: string, from: number, quote: string): number {
  let at = from + 1;
  while (at < text.length && text.charAt(at) !== quote) at += text.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}

function commentEnd(text: string, at: number): number {
  const long = longBracketEnd(text, at + 2);
  if (long !== undefined) return long;
  const lineEnd = text.indexOf('\n', at);
  return lineEnd < 0 ? text.length : lineEnd + 1;
}

/** Undefined when no long bracket begins here. One that never ends takes the rest of the text. */
function longBracketEnd(text: string, at: number): number | undefined {
  if (text.charAt(at) !== '[') return undefined;
  let inner = at + 1;
  while (text.charAt(inner) === '=') inner++;
  if (text.charAt(inner) !== '[') return undefined;
  const closing = `]${'='.repeat(inner - at - 1)}]`;
  const found = text.indexOf(closing, inner + 1);
  return found < 0 ? text.length : found + closing.length;
}
