import type tls from 'node:tls';
import type { Dialer, DialTarget } from './dial.ts';
import { type Client, onConnection } from './dial/connection.ts';
import { lookingClient, type Share, shareOfDialer, templateOf } from './dial/looking-client.ts';
import { signatureOffers } from './dial/offers.ts';
import { opensslClient } from './dial/openssl-client.ts';
import type { HelloTemplate } from './tls13/client-hello.ts';

/** What browsers and most other clients of web servers offer (RFC 7301). */
const webProtocols = ['h2', 'http/1.1'];

/** So many places are known to need OpenSSL; then they are learnt anew. A place is an address and a port: versions and groups are seldom a name's own. */
const mostKnown = 10_000;

/**
 * Real TLS handshakes. Nothing is trusted and nothing refused: what is presented is the observation. A client of our own that only looks makes those of plain
 * TLS 1.3, at a third of the time; what it leaves to OpenSSL is asked again by that, over another connection, and from then on by that at once. A server that
 * speaks none of the web's protocols says so with an alert; it is asked again without offering any. All of it within the same time.
 */
export function systemDialer(): Dialer {
  const offers = signatureOffers();
  const looking = lookingClients();
  const byOpenssl = new Set<string>();
  return async (target) => {
    const context = offers(target.algorithm, target.tlsVersion);
    if (!context.ok) return context;
    const until = performance.now() + target.timeoutMs;
    const place = `${target.startTls ?? ''} ${target.address} ${target.port}`;
    let protocols = target.startTls ? [] : webProtocols;
    for (;;) {
      const look = byOpenssl.has(place) ? undefined : looking(context.value, protocols, target);
      const client = look ?? opensslClient(context.value, protocols, target.serverName);
      const ended = await onConnection(target, Math.max(1, until - performance.now()), client);
      if (ended.ok) return ended;
      const { again, ...failure } = ended.failure;
      if (again === 'by-openssl' && look) {
        if (byOpenssl.size >= mostKnown) byOpenssl.clear();
        byOpenssl.add(place);
      } else if (again === 'without-protocols' && protocols.length > 0) protocols = [];
      else return { ok: false, failure };
    }
  };
}

/** The client that only looks, where it can ask for this; what it says first is learnt once for each context and list of protocols. */
function lookingClients() {
  const templates = new Map<string, HelloTemplate | undefined>();
  let share: Share | undefined;
  return (context: tls.SecureContext, protocols: readonly string[], target: DialTarget): Client | undefined => {
    const { algorithm, tlsVersion = '', serverName } = target;
    if (tlsVersion !== '' && tlsVersion !== 'TLSv1.3') return undefined;
    const key = [algorithm, tlsVersion, ...protocols].join(' ');
    if (!templates.has(key)) templates.set(key, templateOf(context, protocols));
    const template = templates.get(key);
    share ??= shareOfDialer();
    return template && lookingClient(template, share, serverName);
  };
}
