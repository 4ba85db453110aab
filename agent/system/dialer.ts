import { isIP, connect as connectTcp, type Socket } from 'node:net';
import tls from 'node:tls';
import { type FailureReason, type Result, failed, success } from '@certherd/protocol/failure';
import type { Dialer, DialTarget, Handshake } from '../ports.ts';

/** Signature schemes by the kind of leaf that can make them (RFC 8446 4.2.3), in OpenSSL's names. */
const schemes: Record<DialTarget['algorithm'], string> = {
  ecdsa: 'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA1',
  rsa: 'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1',
  ed25519: 'ed25519',
};

/**
 * Real TLS handshakes. Nothing is trusted and nothing refused: what is presented is the observation. One
 * SecureContext per algorithm serves all of them, because making one costs more than a handshake.
 */
export function systemDialer(): Dialer {
  const contexts = new Map<string, tls.SecureContext>();
  const contextFor = (algorithm: DialTarget['algorithm']) => {
    const known = contexts.get(algorithm);
    if (known) return known;
    const made = tls.createSecureContext({
      ca: [],
      sigalgs: schemes[algorithm],
      ecdhCurve: 'X25519:P-256:P-384',
      minVersion: 'TLSv1.2',
    });
    contexts.set(algorithm, made);
    return made;
  };
  return (target) => handshake(target, contextFor(target.algorithm));
}

function handshake(target: DialTarget, secureContext: tls.SecureContext): Promise<Result<Handshake>> {
  return new Promise((resolve) => {
    const unix = target.address.startsWith('unix:');
    const raw: Socket = unix
      ? connectTcp({ path: target.address.slice(5) })
      : connectTcp({ host: target.address, port: target.port });
    let secure: tls.TLSSocket | undefined;
    const end = (result: Result<Handshake>) => {
      clearTimeout(deadline);
      secure?.destroy();
      raw.destroy();
      resolve(result);
    };
    const deadline = setTimeout(
      () => end(failed('timed-out', `no handshake within ${target.timeoutMs} ms`)),
      target.timeoutMs,
    );
    raw.on('error', (error) => end(failed(reasonOf(error), error.message)));
    raw.once('close', () => end(failed('connection-reset', 'the server closed the connection')));
    raw.once('connect', () => {
      if (target.proxyProtocol) raw.write(proxyHeader(target));
      const socket = tls.connect({
        socket: raw,
        secureContext,
        rejectUnauthorized: false,
        ALPNProtocols: ['http/1.1'],
        ...(target.serverName && isIP(target.serverName) === 0 && { servername: target.serverName }),
      });
      secure = socket;
      socket.on('error', (error) => end(failed(reasonOf(error), error.message)));
      socket.once('secureConnect', () => end(presented(socket)));
    });
  });
}

/** PROXY protocol, version 1: a connection from this host to itself. Some servers hang up on the shorter "UNKNOWN". */
function proxyHeader({ address, port }: DialTarget): string {
  return address.includes(':') && !address.startsWith('unix:')
    ? `PROXY TCP6 ::1 ::1 1 ${port}\r\n`
    : `PROXY TCP4 127.0.0.1 127.0.0.1 1 ${port}\r\n`;
}

function presented(socket: tls.TLSSocket): Result<Handshake> {
  const chain: Uint8Array[] = [];
  let next: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw && !chain.some((der) => Buffer.compare(der, next?.raw ?? der) === 0)) {
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  if (chain.length === 0) return failed('handshake-failed', 'the server presented no certificate');
  return success({ chain, tlsVersion: socket.getProtocol() ?? 'unknown' });
}

function reasonOf(error: Error & { code?: string }): FailureReason {
  switch (error.code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return 'connection-refused';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'connection-reset';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'unreachable';
    case 'ETIMEDOUT':
      return 'timed-out';
    case 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME':
    case 'ERR_SSL_TLSV1_ALERT_UNRECOGNIZED_NAME':
      return 'name-rejected';
    case 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE':
    case 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
      return 'no-shared-algorithm';
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'ERR_SSL_HTTP_REQUEST':
      return 'not-tls';
    default:
      return /alert number 40|handshake failure/i.test(error.message)
        ? 'no-shared-algorithm'
        : /unrecognized name/i.test(error.message)
          ? 'name-rejected'
          : 'handshake-failed';
  }
}
