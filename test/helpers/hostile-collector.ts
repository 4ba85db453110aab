import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Event } from '@certherd/protocol/event';
import type { AgentFrame } from '@certherd/protocol/frame';
import { agentPath } from '@certherd/protocol/session';
import { type WebSocket, WebSocketServer } from 'ws';
import { loadTlsIdentity } from '../../collector/receive/tls-identity.ts';
import { until } from './testbed/until.ts';

/** A collector that holds the pinned key, greets as it should, and may then send whatever a test likes. */
export interface HostileCollector {
  /** The agent's connection, once it is welcomed. */
  connected(): Promise<WebSocket>;
  /** Sends these on the connection, and comes back when the agent has read them all: a pong comes after what was sent before. */
  send(frames: (string | Buffer)[]): Promise<void>;
  /** Every event that the agent told, in order; all of them are acked. */
  events: Event[];
  heartbeats(): number;
  /** How often an agent was welcomed. */
  welcomes(): number;
}

/** Starts it, and enrols the agent of this state directory with it, as `enroll` would have. */
export async function startHostileCollector(
  t: { teardown(task: () => void): void },
  directory: string,
  stateDirectory: string,
): Promise<HostileCollector> {
  const identity = await loadTlsIdentity(directory, Date.now());
  if (!identity.ok) throw new Error(identity.failure);
  const { key, certificate, pin } = identity.value;
  const server = createServer({ key, cert: certificate, ALPNProtocols: ['http/1.1'] });
  const sockets = new WebSocketServer({ server, path: agentPath, perMessageDeflate: false });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const collectorId = 'hostile-collector';
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const enrolment = { authority: `127.0.0.1:${port}`, pin, agentId: 'agent-under-test', collectorId };
  writeFileSync(path.join(stateDirectory, 'enrolment.json'), JSON.stringify(enrolment), { mode: 0o600 });

  const events: Event[] = [];
  let live: WebSocket | undefined;
  let heartbeats = 0;
  let welcomes = 0;
  sockets.on('connection', (socket) => {
    const say = (frame: object) => socket.send(JSON.stringify(frame));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      if (live === socket) live = undefined;
    });
    socket.on('message', (bytes) => {
      const frame = JSON.parse(Buffer.isBuffer(bytes) ? bytes.toString('utf8') : '') as AgentFrame;
      if (frame.type === 'hello') {
        const ackedSeq = events.at(-1)?.seq ?? 0;
        say({ type: 'welcome', version: 2, ackedSeq, wantSnapshot: true, heartbeatSeconds: 0.5, window: 1000 });
        live = socket;
        welcomes += 1;
      } else if (frame.type === 'events') {
        events.push(...frame.events);
        say({ type: 'ack', epoch: frame.epoch, seq: events.at(-1)?.seq ?? 0 });
      } else if (frame.type === 'heartbeat') heartbeats += 1;
    });
    say({ type: 'challenge', collectorId, nonce: 'n'.repeat(43), minVersion: 1, maxVersion: 2 });
  });
  const connected = () => until('the agent is connected', () => live, { deadlineMs: 60_000 });
  return {
    connected,
    send: async (frames) => {
      const socket = await connected();
      for (const frame of frames) socket.send(frame, { binary: typeof frame !== 'string' });
      socket.ping();
      // A frame that is too long ends the connection, and the agent comes again.
      const over = new AbortController();
      const { signal } = over;
      const read = once(socket, 'pong', { signal }).catch(() => {});
      await Promise.race([read, once(socket, 'close', { signal }).catch(() => {})]);
      over.abort();
    },
    events,
    heartbeats: () => heartbeats,
    welcomes: () => welcomes,
  };
}
