import { isAbsolute } from 'node:path';
import { isIP, isIPv6, SocketAddress } from 'node:net';
import type { Role } from './accounts/role.ts';
import { roleOf, roles } from './accounts/roles.ts';
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
  oidc: OidcSettings | undefined;
}

/** An OpenID provider by which people sign in. */
export interface OidcSettings {
  issuer: string;
  client: string;
  /** A file whose first line is the client's secret. */
  secretFile: string;
  /** What a user's name is here. */
  nameClaim: 'preferred_username' | 'email' | 'sub';
  /** Of whoever the provider knows and is no user yet; undefined: only users come in. */
  newRole: Role | undefined;
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
  web_oidc_issuer: string;
  web_oidc_client: string;
  web_oidc_secret_file: string;
  web_oidc_name: OidcSettings['nameClaim'];
  web_oidc_new_users: Role;
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
      return addresses?.every((address) => isIP(address) !== 0) ? addresses.map(canonical) : undefined;
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
  web_oidc_issuer: {
    expected: 'an https:// URL, as "https://id.example.org"',
    read: (value) => (typeof value === 'string' && isIssuer(value) ? value : undefined),
  },
  web_oidc_client: {
    expected: 'what the provider calls this client',
    read: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  },
  web_oidc_secret_file: path,
  web_oidc_name: {
    expected: '"preferred_username", "email" or "sub"',
    read: (value) => (['preferred_username', 'email', 'sub'] as const).find((claim) => claim === value),
  },
  web_oidc_new_users: {
    expected: `a role, ${roles.map((role) => `"${role}"`).join(', ')}`,
    read: (value) => roleOf(typeof value === 'string' ? value : undefined),
  },
};

/** The fields that do not go together, each with what to do about it. */
export function webMistakes(
  listen: Authority,
  web: WebSettings,
  {
    certificate,
    key,
    oidc,
  }: {
    certificate: string | undefined;
    key: string | undefined;
    oidc: { [K in 'issuer' | 'client' | 'secretFile']: string | undefined };
  },
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
  const { issuer, client, secretFile } = oidc;
  const given = [issuer, client, secretFile].filter((one) => one !== undefined).length;
  if (given > 0 && given < 3)
    mistakes.push([
      issuer !== undefined ? 'web_oidc_issuer' : client !== undefined ? 'web_oidc_client' : 'web_oidc_secret_file',
      'needs all of web_oidc_issuer, web_oidc_client and web_oidc_secret_file',
    ]);
  return mistakes;
}

/** As a connection names its other end (RFC 5952), an IPv4 address within IPv6 as itself. */
function canonical(address: string): string {
  if (!isIPv6(address)) return address;
  const [plain = '', zone] = address.split('%');
  const spelled = new SocketAddress({ address: plain, family: 'ipv6' }).address;
  return zone === undefined ? spelled.replace(/^::ffff:(?=[\d.]+$)/, '') : `${spelled}%${zone}`;
}

/** Plain HTTP for a provider on this machine alone. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}

/** What the file says of a provider, once it is all there. */
export function wholeOidc({
  issuer,
  client,
  secretFile,
  nameClaim,
  newRole,
}: {
  [K in keyof OidcSettings]: OidcSettings[K] | undefined;
}): OidcSettings | undefined {
  if (issuer === undefined || client === undefined || secretFile === undefined) return undefined;
  return { issuer, client, secretFile, nameClaim: nameClaim ?? 'preferred_username', newRole };
}
