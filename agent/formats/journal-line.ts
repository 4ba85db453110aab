/** The journal cuts a line at 48 KiB (journald.conf(5), LineMax); no reader wants more than this of one. */
const longest = 8_000;

/** One event as one line for the journal, which has the time itself: the sentence, then what is known with it in brackets. */
export function journalLine(fields: Readonly<Record<string, unknown>>, message: string): string {
  const known = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
  const line = (known.length > 0 ? `${message} (${known.join(', ')})` : message).replace(/\s*\n\s*/g, ' | ');
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
