import { failed, type Result, success } from '@certherd/protocol/failure';

/** A `listen` directive of nginx, read as ngx_parse_url does. */
export interface Listen {
  /** "0.0.0.0" for "*" or a port alone, an IPv6 address without brackets and in its shortest form, a name as written, or "unix:/path". */
  address: string;
  /** First and last port; equal unless a range was given; both 0 for a unix socket. */
  firstPort: number;
  lastPort: number;
  tls: boolean;
  /** UDP only: a TLS handshake over TCP cannot reach it. */
  datagram: boolean;
  proxyProtocol: boolean;
  /** Says `default_server`, or `default` as before nginx 0.8.21. */
  defaultServer: boolean;
  /** Sets an option of the socket, which nginx takes from one `listen` only for each address and port. */
  setsOptions: boolean;
}

/** Reads the arguments of `listen`. A failure's detail is worded like nginx's. Parameters that are not about TLS are passed over. */
export function parseListen(args: string[]): Result<Listen> {
  const [value = ''] = args;
  const place = parsePlace(value);
  if (!place.ok) return place;
  const { address, firstPort, lastPort } = place.value;
  const has = (parameter: string): boolean => args.includes(parameter, 1);
  const tls = has('ssl');
  return success({
    address,
    firstPort,
    lastPort,
    tls,
    datagram: (has('quic') && !tls) || has('udp'),
    proxyProtocol: has('proxy_protocol'),
    defaultServer: has('default_server') || has('default'),
    setsOptions: args.some((parameter, index) => index > 0 && socketOption.test(parameter)),
  });
}

const socketOption =
  /^(?:bind|deferred|reuseport|multipath|(?:setfib|fastopen|backlog|rcvbuf|sndbuf|accept_filter|ipv6only|so_keepalive)=.*)$/;

type Place = Pick<Listen, 'address' | 'firstPort' | 'lastPort'>;

/** What nginx takes when `listen` names an address only. */
const defaultPort = '80';

function parsePlace(value: string): Result<Place> {
  if (/^unix:/i.test(value)) return parseSocketPath(value);
  if (value.startsWith('[')) return parseBracketed(value);
  if (/^\d+$/.test(value) || /^\d+-\d+$/.test(value)) return withPorts('0.0.0.0', value, value);
  if (value.includes('/') || value.includes('?')) return refused('invalid host', value);
  const colon = value.indexOf(':');
  const host = colon < 0 ? value : value.slice(0, colon);
  if (host === '') return refused('no host', value);
  if (host !== '*' && !/^[\w.-]{1,253}$/.test(host)) return refused('host not found', value);
  return withPorts(host === '*' ? '0.0.0.0' : host, colon < 0 ? defaultPort : value.slice(colon + 1), value);
}

/** Its path ends in a NUL and has room for 108 bytes (sockaddr_un, unix(7)). */
function parseSocketPath(value: string): Result<Place> {
  const bytes = new TextEncoder().encode(value).length - 'unix:'.length;
  if (bytes === 0) return refused('no path in the unix domain socket', value);
  if (bytes > 107) return refused('too long path in the unix domain socket', value);
  return success({ address: value, firstPort: 0, lastPort: 0 });
}

function parseBracketed(value: string): Result<Place> {
  const parts = /^\[([0-9A-Fa-f:.]+)\](?::(.*))?$/.exec(value);
  const address = parts?.[1] === undefined ? undefined : shortest(parts[1]);
  if (address === undefined) return refused('invalid IPv6 address', value);
  return withPorts(address, parts?.[2] ?? defaultPort, value);
}

function withPorts(address: string, ports: string, value: string): Result<Place> {
  if (!/^\d{1,5}(?:-\d{1,5})?$/.test(ports)) return refused('invalid port', value);
  const dash = ports.indexOf('-');
  const firstPort = Number(dash < 0 ? ports : ports.slice(0, dash));
  const lastPort = dash < 0 ? firstPort : Number(ports.slice(dash + 1));
  if (firstPort < 1 || lastPort < firstPort || lastPort > 65535) return refused('invalid port', value);
  return success({ address, firstPort, lastPort });
}

/** One spelling for each IPv6 address (RFC 5952), so that "[0::0]" and "[::]" are seen to be the same. */
function shortest(address: string): string | undefined {
  return URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
}

function refused(why: string, value: string): ReturnType<typeof failed> {
  return failed('syntax', `${why} in "${value}" of the "listen" directive`);
}
