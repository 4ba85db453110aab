import { type CollectorFrame, closeCodes, type RefusalReason } from '@certherd/protocol/frame';
import { maxFrameBytes } from '@certherd/protocol/version';
import { WebSocket } from 'ws';
import type { Clock, Log } from '../ports.ts';
import type { Refusals } from './gate.ts';

/** The sending side of one connection. */
export interface Channel {
  /** Frames that the other end does not read pile up to 1 MiB; then it is dropped as too slow. */
  send: (frame: CollectorFrame) => void;
  /** Says why, and closes with the code of that reason. `detail` is for the log alone. */
  refuse: (reason: RefusalReason, detail: string, retryAfterSeconds?: number) => void;
  isOpen: () => boolean;
}

const lingerMs = 1_000;

export function createChannel(
  socket: WebSocket,
  remote: string,
  needs: { clock: Clock; log: Log; refusals: Refusals },
): Channel {
  const { clock, log, refusals } = needs;
  let ended = false;
  return { send, refuse, isOpen: () => !ended && socket.readyState === WebSocket.OPEN };

  function send(frame: CollectorFrame): void {
    if (ended) return;
    if (socket.bufferedAmount > maxFrameBytes) return drop();
    socket.send(JSON.stringify(frame));
  }

  function refuse(reason: RefusalReason, detail: string, retryAfterSeconds?: number): void {
    if (ended) return;
    log.warn({ remote, reason, detail }, 'refused');
    refusals.count(reason);
    send({ type: 'refused', reason, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
    ended = true;
    socket.resume();
    socket.close(closeCodes[reason], reason);
    // The other end may not answer the close: it has a second.
    const cancel = clock.after(lingerMs, () => socket.terminate());
    socket.once('close', cancel);
  }

  function drop(): void {
    ended = true;
    log.warn({ remote, reason: 'too-slow' }, 'refused');
    refusals.count('too-slow');
    socket.terminate();
  }
}
