import { createHash, timingSafeEqual } from 'node:crypto';
import tls from 'node:tls';
import { maxFrameBytes } from '@certherd/protocol/version';
import { agentPath } from '@certherd/protocol/session';
import WebSocket from 'ws';
import type { CollectorSocket, OpenCollectorSocket } from '../ports.ts';

const connectMs = 10_000;
/** More than a snapshot and a window of events, in bytes. */
const mostUnread = 8 * maxFrameBytes;

/**
 * A WebSocket to the collector over TLS. The collector's key is pinned (SHA-256 of its SubjectPublicKeyInfo), and
 * not one byte of ours is written before the pin was found right.
 */
export function collectorSocketOpener(): OpenCollectorSocket {
  return async ({ authority, pin }) => {
    const { host, port } = hostAndPort(authority);
    const connected = await pinnedTls(host, port, pin);
    if (!connected.ok) return connected;
    const socket = new WebSocket(`wss://${authority}${agentPath}`, {
      createConnection: () => connected.socket,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
      handshakeTimeout: connectMs,
    });
    return new Promise((resolve) => {
      const refuse = (detail: string) => resolve({ ok: false, failure: { reason: 'not-a-collector', detail } });
      socket.on('error', (error) => refuse(error.message));
      socket.once('unexpected-response', (_request, response) => {
        refuse(`${authority} answered ${response.statusCode} where a collector would take a WebSocket`);
        socket.terminate();
      });
      // Listening begins at once, because the collector speaks first.
      let date: string | undefined;
      socket.once('upgrade', ({ headers }) => {
        date = headers.date;
      });
      const early: string[] = [];
      const keep = (bytes: WebSocket.RawData) => early.push(textOf(bytes));
      socket.on('message', keep);
      socket.once('open', () => resolve({ ok: true, value: asCollectorSocket(socket, early, keep, date) }));
    });
  };
}

function asCollectorSocket(
  socket: WebSocket,
  early: string[],
  keep: (bytes: WebSocket.RawData) => void,
  date: string | undefined,
): CollectorSocket {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => socket.terminate());
  return {
    send: (text) => {
      // A collector that asks and does not read would have the agent keep all that it sends.
      if (socket.bufferedAmount > mostUnread) socket.terminate();
      else if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    onMessage: (listener) => {
      socket.off('message', keep);
      for (const text of early.splice(0)) listener(text);
      socket.on('message', (bytes: WebSocket.RawData, isBinary: boolean) => listener(isBinary ? '' : textOf(bytes)));
    },
    closed,
    ...(date !== undefined && { date }),
    close: () => socket.close(),
    terminate: () => socket.terminate(),
  };
}

type Pinned = { ok: true; socket: tls.TLSSocket } | Extract<Awaited<ReturnType<OpenCollectorSocket>>, { ok: false }>;

function pinnedTls(host: string, port: number, pin: string): Promise<Pinned> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host,
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    });
    const deadline = setTimeout(() => refuse('unreachable', `no answer within ${connectMs / 1000} s`), connectMs);
    const refuse = (reason: 'unreachable' | 'wrong-pin' | 'not-a-collector', detail: string) => {
      clearTimeout(deadline);
      socket.destroy();
      resolve({ ok: false, failure: { reason, detail } });
    };
    const onError = (error: NodeJS.ErrnoException) =>
      refuse(error.code?.startsWith('ERR_SSL') ? 'not-a-collector' : 'unreachable', error.message);
    socket.on('error', onError);
    socket.once('secureConnect', () => {
      clearTimeout(deadline);
      const shown = createHash('sha256').update(publicKeyOf(socket)).digest();
      const wanted = Buffer.from(pin, 'base64url');
      if (wanted.length !== shown.length || !timingSafeEqual(wanted, shown)) {
        refuse(
          'wrong-pin',
          `the server shows the TLS key ${shown.toString('base64url')}, the join string names ${pin}`,
        );
        return;
      }
      resolve({ ok: true, socket });
    });
  });
}

/** SubjectPublicKeyInfo, DER. Empty for a key that Node cannot read: no pin is that of nothing. */
function publicKeyOf(socket: tls.TLSSocket): Uint8Array {
  try {
    return socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' }) ?? new Uint8Array();
  } catch {
    return new Uint8Array();
  }
}

/** ws gives Buffers unless told otherwise. */
function textOf(bytes: WebSocket.RawData): string {
  return Buffer.isBuffer(bytes) ? bytes.toString('utf8') : '';
}

function hostAndPort(authority: string): { host: string; port: number } {
  const colon = authority.lastIndexOf(':');
  return { host: authority.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(authority.slice(colon + 1)) };
}
