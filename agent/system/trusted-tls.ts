import { createHash, timingSafeEqual } from 'node:crypto';
import https from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { systemTrust } from '@certherd/protocol/join';
import { keyExchangeGroups } from '@certherd/protocol/session';
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
 * `roots`: PEM texts, read only where they are to decide. Rejects where they are none.
 */
export function trustedTls(
  { host, port, pin, connectMs, localAddress }: TrustTarget,
  roots: () => readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ ok: true; socket: TLSSocket } | { ok: false; failure: CollectorFailure }> {
  return new Promise((resolve, reject) => {
    const byRoots = pin === systemTrust;
    let begun: { destroy: () => void } | undefined;
    const refuse = (reason: CollectorFailure['reason'], detail: string) => {
      clearTimeout(deadline);
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
    const target = { host, port, ...(localAddress !== undefined && { localAddress }) };
    const tls = () => ({
      rejectUnauthorized: byRoots,
      // Where the pin decides, Node is kept from reading all of its roots: 4 MB and 10 ms.
      ca: byRoots ? [...roots()] : [],
      ALPNProtocols: ['http/1.1'],
      ecdhCurve: keyExchangeGroups,
      // What the certificate has to name: of an address Node would not know it from the socket, and take localhost.
      host,
      // RFC 6066 3: an address is no server name.
      servername: /^[\d.]+$|:/.test(host) ? '' : host,
    });
    if (environment['https_proxy'] || environment['HTTPS_PROXY']) throughProxy();
    else straight();

    /** What TLS needs is made once there is somebody to speak it with: a try in vain is cheap. */
    function straight(): void {
      const tcp = connect(target).on('error', onError);
      begun = tcp;
      tcp.once('connect', () => {
        try {
          const socket = connectTls({ ...tls(), socket: tcp }).on('error', onError);
          begun = socket;
          socket.once('secureConnect', () => judge(socket));
        } catch (error) {
          clearTimeout(deadline);
          tcp.destroy();
          reject(error);
        }
      });
    }

    /** Or past it, where NO_PROXY names the host: then the socket is returned at once, and else it comes by callback once TLS is up. */
    function throughProxy(): void {
      const agent = new https.Agent({ keepAlive: false, proxyEnv: environment });
      const socket = agent.createConnection({ ...target, ...tls() }, (error, made) => {
        if (error) onError(error);
        else if (made instanceof TLSSocket) judge(made);
      });
      begun = { destroy: () => (agent.destroy(), socket?.destroy()) };
      socket?.on('error', onError);
      if (socket instanceof TLSSocket) socket.once('secureConnect', () => judge(socket));
    }
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

/** One line: OpenSSL names its source files, and Node its own flags. Of a name with several addresses each has an error of its own, and theirs has no words. */
function detailOf(error: NodeJS.ErrnoException & { reason?: string }): string {
  if (error instanceof AggregateError) return error.errors.map(detailOf).join('; ');
  const words = error.code?.startsWith('ERR_SSL') ? (error.reason ?? error.code) : error.message;
  return words.split(/\n|; if the root/)[0] ?? '';
}
