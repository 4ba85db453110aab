import pino from 'pino';
import pretty from 'pino-pretty';
import { redacted } from '../formats/redact.ts';
import { printable } from '@certherd/command-line/printable';
import type { Config } from '../config.ts';
import type { Log } from '../ports.ts';

/** Lines on standard error: for people on a terminal, else JSON for the journal. Every text is redacted and made printable first. */
export function systemLog(level: Config['logLevel']): Log {
  const options = { level, base: null, hooks: { logMethod: redactArguments } };
  return process.stderr.isTTY
    ? pino(options, pretty({ sync: true, destination: 2, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' }))
    : pino(options, pino.destination({ fd: 2, sync: true }));
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
