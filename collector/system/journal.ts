import { fstatSync } from 'node:fs';

/** As syslog(3) numbers them, and systemd reads them at the beginning of a line (sd-daemon(3)). */
export const priorities = { debug: 7, info: 6, warn: 4, error: 3 } as const;

/** The journal cuts a line at 48 KiB (journald.conf(5), LineMax); no reader wants more than this of one. */
const longest = 8_000;

/** Does standard error go to the journal itself? By JOURNAL_STREAM, as systemd.exec(5) has it. */
export function isJournal(environment: NodeJS.ProcessEnv): boolean {
  const stream = environment['JOURNAL_STREAM'];
  if (!stream) return false;
  try {
    const { dev, ino } = fstatSync(2);
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** What a line for standard error begins with: "<3>" for the journal, nothing for everybody else. */
export function journalPrefix(level: keyof typeof priorities): string {
  return isJournal(process.env) ? `<${priorities[level]}>` : '';
}

/**
 * One event as one line for the journal, which has the time itself: the sentence, then what is known with it in brackets.
 * Names and remarks come from strangers: what would hide, reorder or begin a line of its own is replaced.
 */
export function journalLine(fields: Readonly<Record<string, unknown>>, message: string): string {
  const known = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
  const line = known.length > 0 ? `${message} (${known.join(', ')})` : message;
  const plain = line.replace(/\s*\n\s*/g, ' | ').replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain;
}
