import type { Listener } from '@certherd/protocol/snapshot';
import type { Listen } from './nginx-listen.ts';
import type { Directive } from './nginx-parser.ts';
import type { PlacedListen, ServerBlock } from './nginx-server-blocks.ts';

/** An address and port with all that the server blocks say about it together. */
export interface SharedListener {
  address: string;
  port: number;
  kind: ServerBlock['kind'];
  /** UDP: in http {} that is QUIC. nginx keeps these apart from the TCP listeners of the same address and port. */
  datagram: boolean;
  /** `ssl` on one server's listen holds for every server there; so does `proxy_protocol`. */
  tls: boolean;
  proxyProtocol: boolean;
  /** The one that says so, else the first. */
  defaultServer: ServerBlock;
  servers: ServerBlock[];
  /** A `listen` said default_server, or set options of the socket. */
  chosen: boolean;
  setsOptions: boolean;
}

export interface ListenerTable {
  /** By kind, transport, address and port. */
  listeners: ReadonlyMap<string, SharedListener>;
  /** The first `listen` that nginx refuses beside the others, and why in its words. */
  conflict?: { detail: string; directive: Directive };
}

/** Joins the `listen` directives of all servers, as ngx_http_add_addresses does. */
export function listenerTable(servers: ServerBlock[]): ListenerTable {
  const listeners = new Map<string, SharedListener>();
  const conflicts: NonNullable<ListenerTable['conflict']>[] = [];
  for (const server of servers)
    for (const listen of server.listens) {
      const detail = join(listeners, server, listen);
      if (detail) conflicts.push({ detail, directive: listen.directive });
    }
  for (const listener of listeners.values()) listener.tls ||= listener.defaultServer.tlsOn;
  return { listeners, ...(conflicts[0] && { conflict: conflicts[0] }) };
}

/** A server's listeners with TLS that a handshake over TCP can reach, each once, in the block's order. */
export function listenersOf(table: ListenerTable, server: ServerBlock): Listener[] {
  const found = new Set<SharedListener>();
  for (const listen of server.listens) {
    if (listen.datagram) continue;
    for (let port = listen.firstPort; port <= lastLookedAt(listen); port++) {
      const shared = table.listeners.get(keyOf(server, listen, port));
      if (shared?.tls) found.add(shared);
    }
  }
  return Array.from(found, ({ address, port, proxyProtocol, defaultServer }) => ({
    address,
    port,
    defaultServer: defaultServer === server,
    proxyProtocol,
  }));
}

function join(listeners: Map<string, SharedListener>, server: ServerBlock, listen: PlacedListen): string | undefined {
  let conflict: string | undefined;
  for (let port = listen.firstPort; port <= lastLookedAt(listen); port++) {
    const key = keyOf(server, listen, port);
    const known = listeners.get(key);
    if (known) conflict ??= joinKnown(known, server, listen);
    else listeners.set(key, newListener(server, listen, port));
  }
  return conflict;
}

function newListener(server: ServerBlock, listen: Listen, port: number): SharedListener {
  const { address, datagram, tls, proxyProtocol, defaultServer: chosen, setsOptions } = listen;
  const place = { address, port, kind: server.kind, datagram };
  return { ...place, tls, proxyProtocol, defaultServer: server, servers: [server], chosen, setsOptions };
}

/** Answers with nginx's objection. In stream {} servers share an address since nginx 1.25.5; in mail {} they never do. */
function joinKnown(known: SharedListener, server: ServerBlock, listen: Listen): string | undefined {
  const conflict = known.kind !== 'mail' ? conflictWith(known, server, listen) : undefined;
  known.tls ||= listen.tls;
  known.proxyProtocol ||= listen.proxyProtocol;
  known.setsOptions ||= listen.setsOptions;
  known.servers.push(server);
  if (listen.defaultServer && !known.chosen) {
    known.defaultServer = server;
    known.chosen = true;
  }
  return conflict;
}

function conflictWith(known: SharedListener, server: ServerBlock, listen: Listen): string | undefined {
  const place = placeOf(known);
  if (known.servers.at(-1) === server) return `a duplicate listen ${place}`;
  if (listen.setsOptions && known.setsOptions) return `duplicate listen options for ${place}`;
  if (listen.defaultServer && known.chosen) return `a duplicate default server for ${place}`;
  return undefined;
}

/** "203.0.113.5:443", "[::1]:443"; a unix socket as it is: nginx's own spelling. */
export function placeOf({ address, port }: SharedListener): string {
  if (port === 0) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A range of ports is cut at what the wire takes for one deployment. */
function lastLookedAt({ firstPort, lastPort }: Listen): number {
  return Math.min(lastPort, firstPort + 999);
}

function keyOf({ kind }: ServerBlock, { address, datagram }: Listen, port: number): string {
  return `${kind} ${datagram ? 'udp' : 'tcp'} ${address} ${port}`;
}
