import { isIP } from 'node:net';
import type { KeyObject } from 'node:crypto';
import type { Mistaken, Place } from './notify/toml-table.ts';
import { isTable, type Kind, readTable, type Table } from './notify/toml-table.ts';
import { duration, interval, webUrl } from './notify/values.ts';
import { logKey } from './scan/transparency/checkpoint.ts';

/** One Certificate Transparency log (c2sp.org/static-ct-api). */
export interface LogSettings {
  /** Its monitoring prefix. */
  url: string;
  /** Its submission prefix without scheme and closing slash, as its checkpoints have it. */
  origin: string;
  key: KeyObject;
}

/** Which logs are read, and for what. */
export interface TransparencySettings {
  logs: readonly LogSettings[];
  /** Watched besides the domains that the fleet serves; in lower case. */
  domains: readonly string[];
  /** Are the registered domains of all that the fleet serves watched too? */
  fleet: boolean;
  /** A log that was read to its end is asked again after so long. */
  everyMs: number;
  /** A certificate of a known issuer is expected for so long: who had it issued brings it to its host. */
  graceMs: number;
}

export const noTransparency: TransparencySettings = Object.freeze({
  logs: [],
  domains: [],
  fleet: true,
  everyMs: 600_000,
  graceMs: 6 * 3_600_000,
});

/** Reads [transparency] of collector.toml; what is given to `mistaken` has the path of what is wrong. */
export function readTransparency(found: unknown, mistaken: Mistaken): TransparencySettings {
  if (found === undefined) return noTransparency;
  if (!isTable(found)) {
    mistaken(['transparency'], 'expected a table, [transparency]');
    return noTransparency;
  }
  const table = readTable(found, ['transparency'], ['domains', 'fleet', 'every', 'grace', 'log'], mistaken);
  const logs = readLogs(found['log'], mistaken);
  return Object.freeze({
    logs,
    domains: table.take('domains', domains, []),
    fleet: table.take('fleet', trueOrFalse, noTransparency.fleet),
    everyMs: table.take('every', interval, noTransparency.everyMs),
    graceMs: table.take('grace', duration, noTransparency.graceMs),
  });
}

function readLogs(list: unknown, mistaken: Mistaken): LogSettings[] {
  if (list === undefined) return [];
  if (!Array.isArray(list) || !list.every(isTable)) {
    mistaken(['transparency', 'log'], 'expected a table for each one, [[transparency.log]]');
    return [];
  }
  const logs: LogSettings[] = [];
  for (const [index, one] of list.entries()) {
    const log = readLogTable(one, ['transparency', 'log', index], mistaken);
    if (!log) continue;
    if (logs.some(({ origin }) => origin === log.origin))
      mistaken(['transparency', 'log', index, 'origin'], 'there are two logs of this origin');
    logs.push(log);
  }
  return logs;
}

function readLogTable(table: Table, place: Place, mistaken: Mistaken): LogSettings | undefined {
  const reader = readTable(table, place, ['url', 'origin', 'key'], mistaken);
  const url = reader.need('url', webUrl);
  const key = reader.need('key', publicKey);
  const origin = reader.take('origin', originText, url?.replace(/^https?:\/\//, '').replace(/\/+$/, ''));
  return url !== undefined && key !== undefined && origin !== undefined ? { url, origin, key } : undefined;
}

const publicKey: Kind<KeyObject> = {
  expected: 'the public key of the log in base64 (ECDSA or RSA), as lists of logs have it',
  read: (value) => (typeof value === 'string' ? logKey(value) : undefined),
};

const originText: Kind<string> = {
  expected: 'the submission prefix of the log without https://, as "rome.ct.example.com/2024h1"',
  read: (value) =>
    typeof value === 'string' && /^[\x21-\x7e]{1,500}$/.test(value) && !/^https?:|\/$/.test(value) ? value : undefined,
};

const domains: Kind<string[]> = {
  expected: 'a list of domains, as ["example.com"]; all that is below them is watched too',
  read(value) {
    if (!Array.isArray(value) || value.length > 10_000) return undefined;
    const isDomain = (one: unknown): one is string =>
      typeof one === 'string' &&
      one.length <= 253 &&
      isIP(one) === 0 &&
      /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}$/i.test(one);
    return value.every(isDomain) ? value.map((one) => one.toLowerCase()) : undefined;
  },
};

const trueOrFalse: Kind<boolean> = {
  expected: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
};
