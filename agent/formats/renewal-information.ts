import Type from 'typebox';
import { checkedJson } from './checked-json.ts';
import { instantOf } from '@certherd/x509/instant';

/** A window in which a CA wants a certificate renewed; milliseconds since 1970, the end after the start. */
export interface SuggestedWindow {
  start: number;
  end: number;
  /** A page that says why (RFC 9773 4.2, explanationURL); raw, http or https, at most 2,048 characters. */
  explanation?: string;
}

const Instant = Type.String({ maxLength: 64 });
const Information = Type.Object({
  suggestedWindow: Type.Object({ start: Instant, end: Instant }),
  explanationURL: Type.Optional(Type.Unknown()),
});
const Directory = Type.Object({ renewalInfo: Type.Optional(Type.String({ maxLength: 2048 })) });

/**
 * The body of an answer to GET renewalInfo/CERTID (RFC 9773 4.2). Undefined for whatever a client must not act upon: other
 * JSON, instants that are none of RFC 3339 or lie outside the years 0 to 9999, an end that is not after the start. An explanation
 * that is no web address is left out, and the window still counts.
 */
export function readRenewalInformation(body: string): SuggestedWindow | undefined {
  const read = checkedJson(body, Information);
  if (!read) return undefined;
  const start = instantIn(read.suggestedWindow.start);
  const end = instantIn(read.suggestedWindow.end);
  if (start === undefined || end === undefined || end <= start) return undefined;
  const explanation = webAddress(read.explanationURL);
  return { start, end, ...(explanation !== undefined && { explanation }) };
}

/** The `renewalInfo` of an ACME directory (RFC 9773 3); no address where the CA has none that is https://. */
export function readDirectory(body: string): { renewalInfo?: string } | undefined {
  const read = checkedJson(body, Directory);
  if (!read) return undefined;
  const { renewalInfo } = read;
  return renewalInfo !== undefined && isHttps(renewalInfo) ? { renewalInfo } : {};
}

/** Where one certificate is asked for: a slash between the two, whether the directory wrote it or not. */
export function renewalInfoUrl(address: string, certId: string): string {
  return `${address.replace(/\/+$/, '')}/${certId}`;
}

export function isHttps(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url?.protocol === 'https:' && url.username === '' && url.password === '';
}

/**
 * The instant inside a window at which this certificate is renewed: a share of its width that follows from the fingerprint, so
 * that it is the same for as long as the window is and differs between certificates (RFC 9773 4.2 asks for a uniform choice).
 */
export function instantInWindow({ start, end }: Pick<SuggestedWindow, 'start' | 'end'>, fingerprint: string): number {
  return start + (end - start) * (Number.parseInt(fingerprint.slice(0, 8), 16) / 0x1_0000_0000);
}

const minute = 60_000;
const hour = 60 * minute;

/** A CA is asked twice a day at least. */
export const longestWaitMs = 12 * hour;

/**
 * How long to wait before asking again, milliseconds, from a Retry-After header (RFC 9110 10.2.3: seconds or a date): a minute at
 * least, whatever it says, and twelve hours at most, so that no CA keeps a host from asking twice a day. Six hours where there
 * is none, as RFC 9773 4.3.3 recommends.
 */
export function waitBeforeAsking(retryAfter: string | undefined, now: number): number {
  const asked = retryAfter === undefined ? undefined : retryAfterMs(retryAfter.trim(), now);
  return Math.min(longestWaitMs, Math.max(minute, asked ?? 6 * hour));
}

/** A little later than that, by chance (`drawn` is from 0 to 1): hosts that began together do not stay together. */
export function spreadWait(waitMs: number, drawn: number): number {
  return Math.min(longestWaitMs, waitMs * (1 + drawn / 10));
}

/** After answers that say nothing: 5 minutes, doubled each time, six hours at most (RFC 9773 4.3.3). */
export function waitAfterFailures(failures: number): number {
  return Math.min(6 * hour, 5 * minute * 2 ** Math.min(16, Math.max(0, failures - 1)));
}

/** Milliseconds from `now` to what a Retry-After header says; undefined where it says neither seconds nor a date. */
export function retryAfterMs(text: string, now: number): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const at = /^[A-Za-z]{3,9}, .{1,40}$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at - now;
}

/** RFC 3339, which ISO 8601 and Date are wider than. */
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

function instantIn(text: string): number | undefined {
  const ms = rfc3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  return instantOf(ms) === undefined ? undefined : ms;
}

function webAddress(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 2048 || !/^https?:\/\//i.test(value)) return undefined;
  return URL.canParse(value) ? value : undefined;
}
