/** A character of Unicode's private use: what stands before the letter for U+0000, and before itself. */
const lead = '\uf8ff';

/** PostgreSQL's text takes every character but U+0000, which a hostile host may send; every text goes through here, and back through `fromText`. */
export function toText(text: string): string {
  return text.includes('\0') || text.includes(lead)
    ? text.replaceAll(lead, `${lead}${lead}`).replaceAll('\0', `${lead}0`)
    : text;
}

/** What `toText` was given. */
export function fromText(kept: string): string {
  return kept.includes(lead) ? kept.replace(/\uf8ff(.)/gsu, (_, letter) => (letter === '0' ? '\0' : lead)) : kept;
}
