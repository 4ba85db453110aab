import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';

/** Who speaks on a socket, and is told what happens on it. */
export interface Holder {
  connected: () => void;
  take: (chunk: Buffer) => void;
  failed: (error: Error) => void;
  closed: () => void;
}

/** A socket, and who holds it: undefined once it is let go, and nobody is told anything more. */
export interface HeldSocket {
  raw: Socket;
  holder: Holder | undefined;
}

/** Gives a socket that is not connected yet. */
export type TakeSocket = (holder: Holder) => HeldSocket;

export interface Sockets {
  /** For whoever listens to nothing but what a holder is told, neither ends nor pauses it, and lets go of it as it is destroyed. */
  again: TakeSocket;
  /** Nobody else's before or after. */
  once: TakeSocket;
}

/** So many wait for their next connection. */
const mostFree = 64;

/**
 * The sockets of a dialer. Node takes some 30 µs to make one, and V8's young collections do not free it (of Node 24, as no Duplex): thousands a minute would
 * wait for a full one. So a socket that was closed connects again (net.Socket's `connect`: once 'close' was emitted), if it was closed by this end, whole and without an error. All of
 * them read into one piece of memory, one after the other: Node takes 64 KiB for each read of a stream else, and gives most of it back.
 */
export function socketsOfDialer(): Sockets {
  const room = Buffer.allocUnsafeSlow(16_384);
  const free: HeldSocket[] = [];
  return {
    again: (holder) => {
      const held = free.pop() ?? heldSocket(room, free);
      held.holder = holder;
      return held;
    },
    once: (holder) => {
      const held = heldSocket(room);
      held.holder = holder;
      return held;
    },
  };
}

function heldSocket(room: Buffer, free?: HeldSocket[]): HeldSocket {
  const callback = (length: number) => {
    held.holder?.take(Buffer.from(room.subarray(0, length)));
    return true;
  };
  const raw = new Socket({ onread: { buffer: room, callback } });
  const held: HeldSocket = { raw, holder: undefined };
  raw.on('connect', () => held.holder?.connected());
  raw.on('error', (error) => held.holder?.failed(error));
  raw.on('close', (hadError) => {
    const isAsNew = !hadError && !held.holder && !raw.readableEnded && !raw.writableEnded && raw.writableLength === 0;
    held.holder?.closed();
    if (isAsNew && free && free.length < mostFree) free.push(held);
  });
  return held;
}
