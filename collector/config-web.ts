import { isAbsolute } from 'node:path';
import { isIP } from 'node:net';
import { type Authority, isLoopback } from './authority.ts';

/** How page and API may be reached, and who may. */
export interface WebSettings {
  /** Host names that browsers know this collector by, besides loopback ones and the address that is listened on. Lower case. */
  names: readonly string[];
  /** undefined: plain HTTP, at loopback or behind a proxy. */
  tls: 'own-key' | { certificate: string; key: string } | undefined;
  /** Addresses of reverse proxies whose X-Forwarded-* headers are believed. */
  proxies: readonly string[];
  /** Everybody signs in, also before there is a user. */
  signIn: boolean;
  /** What is shown to whoever has not signed in. */
  anonymous: 'nothing' | 'wall';
  /** The header, in lower case, in which a proxy says who it is; undefined: none is believed. */
  userHeader: string | undefined;
}

/** The file's fields. */
export interface WebFields {
  web_names: readonly string[];
  web_tls: 'own-key';
  web_certificate: string;
  web_key: string;
  web_proxies: readonly string[];
  web_sign_in: boolean;
  web_anonymous: WebSettings['anonymous'];
  web_user_header: string;
}

type Readers<Fields> = {
  [K in keyof Fields]: { expected: string; read: (value: unknown) => Fields[K] | undefined };
};

const path = {
  expected: 'an absolute path',
  read: (value: unknown) => (typeof value === 'string' && isAbsolute(value) ? value : undefined),
};

export const webReaders: Readers<WebFields> = {
  web_names: {
    expected: 'a list of host names, as ["certherd.example.org"]',
    read(value) {
      const names = texts(value);
      return names?.every((name) => /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name))
        ? names.map((name) => name.toLowerCase())
        : undefined;
    },
  },
  web_tls: { expected: '"own-key"', read: (value) => (value === 'own-key' ? value : undefined) },
  web_certificate: path,
  web_key: path,
  web_proxies: {
    expected: 'a list of IP addresses, as ["127.0.0.1"]',
    read(value) {
      const addresses = texts(value);
      return addresses?.every((address) => isIP(address) !== 0) ? addresses : undefined;
    },
  },
  web_sign_in: { expected: 'true or false', read: (value) => (typeof value === 'boolean' ? value : undefined) },
  web_anonymous: {
    expected: '"nothing" or "wall"',
    read: (value) => (['nothing', 'wall'] as const).find((shown) => shown === value),
  },
  web_user_header: {
    expected: 'the name of a header, as "X-Remote-User"',
    read: (value) =>
      typeof value === 'string' && /^[A-Za-z][A-Za-z0-9-]{1,63}$/.test(value) ? value.toLowerCase() : undefined,
  },
};

/** The fields that do not go together, each with what to do about it. */
export function webMistakes(
  listen: Authority,
  web: WebSettings,
  { certificate, key }: { certificate: string | undefined; key: string | undefined },
): [field: keyof WebFields | 'web_listen', what: string][] {
  const mistakes: [field: keyof WebFields | 'web_listen', what: string][] = [];
  if ((certificate === undefined) !== (key === undefined))
    mistakes.push([
      certificate === undefined ? 'web_key' : 'web_certificate',
      'needs both web_certificate and web_key',
    ]);
  if (!isLoopback(listen.host) && web.tls === undefined && web.proxies.length === 0)
    mistakes.push([
      'web_listen',
      'beyond loopback passwords need TLS: set web_certificate and web_key, or web_tls = "own-key", or web_proxies where a proxy has it',
    ]);
  if (web.userHeader !== undefined && web.proxies.length === 0)
    mistakes.push(['web_user_header', 'is believed from a proxy alone: say which in web_proxies']);
  return mistakes;
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}
