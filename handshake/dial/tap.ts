import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A server's first flight fits into this many times over: OpenSSL refuses chains of more than 100 KB. */
const most = 262_144;

/** A connected socket as a stream for TLS to run on, and a copy of the first bytes that came from it. */
export interface Tap {
  stream: Duplex;
  /** What came so far, at most 256 KiB of it. */
  received: () => Uint8Array;
  /** What came from the socket. */
  take: (chunk: Buffer) => void;
}

/** Node gives TLS bytes to OpenSSL behind the scenes where it may; over a stream of one's own they can be seen in passing. */
export function tap(socket: Socket): Tap {
  const chunks: Buffer[] = [];
  let kept = 0;
  const stream = new Duplex({
    autoDestroy: false,
    emitClose: false,
    read: () => void socket.resume(),
    // a client's part of a handshake is a few hundred bytes: nothing that would have to be held back
    write: (chunk: Buffer, _encoding, done) => {
      socket.write(chunk);
      done();
    },
    final: (done) => void socket.end(done),
  });
  const take = (chunk: Buffer) => {
    if (kept < most) chunks.push(chunk);
    kept += chunk.length;
    if (!stream.push(chunk)) socket.pause();
  };
  socket.once('end', () => void stream.push(null));
  return { stream, received: () => Buffer.concat(chunks), take };
}
