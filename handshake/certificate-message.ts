import { failed, type Result, success } from '@certherd/protocol/failure';
import { extensionsIn } from './server-hello.ts';
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

/** Extension and kind of a CertificateStatus (RFC 6066 8). */
const statusRequest = 5;
const ocsp = 1;

/**
 * DER of the OCSP answer that is stapled to the leaf in a Certificate message of TLS 1.3 (RFC 8446 4.4.2.1) of which `chainOf` could read the certificates; empty
 * where there is none. Failure: 'malformed'.
 */
export function stapleOf(body: Uint8Array): Result<Uint8Array> {
  const entry = 4 + (body[0] ?? 0);
  const at = entry + 3 + uint24(body, entry);
  const length = uint16(body, at);
  const status = length > 0 ? extensionsIn(body.subarray(at + 2, at + 2 + length)).get(statusRequest) : undefined;
  if (!status) return success(new Uint8Array(0));
  if (status.length < 5 || status[0] !== ocsp || uint24(status, 1) !== status.length - 4)
    return failed('malformed', 'a CertificateStatus whose lengths do not fit');
  return success(new Uint8Array(status.subarray(4)));
}
