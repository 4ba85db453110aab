import { isAbsolute } from 'node:path';
import { clockOf } from './hours.ts';
import type { Hours, Span } from './settings.ts';
import { isTable, type Kind } from './toml-table.ts';

/** What fields of [notify] may be. */

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const dayMs = unitMs.d;

export const text: Kind<string> = {
  expected: 'a text, on one line',
  read: (value) => (typeof value === 'string' && /^[^\p{Cc}]{1,200}$/u.test(value) ? value : undefined),
};

export const name: Kind<string> = {
  expected: 'a name of letters, digits, "-", "_" and "."',
  read: (value) => (typeof value === 'string' && /^[A-Za-z0-9][\w.-]{0,63}$/.test(value) ? value : undefined),
};

export const path: Kind<string> = {
  expected: 'an absolute path',
  read: (value) => (typeof value === 'string' && isAbsolute(value) ? value : undefined),
};

/** Without a user and a password in it: those belong into files. */
export const webUrl: Kind<string> = {
  expected: 'a URL, https://… or http://…, without a password in it',
  isSecret: true,
  read(value) {
    if (typeof value !== 'string' || !/^https?:\/\/[^\s]+$/.test(value) || !URL.canParse(value)) return undefined;
    const { username, password } = new URL(value);
    return username === '' && password === '' ? value : undefined;
  },
};

export const duration: Kind<number> = {
  expected: 'a time, as "30s", "5m", "2h" or "1d"',
  read(value) {
    const whole = typeof value === 'string' ? /^(\d{1,6})([smhd])$/.exec(value) : null;
    const unit = whole?.[2];
    const ms = unit === 's' || unit === 'm' || unit === 'h' || unit === 'd' ? Number(whole?.[1]) * unitMs[unit] : NaN;
    return ms <= 400 * dayMs ? ms : undefined;
  },
};

/** How often something is done again: no timer of Node waits longer than 24 days. */
export const interval: Kind<number> = {
  expected: 'a time from "1m" to "24d"',
  read(value) {
    const ms = duration.read(value);
    return ms !== undefined && ms >= unitMs.m && ms <= 24 * dayMs ? ms : undefined;
  },
};

/** Where there is no certificate, a part of a life is that part of 90 days. */
export const span: Kind<Span> = {
  expected: 'a part of the certificate\'s life, as "5%", or a time, as "30m"',
  read(value) {
    const part = typeof value === 'string' ? /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(value)?.[1] : undefined;
    if (part !== undefined) {
      const ofLife = Number(part) / 100;
      return ofLife <= 1 ? { ofLife, elseMs: ofLife * 90 * dayMs } : undefined;
    }
    const ms = duration.read(value);
    return ms === undefined ? undefined : { ms };
  },
};

export const spanOrNever: Kind<Span | 'never'> = {
  expected: 'a part of the certificate\'s life, as "5%", a time from "1m" to "24d", or "never"',
  read(value) {
    if (value === 'never') return 'never';
    const found = span.read(value);
    if (found && 'ofLife' in found) return found.ofLife > 0 ? found : undefined;
    return interval.read(value) === undefined ? undefined : found;
  },
};

export const texts: Kind<readonly string[]> = {
  expected: 'a list of texts, as ["web-*"]',
  read(value) {
    const list = typeof value === 'string' ? [value] : value;
    return Array.isArray(list) && list.length > 0 && list.every((one) => text.read(one) !== undefined)
      ? list
      : undefined;
  },
};

export const labels: Kind<ReadonlyMap<string, readonly string[]>> = {
  expected: 'labels with one value or a list, as { owner = "payments", environment = ["prod*"] }',
  read(value) {
    if (!isTable(value)) return undefined;
    const entries = Object.entries(value).map(([key, one]) => [key, texts.read(one)] as const);
    const wrong = entries.some(([key, list]) => !/^[a-z][a-z0-9_]{0,62}$/.test(key) || list === undefined);
    return wrong ? undefined : new Map(entries.map(([key, list = []]) => [key, list]));
  },
};

const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export const hours: Kind<Hours> = {
  expected: '{ hours = "22:00-07:00", days = ["Sat", "Sun"], zone = "Europe/Berlin" }',
  read(value) {
    if (!isTable(value)) return undefined;
    const { hours: given, days, zone = 'UTC', ...rest } = value;
    const whole = typeof given === 'string' ? /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(given) : null;
    if (!whole || Object.keys(rest).length > 0) return undefined;
    const [from = 0, fromMinute = 0, until = 0, untilMinute = 0] = whole.slice(1).map(Number);
    const known = days === undefined ? undefined : readDays(days);
    const clock = typeof zone === 'string' ? clockOf(zone) : undefined;
    if (from > 24 || until > 24 || fromMinute > 59 || untilMinute > 59 || known === 'wrong' || !clock) return undefined;
    // From 00:00 until 24:00 is a day; from an instant until the same one is nothing, or a day.
    if (from === until && fromMinute === untilMinute) return undefined;
    return { from: from * 60 + fromMinute, until: until * 60 + untilMinute, days: known, clock };
  },
};

export const instant: Kind<number> = {
  expected: 'an instant with its zone, as 2026-12-24T18:00:00Z',
  read(value) {
    const at =
      value instanceof Date
        ? value.getTime()
        : typeof value === 'string' && /(?:Z|[+-]\d\d:\d\d)$/.test(value)
          ? Date.parse(value)
          : NaN;
    return Number.isFinite(at) ? at : undefined;
  },
};

function readDays(value: unknown): number[] | 'wrong' {
  if (!Array.isArray(value)) return 'wrong';
  const days = value.map((one) => dayNames.findIndex((day) => day === one));
  return days.length === 0 || days.includes(-1) ? 'wrong' : days;
}
