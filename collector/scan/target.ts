import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Result } from '@certherd/protocol/failure';
import type { StartTls } from '@certherd/protocol/snapshot';
import { addressBytes, addressText } from '@certherd/handshake/outside/address';
import type { Target } from '@certherd/handshake/outside/ask-places';

/** What counts where a target does not say it. */
export interface TargetDefaults {
  ports: readonly number[];
  startTls?: StartTls | undefined;
}

/** Addresses that one range may have, and targets that one scan may have. */
const mostAddresses = 65_536;
export const mostTargets = 200_000;

/** Schemes, as "smtp://mail.example.com": their port, and what is said in plain text before TLS. */
const schemes: Readonly<Record<string, { port: number; startTls?: StartTls }>> = {
  https: { port: 443 },
  tls: { port: 443 },
  smtps: { port: 465 },
  imaps: { port: 993 },
  pop3s: { port: 995 },
  ftps: { port: 990 },
  ldaps: { port: 636 },
  smtp: { port: 25, startTls: 'smtp' },
  submission: { port: 587, startTls: 'smtp' },
  imap: { port: 143, startTls: 'imap' },
  pop3: { port: 110, startTls: 'pop3' },
  ftp: { port: 21, startTls: 'ftp' },
  ldap: { port: 389, startTls: 'ldap' },
  postgres: { port: 5432, startTls: 'postgres' },
  mysql: { port: 3306, startTls: 'mysql' },
};

/**
 * "shop.example.com", "shop.example.com:8443", "192.0.2.7", "[2001:db8::1]:443", "192.0.2.0/28:8443", "smtp://mail.example.com",
 * "https://shop.example.com/cart". A range is all its addresses. The failure says in words what is wrong.
 */
export function parseTarget(text: string, defaults: TargetDefaults): Result<Target[], string> {
  if (text.length > 2000) return wrong(`${shown(text)}...: too long`);
  const [, scheme, rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(text.trim()) ?? [];
  const known = scheme === undefined ? undefined : schemes[scheme.toLowerCase()];
  if (scheme !== undefined && (!known || !Object.hasOwn(schemes, scheme.toLowerCase())))
    return wrong(`${JSON.stringify(scheme)} is no protocol that is known here: ${Object.keys(schemes).join(', ')}`);
  const place = scheme === undefined ? rest : rest.replace(/[/?#].*$/s, '');
  const [, bracketed, bare = '', bits, port] =
    /^(?:\[([^\]]*)\]|((?:[^/:]*:){2,}[^/]*?|[^/:]*))(?:\/(\d{1,3}))?(?::(\d{1,5}))?$/.exec(place) ?? [];
  const host = bracketed ?? bare;
  if (host === '') return wrong(text.trim() === '' ? 'no target' : `${shown(text)} is no name, address or range`);
  const told = port === undefined ? undefined : Number(port);
  if (told !== undefined && (told < 1 || told > 65_535)) return wrong(`${port} is no port`);
  const startTls = known ? known.startTls : defaults.startTls;
  const ports = told === undefined ? (known ? [known.port] : defaults.ports) : [told];
  const hosts = bits === undefined ? hostOf(host) : rangeOf(host, Number(bits));
  if (!hosts.ok) return hosts;
  return {
    ok: true,
    value: hosts.value.flatMap((host) => ports.map((port) => ({ host, port, ...(startTls && { startTls }) }))),
  };
}

/** As it is written, kept and compared: "smtp://mail.example.com:25", "[2001:db8::1]:443". */
export function targetText({ host, port, startTls }: Target): string {
  return `${startTls ? `${startTls}://` : ''}${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function hostOf(text: string): Result<string[], string> {
  const bytes = addressBytes(text);
  if (bytes) return { ok: true, value: [addressText(bytes)] };
  if (text.startsWith('*.')) return wrong(`${shown(text)}: a wildcard has no address; name what lies below it`);
  const name = domainToASCII(text.replace(/\.$/, ''));
  // the URL standard reads "0x7f.1" and "2130706433" as addresses: whoever writes so hides something
  const looksLikeAddress = /^[0-9.]*$|(?:^|\.)(?:0x[0-9a-f]*|\d+)$/i.test(name) || isIP(name) !== 0;
  const isName =
    name.length <= 253 &&
    /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(name);
  return isName && !looksLikeAddress ? { ok: true, value: [name] } : wrong(`${shown(text)} is no DNS name`);
}

function rangeOf(address: string, bits: number): Result<string[], string> {
  const bytes = addressBytes(address);
  if (!bytes || bits > bytes.length * 8) return wrong(`${shown(`${address}/${bits}`)} is no range of addresses`);
  const free = bytes.length * 8 - bits;
  if (free > 16) return wrong(`${address}/${bits}: more than ${mostAddresses} addresses`);
  const at = bytes.length - 4;
  const view = new DataView(bytes.buffer);
  const first = free === 0 ? view.getUint32(at) : (view.getUint32(at) >>> free) << free;
  return {
    ok: true,
    value: Array.from({ length: 2 ** free }, (_, index) => {
      view.setUint32(at, first + index);
      return addressText(bytes);
    }),
  };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function wrong(failure: string): { ok: false; failure: string } {
  return { ok: false, failure };
}
