import { Buffer } from 'node:buffer';
import { connect as connectTcp, type Socket } from 'node:net';
import { type Failure, failed, type Result } from '@certherd/protocol/failure';
import type { StartTls } from '@certherd/protocol/snapshot';
import type { DialTarget, Handshake } from '../dial.ts';
import { continueDialogue, openDialogue, type Turn } from '../starttls.ts';
import type { Refusal } from '../tls13/refusal.ts';
import { failureReason } from './failure-reason.ts';

export type Ended = Result<Handshake, Refusal>;

/** One end of a connection, from the first byte on that belongs to it. */
export interface Speaking {
  /** What comes, as it comes. */
  take: (chunk: Buffer) => void;
  /** To be done once the connection is over. */
  over?: () => void;
}

/** Speaks TLS on a connection, and tells `end` what came of it. */
export type Client = (raw: Socket, end: (result: Ended) => void) => Speaking;

/** What all connections of a dialer read into, one after the other: Node takes 64 KiB for each read of a stream else, and gives most of it back. */
export function readingRoom(): Buffer {
  return Buffer.allocUnsafeSlow(16_384);
}

/** One connection, on which `client` speaks TLS for at most `withinMs`; then it is closed. */
export function onConnection(
  target: DialTarget,
  withinMs: number,
  client: Client,
  room = readingRoom(),
): Promise<Ended> {
  return new Promise((tell) => speakOnConnection(target, withinMs, client, room, { tell, speaking: undefined }));
}

/**
 * All that leads from a socket to what was said on it, let go once it is over: V8's young collections do not free Node's sockets, and handshakes that hang
 * on them would fill memory until a full one.
 */
interface Held {
  tell: ((result: Ended) => void) | undefined;
  speaking: Speaking | undefined;
}

function speakOnConnection(target: DialTarget, withinMs: number, client: Client, room: Buffer, held: Held): void {
  let begun = false;
  const raw = connected(target, room, (chunk) => held.speaking?.take(chunk));
  const end = (result: Ended) => {
    const { tell, speaking } = held;
    if (!tell) return;
    held.tell = undefined;
    held.speaking = undefined;
    clearTimeout(deadline);
    speaking?.over?.();
    raw.destroy();
    tell(result);
  };
  const deadline = setTimeout(() => end(failed('timed-out', lateness(target, begun))), withinMs);
  raw.on('error', (error) => end(failed(failureReason(error), error.message)));
  raw.once('close', () => {
    // the last bytes may still be on their way through TLS
    if (held.tell) setImmediate(() => end(failed('connection-reset', 'the server closed the connection')));
  });
  const begin = () => {
    begun = true;
    held.speaking = client(raw, end);
  };
  raw.once('connect', () => {
    if (target.proxyProtocol) raw.write(proxyHeader(target));
    if (target.startTls)
      held.speaking = ask(raw, target.startTls, (failure) => (failure ? end({ ok: false, failure }) : begin()));
    else begin();
  });
}

function connected({ address, port }: DialTarget, room: Buffer, take: (chunk: Buffer) => void): Socket {
  const onread = {
    buffer: room,
    callback: (length: number) => {
      take(Buffer.from(room.subarray(0, length)));
      return true;
    },
  };
  return address.startsWith('unix:')
    ? connectTcp({ path: address.slice(5), onread })
    : connectTcp({ host: address, port, onread });
}

/** The plain-text dialogue; ends with its failure, or without one when the next byte belongs to TLS. */
function ask(raw: Socket, protocol: StartTls, done: (failure?: Failure) => void): Speaking {
  let turn: Turn = openDialogue(protocol);
  if (turn.send.length > 0) raw.write(turn.send);
  return {
    take: (bytes) => {
      const next = continueDialogue(turn.dialogue, bytes);
      if (!next.ok) return done(next.failure);
      turn = next.value;
      if (turn.send.length > 0) raw.write(turn.send);
      if (turn.go) done();
    },
  };
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
