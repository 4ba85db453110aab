import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from '../ports.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Writes to standard error: coloured lines on a terminal, else one JSON object a line. No worker threads. */
export function createLog(level: LogLevel, terminal: boolean): Log {
  if (terminal) return pino({ level }, pretty({ sync: true, destination: 2, ignore: 'pid,hostname' }));
  return pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
}

/** Says nothing: for commands that print their own answer. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
