import type { Buffer } from 'node:buffer';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { failed, success } from '@certherd/protocol/failure';
import { hadProof, sentCertificates } from '../tls-certificates.ts';
import type { Client, Ended } from './connection.ts';
import { failureReason, isProtocolRefusal, isServerAlert } from './failure-reason.ts';
import { tap } from './tap.ts';

/** Node's own client, with all that OpenSSL knows. Nothing is trusted and nothing refused: what is presented is the observation. */
export function opensslClient(secureContext: tls.SecureContext, protocols: string[], serverName: string): Client {
  return (raw, end) => {
    const { stream, received, take } = tap(raw);
    const keyLog: string[] = [];
    let staple: Uint8Array = new Uint8Array(0);
    const socket = tls.connect({
      socket: stream,
      secureContext,
      rejectUnauthorized: false,
      ALPNProtocols: protocols,
      requestOCSP: true,
      ...(serverName && isIP(serverName) === 0 && { servername: serverName }),
    });
    socket.on('keylog', (line: Buffer) => keyLog.push(line.toString('latin1')));
    // null: none was stapled
    socket.on('OCSPResponse', (response: Buffer | null) => {
      staple = new Uint8Array(response ?? []);
    });
    // in the next turn: at once, the client's last words would never leave, and a server logs a handshake that was broken off
    socket.once('secureConnect', () =>
      setImmediate(() => end(presented(received(), keyLog, staple, socket.alpnProtocol))),
    );
    socket.on('error', (error) => {
      // a server that wants a certificate of its client ends the handshake after it has shown its own; an alert before the proof would show anybody's
      const isShown = isServerAlert(error) && hadProof(received(), keyLog);
      const shown = isShown ? presented(received(), keyLog, staple) : undefined;
      if (shown?.ok) end(shown);
      else end(ended(error));
    });
    return { take, over: () => socket.destroy() };
  };
}

function presented(
  received: Uint8Array,
  keyLog: readonly string[],
  staple: Uint8Array,
  alpn: string | false | null = null,
): Ended {
  const sent = sentCertificates(received, keyLog);
  return sent.ok ? success({ ...sent.value, ...(alpn && { alpn }), staple }) : sent;
}

function ended(error: Error): Ended {
  const { failure } = failed(failureReason(error), error.message);
  return { ok: false, failure: isProtocolRefusal(error) ? { ...failure, again: 'without-protocols' } : failure };
}
