import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { type Failure, failed, type Result } from '@certherd/protocol/failure';
import type { StartTls } from '@certherd/protocol/snapshot';
import type { DialTarget, Handshake } from '../dial.ts';
import { continueDialogue, openDialogue, type Turn } from '../starttls.ts';
import type { Refusal } from '../tls13/refusal.ts';
import { failureReason } from './failure-reason.ts';
import { socketsOfDialer, type TakeSocket } from './sockets.ts';

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

/** One connection, on which `client` speaks TLS for at most `withinMs`; then it is closed. */
export function onConnection(
  target: DialTarget,
  withinMs: number,
  client: Client,
  take: TakeSocket = socketsOfDialer().once,
): Promise<Ended> {
  return new Promise((tell) => speakOnConnection(target, withinMs, client, take, { tell, speaking: undefined }));
}

/** All that leads from a socket to what was said on it, let go once it is over: a socket outlives what was said, used again or not yet freed. */
interface Said {
  tell: ((result: Ended) => void) | undefined;
  speaking: Speaking | undefined;
}

function speakOnConnection(
  target: DialTarget,
  withinMs: number,
  client: Client,
  takeSocket: TakeSocket,
  said: Said,
): void {
  let begun = false;
  const held = takeSocket({
    connected: () => {
      if (target.proxyProtocol) raw.write(proxyHeader(target));
      if (target.startTls)
        said.speaking = ask(raw, target.startTls, (failure) => (failure ? end({ ok: false, failure }) : begin()));
      else begin();
    },
    take: (chunk) => said.speaking?.take(chunk),
    failed: (error) => end(failed(failureReason(error), error.message)),
    // the last bytes may still be on their way through TLS
    closed: () => setImmediate(() => end(failed('connection-reset', 'the server closed the connection'))),
  });
  const { raw } = held;
  const end = (result: Ended) => {
    const { tell, speaking } = said;
    if (!tell) return;
    said.tell = undefined;
    said.speaking = undefined;
    held.holder = undefined;
    clearTimeout(deadline);
    speaking?.over?.();
    raw.destroy();
    tell(result);
  };
  const deadline = setTimeout(() => end(failed('timed-out', lateness(target, begun))), withinMs);
  const begin = () => {
    begun = true;
    said.speaking = client(raw, end);
  };
  const { address, port } = target;
  if (address.startsWith('unix:')) raw.connect({ path: address.slice(5) });
  else raw.connect({ host: address, port });
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
