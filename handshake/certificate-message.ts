import { failed, type Result, success } from '@certherd/protocol/failure';
import { uint16, uint24 } from './tls-records.ts';

const mostCertificates = 100;

/**
 * The DER of each certificate in a Certificate message, in the order in which they were sent, repeats and strangers included (RFC 5246 7.4.2,
 * RFC 8446 4.4.2: TLS 1.3 has a context before the list, and extensions behind each). Failures: 'malformed'; 'handshake-failed' where it is empty.
 */
export function chainOf(body: Uint8Array, tls13: boolean): Result<Uint8Array[]> {
  const broken = failed('malformed', 'a Certificate message whose lengths do not fit');
  let at = tls13 ? 1 + (body[0] ?? 0) : 0;
  if (body.length < at + 3 || at + 3 + uint24(body, at) !== body.length) return broken;
  at += 3;
  const chain: Uint8Array[] = [];
  while (at < body.length) {
    const length = uint24(body, at);
    const extensions = tls13 ? 2 + uint16(body, at + 3 + length) : 0;
    if (length === 0 || at + 3 + length + extensions > body.length) return broken;
    if (chain.length >= mostCertificates) return failed('malformed', `more than ${mostCertificates} certificates`);
    // a copy: a small certificate must not keep the whole flight in memory
    chain.push(new Uint8Array(body.subarray(at + 3, at + 3 + length)));
    at += 3 + length + extensions;
  }
  return chain.length === 0 ? failed('handshake-failed', 'the server presented no certificate') : success(chain);
}
