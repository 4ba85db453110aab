/**
 * Text from strangers for a terminal: control characters (C0, C1, DEL, so also ESC and CR), bidi controls, invisible and
 * unassigned-width characters and lone surrogates are written out as \x1b or \u{202e}. The result is one line.
 */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** JSON whose strings are equal to the value's, with the same characters escaped: safe on a terminal, unchanged for programs. */
export function printableJson(value: unknown): string {
  return escaped(JSON.stringify(value, null, 2));
}

/** The same in one line. */
export function jsonLine(value: unknown): string {
  return escaped(JSON.stringify(value));
}

function escaped(json: string): string {
  return json.replace(unprintable, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => escapeUnit(character, at)).join(''),
  );
}

/** Cc, Cf (which has the bidi controls), surrogates, line and paragraph separators, and what is drawn as nothing. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

function escapeUnit(character: string, at: number): string {
  return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
}
