import { type ApacheAddress, listenAddress, virtualHostAddress } from './apache-address.ts';
import { type ApacheDirective, objection, type ServerFailure } from './apache-directive.ts';

/** The main server or a `<VirtualHost>`, as written: nothing is inherited yet. */
export interface ApacheHost {
  /** The section, or what first spoke of TLS in the main server. */
  directive?: ApacheDirective;
  addresses: ApacheAddress[];
  serverName?: string;
  aliases: string[];
  tls?: boolean;
  certificates: string[];
  keys: string[];
  chain?: string;
  proxyProtocol?: boolean;
}

export interface ApacheListen extends ApacheAddress {
  protocol: string;
}

export interface ApacheHosts {
  main: ApacheHost;
  virtualHosts: ApacheHost[];
  listens: ApacheListen[];
  /** What httpd would object to first once all files are read. */
  failure?: ServerFailure;
}

/** Collects what decides about TLS. `withoutTls` tells that the module is not loaded, so that its directives are unknown. */
export function apacheHosts(directives: ApacheDirective[], withoutTls: boolean): ApacheHosts {
  const main: ApacheHost = { addresses: [], aliases: [], certificates: [], keys: [] };
  const found: Found = { main, virtualHosts: [], listens: [], withoutTls };
  walk(found, directives, { host: main });
  const { failure, virtualHosts, listens } = found;
  return { main, virtualHosts, listens, ...(failure && { failure }) };
}

interface Found extends ApacheHosts {
  withoutTls: boolean;
}

interface Place {
  host: ApacheHost;
  /** The section around, where it is one. */
  section?: ApacheDirective;
}

function walk(found: Found, directives: ApacheDirective[], place: Place): void {
  for (const directive of directives) {
    const fault = directive.block ? enter(found, directive, directive.block, place) : apply(found, directive, place);
    if (fault !== undefined) found.failure ??= objection(fault, directive);
  }
}

function enter(
  found: Found,
  directive: ApacheDirective,
  block: ApacheDirective[],
  { host, section }: Place,
): string | undefined {
  if (directive.name !== 'virtualhost') {
    const missing = directive.open ? `<${directive.written}> directive missing closing '>'` : undefined;
    if (missing !== undefined) found.failure ??= objection(missing, directive);
    walk(found, block, { host, section: directive });
    return undefined;
  }
  const fault = section ? `<VirtualHost> cannot occur within <${section.written}> section` : openingFault(directive);
  const own: ApacheHost = { directive, addresses: [], aliases: [], certificates: [], keys: [] };
  const mainPort = Number(/:(\d+)$/.exec(found.main.serverName ?? '')?.[1] ?? 0);
  let addressFault: string | undefined;
  for (const word of directive.args) {
    const address = virtualHostAddress(word, mainPort);
    if (address.ok) own.addresses.push(address.value);
    else addressFault ??= address.fault;
  }
  found.virtualHosts.push(own);
  const first = fault ?? addressFault;
  if (first !== undefined) found.failure ??= objection(first, directive);
  walk(found, block, { host: own, section: directive });
  return undefined;
}

function openingFault({ open, args }: ApacheDirective): string | undefined {
  if (open) return "<VirtualHost> directive missing closing '>'";
  return args.length === 0 ? '<VirtualHost> directive requires additional arguments' : undefined;
}

/** Answers with httpd's objection. */
function apply(found: Found, directive: ApacheDirective, { host, section }: Place): string | undefined {
  const { name, written, args } = directive;
  if (written.startsWith('\ufeff') || (found.withoutTls && ofTls.has(name))) return unknown(written);
  const setting = settings.get(name);
  if (!setting) return undefined;
  if (section && section.name !== 'virtualhost') return `${written} not allowed in <${section.written}> context`;
  if (section && name === 'listen') return `${written} cannot occur within <VirtualHost> section`;
  if (args.length < setting.least || args.length > setting.most) return `${written} ${setting.takes}`;
  if (ofTls.has(name)) host.directive ??= directive;
  return setting.apply(host, args, found);
}

function unknown(written: string): string {
  return `Invalid command '${written}', perhaps misspelled or defined by a module not included in the server configuration`;
}

/** mod_ssl's directives that make or break a site. */
const ofTls: ReadonlySet<string> = new Set([
  'sslengine',
  'sslcertificatefile',
  'sslcertificatekeyfile',
  'sslcertificatechainfile',
  'sslprotocol',
  'sslciphersuite',
]);

interface Setting {
  least: number;
  most: number;
  takes: string;
  apply: (host: ApacheHost, args: string[], found: Found) => string | undefined;
}

function one(apply: (host: ApacheHost, value: string) => string | undefined): Setting {
  return { least: 1, most: 1, takes: 'takes one argument', apply: (host, [value = '']) => apply(host, value) };
}

const settings: ReadonlyMap<string, Setting> = new Map([
  ['listen', { least: 1, most: 3, takes: 'requires 1 or 2 arguments.', apply: listen }],
  ['servername', one(nameServer)],
  [
    'serveralias',
    {
      least: 1,
      most: Infinity,
      takes: 'requires at least one argument',
      apply: (host, names) => void host.aliases.push(...names),
    },
  ],
  ['sslengine', one(switchTls)],
  ['sslcertificatefile', one((host, value) => void host.certificates.push(value))],
  ['sslcertificatekeyfile', one((host, value) => void host.keys.push(value))],
  ['sslcertificatechainfile', one((host, value) => void (host.chain = value))],
  ['remoteipproxyprotocol', one((host, value) => void (host.proxyProtocol = /^on$/i.test(value)))],
]);

function listen(_host: ApacheHost, args: string[], found: Found): string | undefined {
  const [word = '', protocol, third] = args;
  // httpd 2.4.58 and later take options as a word of their own.
  if (third !== undefined && !third.startsWith('options=')) return 'Listen requires 1 or 2 arguments.';
  const address = listenAddress(word);
  if (!address.ok) return address.fault;
  const named = protocol?.startsWith('options=') ? undefined : protocol;
  found.listens.push({
    ...address.value,
    protocol: named?.toLowerCase() ?? (address.value.port === 443 ? 'https' : 'http'),
  });
  return undefined;
}

function nameServer(host: ApacheHost, value: string): string | undefined {
  const bare = value.replace(/^[a-z][a-z\d+.-]*:\/\//i, '');
  const port = /:([^:\]]*)$/.exec(bare)?.[1];
  host.serverName = bare;
  if (port === undefined || (/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) return undefined;
  return `The port number "${value}" is outside the appropriate range (i.e., 1..65535).`;
}

/** "optional" (RFC 2817, TLS begun from within HTTP) answers no handshake. */
function switchTls(host: ApacheHost, value: string): string | undefined {
  if (!/^(?:on|off|optional)$/i.test(value)) return 'Argument must be On or Off';
  host.tls = /^on$/i.test(value);
  return undefined;
}
