import type pino from 'pino';
import { redacted } from '../formats/redact.ts';
import { printable } from '@certherd/command-line/printable';
import { journalLine } from '../formats/journal-line.ts';
import type { Config } from '../config.ts';
import type { Log } from '../ports.ts';
import { isJournal, priorities } from './journal.ts';

/**
 * Lines on standard error: plain ones with a priority for the journal, which has the times, coloured ones for people on a
 * terminal, else (or where the settings say so) JSON. Every text is redacted and made printable first. pino is loaded only
 * where it writes: the service has no need of it.
 */
export async function systemLog({ logLevel, logFormat }: Pick<Config, 'logLevel' | 'logFormat'>): Promise<Log> {
  if (logFormat === 'auto' && isJournal(process.env)) return journalLog(logLevel);
  const { pino } = await import('pino');
  const stream =
    logFormat === 'json' || !process.stderr.isTTY
      ? pino.destination({ fd: 2, sync: true })
      : (await import('pino-pretty')).default({ sync: true, destination: 2, translateTime: 'SYS:HH:MM:ss.l' });
  const log: Log = pino({ level: logLevel, base: null, hooks: { logMethod: redactArguments } }, stream);
  return log;
}

function journalLog(least: Config['logLevel']): Log {
  // A journal that is gone must not end what it would have told of.
  process.stderr.on('error', () => {});
  const writer = (level: keyof Log) => (fields: Record<string, unknown>, message: string) => {
    if (priorities[level] > priorities[least]) return;
    const safe = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, redactValue(value)]));
    process.stderr.write(`<${priorities[level]}>${journalLine(safe, String(redactValue(message)))}\n`);
  };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

function redactArguments(this: pino.Logger, args: unknown[], method: pino.LogFn): void {
  Reflect.apply(method, this, args.map(redactValue));
}

function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redacted(value).replace(/[^\n]+/g, (line) => printable(line));
  if (Array.isArray(value)) return value.map(redactValue);
  if (value instanceof Error) return redactValue(value.message);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactValue(inner)]));
}
