import { Buffer } from 'node:buffer';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { clientHello, type HelloTemplate, helloTemplate, x25519 } from '../tls13/client-hello.ts';
import { clientFlight } from '../tls13/flight.ts';
import type { Client } from './connection.ts';

/** What this end puts into its handshakes: the same key into all. */
export interface Share {
  privateKey: KeyObject;
  /** 32 bytes. */
  publicKey: Uint8Array;
  /** 64 bytes, each time others. */
  random: () => Buffer;
}

/**
 * One key pair serves all handshakes of a dialer. A key of its own for each keeps secret what was said in it, should the key become known later
 * (RFC 8446 E.1.1); here nothing is ever said, and what the server shows it shows to everybody. What is proved does not rest on it: the signature and the
 * Finished cover the server's own fresh key and both randoms.
 */
export function shareOfDialer(): Share {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(x25519.spki.length);
  return { privateKey, publicKey: raw, random: randoms() };
}

/** Asked of OpenSSL for many at once: each time costs as much as a hundred more bytes. */
function randoms(): () => Buffer {
  const [length, atOnce] = [64, 64];
  let left = Buffer.alloc(0);
  return () => {
    if (left.length === 0) left = randomBytes(length * atOnce);
    const next = left.subarray(0, length);
    left = left.subarray(length);
    return next;
  };
}

/** A client of TLS 1.3 that looks and says nothing: it shows what the server presents, and closes. */
export function lookingClient(
  template: HelloTemplate,
  { privateKey, publicKey, random }: Share,
  serverName: string,
): Client {
  return (raw, end) => {
    const named = isIP(serverName) === 0 ? serverName : '';
    const hello = clientHello(template, random(), publicKey, named);
    const take = clientFlight(hello, privateKey);
    raw.write(hello.record);
    return {
      take: (chunk) => {
        const step = take(chunk);
        if (!step.ok) return end(step);
        if (!step.value) return;
        const { reply, chain, leaf, alpn, staple } = step.value;
        // no server is left to log a handshake that was not completed
        raw.write(reply);
        end({ ok: true, value: { chain, leaf, tlsVersion: 'TLSv1.3', ...(alpn !== undefined && { alpn }), staple } });
      },
    };
  };
}

/**
 * What OpenSSL itself would say first with this context: both clients offer the same, so that a server's answer to the one is its answer to the other.
 * undefined: it offers nothing that the looking client could complete.
 */
export function templateOf(secureContext: tls.SecureContext, protocols: readonly string[]): HelloTemplate | undefined {
  const written: Buffer[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  // it is written before connect returns
  const socket = tls.connect({ socket: stream, secureContext, ALPNProtocols: [...protocols], requestOCSP: true });
  socket.on('error', () => {}).destroy();
  return helloTemplate(Buffer.concat(written));
}
