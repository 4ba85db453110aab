import { Buffer } from 'node:buffer';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import tls from 'node:tls';
import { type Failure, failed, type Result, success } from '@certherd/protocol/failure';
import type { StartTls } from '@certherd/protocol/snapshot';
import { continueDialogue, openDialogue, type Turn } from './starttls.ts';
import { sentCertificates } from './tls-certificates.ts';
import type { Dialer, DialTarget, Handshake } from './dial.ts';
import { failureReason, isProtocolRefusal, isServerAlert } from './dial/failure-reason.ts';
import { signatureOffers } from './dial/offers.ts';
import { tap } from './dial/tap.ts';

/** What browsers and most other clients of web servers offer (RFC 7301). */
const webProtocols = ['h2', 'http/1.1'];

type Ended = Result<Handshake, Failure & { protocolRefused?: true }>;

/**
 * Real TLS handshakes. Nothing is trusted and nothing refused: what is presented is the observation. A server that speaks
 * none of the web's protocols says so with an alert; it is asked again without offering any, within the same time.
 */
export function systemDialer(): Dialer {
  const offers = signatureOffers();
  return async (target) => {
    const context = offers(target.algorithm, target.tlsVersion);
    if (!context.ok) return context;
    const began = performance.now();
    const first = await handshake(target, context.value, target.startTls ? [] : webProtocols);
    if (first.ok || !first.failure.protocolRefused) return first;
    const timeoutMs = Math.max(1, target.timeoutMs - (performance.now() - began));
    return handshake({ ...target, timeoutMs }, context.value, []);
  };
}

function handshake(target: DialTarget, secureContext: tls.SecureContext, protocols: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const raw = connected(target);
    let secure: tls.TLSSocket | undefined;
    const end = (result: Ended) => {
      clearTimeout(deadline);
      secure?.destroy();
      raw.destroy();
      resolve(result);
    };
    const deadline = setTimeout(() => end(failed('timed-out', lateness(target, secure))), target.timeoutMs);
    raw.on('error', (error) => end(failed(failureReason(error), error.message)));
    // the last bytes may still be on their way through TLS
    raw.once('close', () => setImmediate(() => end(failed('connection-reset', 'the server closed the connection'))));
    const begin = () => {
      const { stream, received } = tap(raw);
      const keyLog: string[] = [];
      const socket = tls.connect({
        socket: stream,
        secureContext,
        rejectUnauthorized: false,
        ALPNProtocols: protocols,
        ...(target.serverName && isIP(target.serverName) === 0 && { servername: target.serverName }),
      });
      secure = socket;
      socket.on('keylog', (line: Buffer) => keyLog.push(line.toString('latin1')));
      socket.once('secureConnect', () => end(presented(received(), keyLog, socket.alpnProtocol)));
      socket.on('error', (error) => {
        const shown = isServerAlert(error) ? presented(received(), keyLog) : undefined;
        // a server that wants a certificate of its client ends the handshake after it has shown its own
        if (shown?.ok) end(shown);
        else end(refused(error));
      });
    };
    raw.once('connect', () => {
      if (target.proxyProtocol) raw.write(proxyHeader(target));
      if (target.startTls) ask(raw, target.startTls, (failure) => (failure ? end({ ok: false, failure }) : begin()));
      else begin();
    });
  });
}

function connected({ address, port }: DialTarget): Socket {
  return address.startsWith('unix:') ? connectTcp({ path: address.slice(5) }) : connectTcp({ host: address, port });
}

/** The plain-text dialogue; ends with its failure, or without one when the next byte belongs to TLS. */
function ask(raw: Socket, protocol: StartTls, done: (failure?: Failure) => void): void {
  let turn: Turn = openDialogue(protocol);
  if (turn.send.length > 0) raw.write(turn.send);
  const listen = (bytes: Buffer) => {
    const next = continueDialogue(turn.dialogue, bytes);
    if (next.ok) turn = next.value;
    if (!next.ok || turn.go) raw.off('data', listen).pause();
    if (!next.ok) return done(next.failure);
    if (turn.send.length > 0) raw.write(turn.send);
    if (turn.go) done();
  };
  raw.on('data', listen);
}

/** PROXY protocol, version 1: a connection from this host to itself. Some servers hang up on the shorter "UNKNOWN". */
function proxyHeader({ address, port }: DialTarget): string {
  return address.includes(':') && !address.startsWith('unix:')
    ? `PROXY TCP6 ::1 ::1 1 ${port}\r\n`
    : `PROXY TCP4 127.0.0.1 127.0.0.1 1 ${port}\r\n`;
}

function presented(received: Uint8Array, keyLog: readonly string[], alpn: string | false | null = null): Ended {
  const sent = sentCertificates(received, keyLog);
  return sent.ok && alpn ? success({ ...sent.value, alpn }) : sent;
}

function refused(error: Error): Ended {
  const { failure } = failed(failureReason(error), error.message);
  return { ok: false, failure: isProtocolRefusal(error) ? { ...failure, protocolRefused: true } : failure };
}

function lateness({ timeoutMs, startTls }: DialTarget, secure: tls.TLSSocket | undefined): string {
  return startTls && !secure
    ? `no leave to begin TLS within ${timeoutMs} ms: the server does not answer as ${startTls} does`
    : `no handshake within ${timeoutMs} ms`;
}
