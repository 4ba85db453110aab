import type tls from 'node:tls';
import type { DialTarget } from '../dial.ts';
import type { HelloTemplate } from '../tls13/client-hello.ts';
import type { Client } from './connection.ts';
import { lookingClient, type Share, shareOfDialer, templateOf } from './looking-client.ts';

/** Clients of our own for what is plain TLS 1.3, at two thirds of the processor time of OpenSSL's, and a quarter where the server refuses. */
export interface LookingClients {
  /** undefined: this is asked by OpenSSL. */
  clientFor: (target: DialTarget, context: tls.SecureContext, protocols: readonly string[]) => Client | undefined;
  /** What stands there speaks no plain TLS 1.3: it is asked by OpenSSL from now on. */
  leave: (target: DialTarget) => void;
}

/** So many places are known to be OpenSSL's; then they are learnt anew. */
const mostKnown = 10_000;

/** For one dialer: what a ClientHello says is learnt from OpenSSL once for each kind, and one key serves all. */
export function lookingClients(): LookingClients {
  const templates = new Map<string, HelloTemplate | undefined>();
  const left = new Set<string>();
  let share: Share | undefined;
  return {
    clientFor: (target, context, protocols) => {
      const { algorithm, tlsVersion = '', serverName } = target;
      if ((tlsVersion !== '' && tlsVersion !== 'TLSv1.3') || left.has(placeOf(target))) return undefined;
      const key = [algorithm, tlsVersion, ...protocols].join(' ');
      if (!templates.has(key)) templates.set(key, templateOf(context, protocols));
      const template = templates.get(key);
      share ??= shareOfDialer();
      return template && lookingClient(template, share, serverName);
    },
    leave: (target) => {
      if (left.size >= mostKnown) left.clear();
      left.add(placeOf(target));
    },
  };
}

/** Without the name: versions and groups are those of the listener. */
function placeOf({ startTls, address, port }: DialTarget): string {
  return `${startTls ?? ''} ${address} ${port}`;
}
