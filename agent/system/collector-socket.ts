import { maxFrameBytes, maxSnapshotBytes } from '@certherd/protocol/version';
import { agentPath } from '@certherd/protocol/session';
import WebSocket from 'ws';
import { readRootTexts } from '../observe/trusted-roots.ts';
import type { CollectorSocket, OpenCollectorSocket } from '../ports.ts';
import { bundledRoots } from './bundled-roots.ts';
import { systemFiles } from './files.ts';
import { trustedTls } from './trusted-tls.ts';

const connectMs = 10_000;
/** More than a snapshot in parts and a window of events, in bytes. */
const mostUnread = 3 * maxSnapshotBytes;

/**
 * A WebSocket to the collector over TLS, through the HTTP proxy that `environment` names for it (HTTPS_PROXY, NO_PROXY). Not one
 * byte of ours is written before the server has shown the pinned key, or a certificate that the system's roots or `extraRoots`
 * (PEM files) vouch for. `localAddress`: from this address of the host.
 */
export function collectorSocketOpener(
  extraRoots: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  localAddress?: string,
): OpenCollectorSocket {
  const roots = () => readRootTexts(systemFiles(), bundledRoots, extraRoots);
  return async ({ authority, pin }) => {
    const { host, port } = hostAndPort(authority);
    const connected = await trustedTls({ host, port, pin, connectMs, localAddress }, roots, environment);
    if (!connected.ok) return connected;
    const socket = new WebSocket(`wss://${authority}${agentPath}`, {
      createConnection: () => connected.socket,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
    });
    return new Promise((resolve) => {
      const refuse = (detail: string) => {
        clearTimeout(late);
        resolve({ ok: false, failure: { reason: 'not-a-collector', detail } });
      };
      // Not ws's handshakeTimeout: node sets it on sockets that it makes itself, and not on one that is there already.
      const late = setTimeout(() => {
        refuse(`${authority} gave no answer within ${connectMs / 1000} s`);
        socket.terminate();
      }, connectMs);
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
      socket.once('open', () => {
        clearTimeout(late);
        resolve({ ok: true, value: asCollectorSocket(socket, early, keep, date) });
      });
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

/** ws gives Buffers unless told otherwise. */
function textOf(bytes: WebSocket.RawData): string {
  return Buffer.isBuffer(bytes) ? bytes.toString('utf8') : '';
}

function hostAndPort(authority: string): { host: string; port: number } {
  const colon = authority.lastIndexOf(':');
  return { host: authority.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(authority.slice(colon + 1)) };
}
