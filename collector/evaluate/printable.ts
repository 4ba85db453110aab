/**
 * Text from strangers, with everything visible that would hide or reorder: C0 controls and DEL as their control
 * pictures (U+2400), every other control, format, bidi, zero-width or default-ignorable character and lone surrogate
 * as ⟦U+202E⟧. The result holds no such character, so printing it twice changes nothing.
 */
export function printable(text: string): string {
  return text.replace(unseen, picture);
}

/** The same for text of several lines: line feeds stay, a carriage return before one goes. */
export function printableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => printable(line))
    .join('\n');
}

/** `text` cut after `limit` characters, saying how long it was. A surrogate pair is never cut in two. */
export function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = isHighSurrogate(text.charCodeAt(limit - 1)) ? limit - 1 : limit;
  return `${text.slice(0, end)}… (${text.length} characters)`;
}

/** DI is Default_Ignorable_Code_Point (UAX #44): what a font draws as nothing. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu;

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `⟦U+${code.toString(16).toUpperCase().padStart(4, '0')}⟧`;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
