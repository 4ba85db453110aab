import { fstatSync } from 'node:fs';

/** As syslog(3) numbers them, and systemd reads them at the beginning of a line (sd-daemon(3)). */
export const priorities = { debug: 7, info: 6, warn: 4, error: 3 } as const;

/** Does standard error go to the journal itself? By JOURNAL_STREAM, as systemd.exec(5) has it. */
export function isJournal(environment: NodeJS.ProcessEnv): boolean {
  if (!environment.JOURNAL_STREAM) return false;
  try {
    const { dev, ino } = fstatSync(2);
    return environment.JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** What a line for standard error begins with: "<3>" for the journal, nothing for everybody else. */
export function journalPrefix(level: keyof typeof priorities): string {
  return isJournal(process.env) ? `<${priorities[level]}>` : '';
}
