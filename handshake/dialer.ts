import type { Dialer } from './dial.ts';
import { onConnection } from './dial/connection.ts';
import type { LookingClients } from './dial/looking-clients.ts';
import { signatureOffers } from './dial/offers.ts';
import { opensslClient } from './dial/openssl-client.ts';
import { socketsOfDialer } from './dial/sockets.ts';

/** What browsers and most other clients of web servers offer (RFC 7301). */
const webProtocols = ['h2', 'http/1.1'];

/**
 * Real TLS handshakes. Nothing is trusted and nothing refused: what is presented is the observation. With `looking` a client that only looks is asked first,
 * and OpenSSL where that leaves it to OpenSSL. A server that speaks none of the web's protocols says so with an alert; it is asked again without offering
 * any. All of it within the same time.
 */
export function systemDialer(looking?: LookingClients): Dialer {
  const offers = signatureOffers();
  const sockets = socketsOfDialer();
  return async (target) => {
    const context = offers(target.algorithm, target.tlsVersion);
    if (!context.ok) return context;
    const until = performance.now() + target.timeoutMs;
    let protocols = target.startTls ? [] : webProtocols;
    for (;;) {
      const look = looking?.clientFor(target, context.value, protocols);
      const client = look ?? opensslClient(context.value, protocols, target.serverName);
      const ended = await onConnection(
        target,
        Math.max(1, until - performance.now()),
        client,
        look ? sockets.again : sockets.once,
      );
      if (ended.ok) return ended;
      const { again, ...failure } = ended.failure;
      if (again === 'by-openssl' && look) looking?.leave(target);
      else if (again === 'without-protocols' && protocols.length > 0) protocols = [];
      else return { ok: false, failure };
    }
  };
}
