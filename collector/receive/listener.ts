import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Refused } from '@certherd/protocol/frame';
import { agentPath, keyExchangeGroups } from '@certherd/protocol/session';
import { maxFrameBytes } from '@certherd/protocol/version';
import { WebSocketServer } from 'ws';
import type { Authority } from '../authority.ts';
import { listen } from '../listen.ts';
import { type AdmissionLimits, admissionLimits, createAdmission, type Slot } from './admission.ts';
import { attend } from './connection.ts';
import { destroyOnError, onceSpoken } from './first-bytes.ts';
import type { Gate } from './gate.ts';
import type { TlsIdentity } from './tls-identity.ts';

export interface AgentListener {
  address: Authority;
  /** Sockets that have not authenticated yet. */
  waiting: () => number;
  close: () => Promise<void>;
}

export interface AgentListenerOptions {
  listen: Authority;
  identity: TlsIdentity;
  gate: Gate;
  /** Can anything be kept? */
  isWritable: () => Promise<boolean>;
  limits?: AdmissionLimits;
}

/** Of one message. Agents send each in one. */
export const maxFragments = 64;

/** The agents' own TLS listener: it upgrades agentPath to a WebSocket, answers /healthz and /livez, and knows nothing else. */
export async function openAgentListener(options: AgentListenerOptions): Promise<AgentListener> {
  const { identity, gate, isWritable, limits = admissionLimits } = options;
  const admission = createAdmission(gate.clock, limits);
  const slots = new Map<string, Slot>();
  let isClosing = false;
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    maxFragments,
  });
  // By it an agent can tell that one of the two clocks is wrong.
  sockets.on('headers', (headers) => headers.push(`Date: ${new Date(gate.clock.now()).toUTCString()}`));
  // It does not listen itself, and so has none of http's timers: a slot's deadline is shorter than all of them.
  const server = createServer(
    {
      key: identity.key,
      cert: identity.certificate,
      minVersion: 'TLSv1.2',
      ecdhCurve: keyExchangeGroups,
      ALPNCallback: onlyHttp1,
      handshakeTimeout: limits.deadlineMs,
    },
    answer,
  );
  server.on('upgrade', upgrade);
  const door = onceSpoken(admit, (socket) => server.emit('connection', socket));
  const address = await listen(door, 'agent_listen', options.listen);
  // Out of descriptors, as it happens: whoever connects has to try again, whoever is connected stays.
  door.on('error', (error) => gate.log.error({ detail: error.message }, 'a connection could not be accepted'));
  return { address, waiting: admission.waiting, close };

  /** The TCP connection, before its TLS handshake: silent ones take a place too. */
  function admit(socket: Socket): boolean {
    const remote = remoteOf(socket);
    const slot = admission.admit(socket.remoteAddress ?? '', () => socket.destroy());
    if (!slot) return false;
    slots.set(remote, slot);
    socket.once('close', () => {
      slot.release();
      slots.delete(remote);
    });
    return true;
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    destroyOnError(socket);
    // Whoever is welcomed now would be asked by nobody to leave, and keep this end from closing.
    if (isClosing) return void socket.destroy();
    const remote = remoteOf(request.socket);
    const slot = slots.get(remote);
    const path = request.url?.split('?')[0];
    // Agents send no Origin: a page in somebody's browser does (RFC 6454).
    if (!slot || path !== agentPath || request.headers.origin !== undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => attend(webSocket, remote, slot, gate));
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const end = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
    // That it answers at all: a full disk is no reason to start it again (Kubernetes' liveness probe).
    if (request.method === 'GET' && request.url === '/livez') {
      end(200, { status: 'ok' });
      return;
    }
    if (request.method !== 'GET' || request.url !== '/healthz') {
      end(404, { title: 'Not Found', status: 404 });
      return;
    }
    isWritable().then(
      (writable) => end(writable ? 200 : 503, { status: writable ? 'ok' : 'read-only' }),
      () => end(503, { status: 'read-only' }),
    );
  }

  /** 1001: going away (RFC 6455 7.4.1). Whoever does not answer within a second is cut off. */
  async function close(): Promise<void> {
    isClosing = true;
    const closed = new Promise<void>((resolve) => {
      door.close(() => resolve());
    });
    const clients = [...sockets.clients];
    const ended = clients.map((client) => new Promise<void>((resolve) => client.once('close', () => resolve())));
    const hint = restartHint(clients.length);
    for (const client of clients) {
      if (hint) client.send(JSON.stringify(hint));
      client.close(1001, 'restarting');
    }
    const cancel = gate.clock.after(1_000, () => {
      for (const client of clients) client.terminate();
    });
    await Promise.all(ended);
    cancel();
    // Whoever has not proved anything yet.
    admission.close();
    await closed;
  }
}

/** From as many agents on they are told how long a restart takes; fewer may try at once. */
export const largeFleet = 600;
/** What a restart takes, about. Who is told more comes when the collector has waited for it; room for all of them at a time is in the kernel (decisions 108 and 124). */
export const restartSeconds = 4;

/** A large fleet is told to stay away while nobody listens: its agents wait for once to twice as long as they are told. */
export function restartHint(agents: number): Refused | undefined {
  if (agents < largeFleet) return undefined;
  return { type: 'refused', reason: 'try-later', retryAfterSeconds: restartSeconds };
}

/**
 * RFC 7301: an agent that offers others alone is refused, as by `ALPNProtocols`. Of that list Node keeps a copy for each connection, in a slab of 64 KB that
 * many share for a moment, and that the copy keeps from being collected (decision 109).
 */
function onlyHttp1({ protocols }: { protocols: string[] }): string | undefined {
  return protocols.find((one) => one === 'http/1.1');
}

function remoteOf(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
