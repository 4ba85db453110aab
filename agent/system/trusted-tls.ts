import { createHash, timingSafeEqual } from 'node:crypto';
import https from 'node:https';
import { TLSSocket } from 'node:tls';
import { systemTrust } from '@certherd/protocol/join';
import type { CollectorFailure } from '../ports.ts';

export interface TrustTarget {
  host: string;
  port: number;
  /** As in a join string (protocol/join.ts). */
  pin: string;
  connectMs: number;
  /** From this address of the host; absent: as the system chooses. */
  localAddress?: string | undefined;
}

/**
 * A TLS connection to a server that proved to be the right one, straight or through a proxy's CONNECT; nothing was written on it.
 * `roots`: PEM texts, read only where they are to decide.
 */
export function trustedTls(
  { host, port, pin, connectMs, localAddress }: TrustTarget,
  roots: () => readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ ok: true; socket: TLSSocket } | { ok: false; failure: CollectorFailure }> {
  return new Promise((resolve) => {
    const byRoots = pin === systemTrust;
    const agent = new https.Agent({ keepAlive: false, proxyEnv: environment });
    const refuse = (reason: CollectorFailure['reason'], detail: string) => {
      clearTimeout(deadline);
      agent.destroy();
      begun?.destroy();
      resolve({ ok: false, failure: { reason, detail } });
    };
    const onError = (error: NodeJS.ErrnoException) => refuse(reasonOf(error, byRoots), detailOf(error));
    const judge = (socket: TLSSocket) => {
      clearTimeout(deadline);
      socket.on('error', onError);
      const shown = createHash('sha256').update(publicKeyOf(socket)).digest();
      const wanted = Buffer.from(pin, 'base64url');
      if (!byRoots && (wanted.length !== shown.length || !timingSafeEqual(wanted, shown))) {
        socket.destroy();
        refuse(
          'wrong-pin',
          `the server shows the TLS key ${shown.toString('base64url')}, the join string names ${pin}`,
        );
      } else resolve({ ok: true, socket });
    };
    const deadline = setTimeout(() => refuse('unreachable', `no answer within ${connectMs / 1000} s`), connectMs);
    const options = {
      host,
      port,
      ...(localAddress !== undefined && { localAddress }),
      rejectUnauthorized: byRoots,
      // Where the pin decides, Node is kept from reading all of its roots: 4 MB and 10 ms.
      ca: byRoots ? [...roots()] : [],
      ALPNProtocols: ['http/1.1'],
      // RFC 6066 3: an address is no server name.
      servername: /^[\d.]+$|:/.test(host) ? '' : host,
    };
    // Through a proxy the socket comes by callback once TLS is up, without one it is returned at once.
    const begun = agent.createConnection(options, (error, socket) => {
      if (error) onError(error);
      else if (socket instanceof TLSSocket) judge(socket);
    });
    if (!begun) return;
    begun.on('error', onError);
    if (begun instanceof TLSSocket) begun.once('secureConnect', () => judge(begun));
  });
}

/** SubjectPublicKeyInfo, DER. Empty for a key that Node cannot read: no pin is that of nothing. */
function publicKeyOf(socket: TLSSocket): Uint8Array {
  try {
    return socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' }) ?? new Uint8Array();
  } catch {
    return new Uint8Array();
  }
}

function reasonOf({ code = '' }: NodeJS.ErrnoException, byRoots: boolean): CollectorFailure['reason'] {
  if (byRoots && /CERT|SIGN|ISSUER|VERIFY|ERR_TLS/.test(code)) return 'untrusted';
  return code.startsWith('ERR_SSL') ? 'not-a-collector' : 'unreachable';
}

/** One line: OpenSSL names its source files, and Node its own flags. */
function detailOf(error: NodeJS.ErrnoException & { reason?: string }): string {
  const words = error.code?.startsWith('ERR_SSL') ? (error.reason ?? error.code) : error.message;
  return words.split(/\n|; if the root/)[0] ?? '';
}
