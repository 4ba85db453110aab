/**
 * Values of one attribute in a name such as "C=US, O=Example\, Inc., CN=shop.example.test": RFC 2253 escapes,
 * attributes separated by ", " or " + ". In the order found, unescaped.
 */
export function attributeValues(name: string, attribute: string): string[] {
  return splitUnescaped(name)
    .filter((part) => part.startsWith(`${attribute}=`))
    .map((part) => unescapeValue(part.slice(attribute.length + 1)));
}

/** Who issued it: the issuer's organisation, else its whole name. */
export function organisationOf(issuer: string): string {
  return attributeValues(issuer, 'O')[0] ?? issuer;
}

function splitUnescaped(name: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < name.length; at++) {
    const char = name[at];
    if (char === '\\') at++;
    else if (char === ',' || char === '+' || char === '\n') {
      parts.push(name.slice(start, at).trimStart());
      start = at + 1;
    }
  }
  parts.push(name.slice(start).trimStart());
  return parts;
}

/** "\," is a comma, and runs of "\C3\A9" are the bytes of UTF-8 text (RFC 2253 2.4). */
function unescapeValue(value: string): string {
  return value
    .trimEnd()
    .replaceAll(/(?:\\[0-9A-Fa-f]{2})+/g, decoded)
    .replaceAll(/\\(.)/gs, '$1');
}

function decoded(run: string): string {
  const bytes = run.split('\\').slice(1);
  return new TextDecoder().decode(Uint8Array.from(bytes, (hex) => Number.parseInt(hex, 16)));
}
