/** One address of a `bind` line that a TLS handshake over a stream can reach. */
export interface BindAddress {
  /** An IP address or host name, or "unix:/path" with port 0. */
  address: string;
  firstPort: number;
  lastPort: number;
}

/** Where a `bind` line takes certificates from, in its order. */
export interface CertificateSource {
  kind: 'crt' | 'crt-list';
  /** As written. */
  path: string;
}

export interface Bind {
  addresses: BindAddress[];
  tls: boolean;
  proxyProtocol: boolean;
  /** No certificate answers for names that fit none. */
  strictNames: boolean;
  sources: CertificateSource[];
  /** HAProxy's first objection, in its words. */
  fault?: string;
}

/** Reads the words of a `bind` line, "bind" itself left out. `unixPrefix` is that of `unix-bind`. */
export function haproxyBind(words: string[], unixPrefix = ''): Bind {
  const bind: Bind = { addresses: [], tls: false, proxyProtocol: false, strictNames: false, sources: [] };
  const [places, ...options] = words;
  if (places === undefined || places === '')
    bind.fault = "'bind' expects {<path>|[addr1]:port1[-end1]}{,[addr]:port[-end]}... as arguments.";
  else for (const place of places.split(',')) addAddress(bind, place, unixPrefix);
  readOptions(bind, options);
  return bind;
}

function readOptions(bind: Bind, options: string[]): void {
  for (let at = 0; at < options.length; at++) {
    const word = options[at] ?? '';
    if (word === 'ssl') bind.tls = true;
    else if (word === 'accept-proxy') bind.proxyProtocol = true;
    else if (word === 'strict-sni') bind.strictNames = true;
    else if (word === 'crt' || word === 'crt-list' || word === 'default-crt') {
      const path = options[++at];
      if (path === undefined || path === '')
        bind.fault ??= `'${word}' : missing ${word === 'crt-list' ? 'file name' : 'certificate location'}`;
      // HAProxy 3.0: before all others, whatever the order.
      else if (word === 'default-crt') bind.sources.unshift({ kind: 'crt', path });
      else bind.sources.push({ kind: word, path });
    } else if (withArgument.has(word)) at++;
  }
}

/** Options whose argument must not be taken for an option. */
const withArgument: ReadonlySet<string> = new Set(
  [
    'accept-netscaler-cip alpn backlog ca-file ca-ignore-err ca-sign-file ca-sign-pass ca-verify-file cc ciphers',
    'ciphersuites client-sigalgs crl-file crt-ignore-err curves ecdhe ech gid group guid-prefix id idle-ping interface',
    'label level maxconn mode mss name namespace nbconn nice npn ocsp-update proto process quic-cc-algo quic-socket',
    'severity-output shards sigalgs ssl-max-ver ssl-min-ver tcp-md5sig tcp-ut thread tls-ticket-keys uid user verify',
  ].flatMap((line) => line.split(' ')),
);

function addAddress(bind: Bind, place: string, unixPrefix: string): void {
  if (place === '') {
    bind.fault ??= "'bind' : '' resolves to an empty address (environment variable missing?)";
    return;
  }
  const [, family = '', rest = place] = /^([a-z+\d]+)@(.*)$/s.exec(place) ?? [];
  const kind = family.replace(/^stream\+/, '');
  if (kind === 'unix' || kind === 'uxst' || (kind === '' && rest.startsWith('/')))
    bind.addresses.push({ address: `unix:${unixPrefix}${rest}`.slice(0, 256), firstPort: 0, lastPort: 0 });
  // A socket without a path, one that is handed over, or datagrams: no handshake over a stream reaches these.
  else if (!kind || ['ipv4', 'ipv6', 'tcp', 'tcp4', 'tcp6', 'mptcp', 'mptcp4', 'mptcp6'].includes(kind)) {
    const read = internetAddress(place, kind.endsWith('6'), rest);
    if (typeof read === 'string') bind.fault ??= `'bind' : ${read}`;
    else bind.addresses.push(read);
  }
}

/** As str2sa_range: what stands behind the last colon is the port, so that ":::443" is "::" and 443. */
function internetAddress(place: string, version6: boolean, text: string): BindAddress | string {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  const colon = text.lastIndexOf(':');
  const host = bracketed ? (bracketed[1] ?? '') : colon < 0 ? text : text.slice(0, colon);
  const ports = bracketed ? bracketed[2] : colon < 0 ? undefined : text.slice(colon + 1);
  if (ports === undefined || ports === '') return `missing port specification in '${place}'`;
  const range = /^(\d+)(?:-(\d+))?$/.exec(ports);
  if (!range) return `invalid character in port number '${ports}' in '${place}'`;
  const firstPort = Number(range[1]);
  const lastPort = Number(range[2] ?? range[1]);
  const wrong = [firstPort, lastPort].find((port) => port < 1 || port > 65_535);
  if (wrong !== undefined) return `invalid port '${wrong}'`;
  if (firstPort > lastPort) return `invalid port range '${ports}'`;
  return { address: named(host, version6), firstPort, lastPort };
}

function named(host: string, version6: boolean): string {
  if (host === '' || host === '*') return version6 ? '::' : '0.0.0.0';
  return host.toLowerCase() === 'localhost' ? (version6 ? '::1' : '127.0.0.1') : host.slice(0, 256);
}
