import { createHash } from 'node:crypto';
import { connect } from 'node:tls';

export interface Served {
  /** SHA-256 of the leaf's DER, lower-case hexadecimal. */
  fingerprint: string;
  subjectAltNames: string;
  /** Milliseconds since 1970. */
  notAfter: number;
}

/** Signature schemes of one family, as OpenSSL names them (RFC 8446 4.2.3). */
const schemes = {
  rsa: 'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384',
  ecdsa: 'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512',
} as const;

/**
 * One TLS handshake with 127.0.0.1:`port` that offers only signatures of one family, and what the server presented. It
 * shares no code with the agent: what it says is seen from outside. Rejects when there is no handshake within 3 s.
 */
export function handshake(port: number, serverName: string, algorithm: keyof typeof schemes): Promise<Served> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: serverName,
      sigalgs: schemes[algorithm],
      rejectUnauthorized: false,
      timeout: 3000,
    });
    socket.once('secureConnect', () => {
      const leaf = socket.getPeerX509Certificate();
      socket.destroy();
      if (!leaf) return reject(new Error(`127.0.0.1:${port} presented no certificate for ${serverName}`));
      resolve({
        fingerprint: createHash('sha256').update(leaf.raw).digest('hex'),
        subjectAltNames: leaf.subjectAltName ?? '',
        notAfter: leaf.validToDate.getTime(),
      });
    });
    socket.once('timeout', () => socket.destroy(new Error(`127.0.0.1:${port}: no handshake within 3 s`)));
    socket.once('error', reject);
  });
}
