import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectPlain, isIP } from 'node:net';
import { connect } from 'node:tls';

const offered = { rsa: 'rsa_pss_rsae_sha256:RSA+SHA256', ecdsa: 'ecdsa_secp256r1_sha256' } as const;

export interface At {
  address: string;
  port: number;
  proxyProtocol?: boolean;
}

/** The leaf that a listener presents to one name and one kind of signature, seen without the agent's code. */
export async function presented(
  { address, port, proxyProtocol }: At,
  name: string,
  algorithm: keyof typeof offered,
): Promise<string> {
  const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  const place = port === 0 ? { path: address.replace('unix:', '') } : { host, port };
  const plain = connectPlain(place);
  // Not "PROXY UNKNOWN": mod_remoteip hangs up on it.
  if (proxyProtocol) plain.write(`PROXY TCP4 127.0.0.1 127.0.0.1 1 ${port || 1}\r\n`);
  const socket = connect({
    socket: plain,
    ...(name !== '' && isIP(name) === 0 && { servername: name }),
    sigalgs: offered[algorithm],
    rejectUnauthorized: false,
  });
  plain.once('error', (error) => socket.destroy(error));
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()?.fingerprint256 ?? 'none';
  } finally {
    socket.destroy();
    plain.destroy();
  }
}

export function fingerprintIn(path: string): string {
  return new X509Certificate(readFileSync(path)).fingerprint256;
}

export function algorithmIn(path: string): keyof typeof offered {
  return new X509Certificate(readFileSync(path)).publicKey.asymmetricKeyType === 'rsa' ? 'rsa' : 'ecdsa';
}
