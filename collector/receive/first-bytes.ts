import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Listens for TCP, and calls `spoken` once a connection that `accept` let in has said something: it is in its read buffer, and `spoken` gives the
 * socket to a TLS server. Node then copies it into a read buffer of that length, and TLS goes on with that one; where TLS reads
 * first it has 64 KB as long as the connection lives (decision 126).
 */
export function onceSpoken(accept: (socket: Socket) => boolean, spoken: (socket: Socket) => void): Server {
  return createServer({ noDelay: true }, (socket) => {
    // By itself: what it would see of its surroundings would be kept as long as the socket.
    destroyOnError(socket);
    if (!accept(socket)) socket.destroy();
    else
      socket.once('readable', () => {
        if (socket.readableLength > 0) spoken(socket);
        // It ended without a word.
        else socket.destroy();
      });
  });
}

export function destroyOnError(socket: Duplex): void {
  socket.on('error', () => socket.destroy());
}
