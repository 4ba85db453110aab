import type { Buffer } from 'node:buffer';
import { connect as connectTcp, type Socket } from 'node:net';
import { type Failure, failed, type Result } from '@certherd/protocol/failure';
import type { StartTls } from '@certherd/protocol/snapshot';
import type { DialTarget, Handshake } from '../dial.ts';
import { continueDialogue, openDialogue, type Turn } from '../starttls.ts';
import type { Refusal } from '../tls13/refusal.ts';
import { failureReason } from './failure-reason.ts';

export type Ended = Result<Handshake, Refusal>;

/** Speaks TLS on a connection whose next byte belongs to it, tells `end` what came of it, and gives what is to be done once it is over. */
export type Client = (raw: Socket, end: (result: Ended) => void) => () => void;

/** One connection, on which `client` speaks TLS for at most `withinMs`; then it is closed. */
export function onConnection(target: DialTarget, withinMs: number, client: Client): Promise<Ended> {
  return new Promise((resolve) => {
    const raw = connected(target);
    let over: (() => void) | undefined;
    const end = (result: Ended) => {
      clearTimeout(deadline);
      over?.();
      raw.destroy();
      resolve(result);
    };
    const deadline = setTimeout(() => end(failed('timed-out', lateness(target, over !== undefined))), withinMs);
    raw.on('error', (error) => end(failed(failureReason(error), error.message)));
    // the last bytes may still be on their way through TLS
    raw.once('close', () => setImmediate(() => end(failed('connection-reset', 'the server closed the connection'))));
    const begin = () => {
      over = client(raw, end);
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

function lateness({ timeoutMs, startTls }: DialTarget, begun: boolean): string {
  return startTls && !begun
    ? `no leave to begin TLS within ${timeoutMs} ms: the server does not answer as ${startTls} does`
    : `no handshake within ${timeoutMs} ms`;
}
