import type { Config } from '../config.ts';
import type { Log } from '../ports.ts';
import { isJournal, journalLine, priorities } from './journal.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Writes to standard error: plain lines with a priority for the journal, which has the times, coloured lines on a terminal,
 * else (or where the settings say so) one JSON object a line. No worker threads.
 */
export async function createLog(level: LogLevel, format: Config['logFormat'], terminal: boolean): Promise<Log> {
  if (format === 'auto' && isJournal(process.env)) return journalLog(level);
  const { pino } = await import('pino');
  const stream =
    format === 'json' || !terminal
      ? pino.destination({ dest: 2, sync: true })
      : (await import('pino-pretty')).default({ sync: true, destination: 2, ignore: 'pid,hostname' });
  const log: Log = pino({ level, base: null }, stream);
  return log;
}

function journalLog(least: LogLevel): Log {
  // A journal that is gone must not end what it would have told of.
  process.stderr.on('error', () => {});
  const writer = (level: LogLevel) => (fields: Record<string, unknown>, message: string) => {
    if (priorities[level] > priorities[least]) return;
    process.stderr.write(`<${priorities[level]}>${journalLine(fields, message)}\n`);
  };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** Says nothing: for commands that print their own answer. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
