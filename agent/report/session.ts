import { type KeyObject, randomBytes } from 'node:crypto';
import type { Challenge, RefusalReason, RequestFrame, Welcome } from '@certherd/protocol/frame';
import type { LookedFrame, LookFrame } from '@certherd/protocol/look';
import {
  certificatesSince,
  looksSince,
  maxFrameBytes,
  oldestProtocolVersion,
  protocolVersion,
  requestsSince,
  rotationSince,
} from '@certherd/protocol/version';
import type { CollectorSocket, Ports } from '../ports.ts';
import { createCertificateTeller, type FindDer } from './certificate-teller.ts';
import { readCollectorFrame } from './frames.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type Enrolment, publicHalf, signRotation, signSession } from './identity.ts';
import type { Outbox } from './outbox.ts';
import { createSnapshotTeller } from './snapshot-teller.ts';

/** What a session tells about the host, asked for each time it is needed. */
export interface Told {
  hostName: string;
  agentVersion: string;
  bootId: string;
  /** The current snapshot, once there was a first look, as a collector of this version of the protocol takes it. */
  current(version: number): ToldSnapshot | undefined;
}

export interface ToldSnapshot {
  digest: string;
  observedAt: string;
  json: string;
}

/** How a session ended. `established` tells whether the collector had welcomed it. */
export interface SessionEnd {
  established: boolean;
  refused?: { reason: RefusalReason; retryAfterSeconds?: number | undefined };
}

export interface Session {
  ended: Promise<SessionEnd>;
  /** Something new may wait: a snapshot, or events in the outbox. */
  pump(): void;
  close(): void;
}

/** Of the events in one frame: half of what a frame may hold, unless a single event is larger. */
const eventsBytes = maxFrameBytes / 2;

/** One session on an open socket: proves who it is, then keeps the collector's picture and history up to date. */
export function startSession(
  ports: Pick<Ports, 'clock' | 'log'>,
  socket: CollectorSocket,
  identity: { key: KeyObject; enrolment: Enrolment; generation: number },
  told: Told,
  outbox: Outbox,
  on: {
    welcomed: () => void;
    requested: (frame: RequestFrame) => void;
    findDer: FindDer;
    /** Looks from here at what something else presents, and answers as a collector of this version of the protocol takes it. Absent: never. */
    look?: ((frame: LookFrame, version: number) => Promise<LookedFrame>) | undefined;
    /** The collector has every event by now. */
    delivered: () => void;
    /** A key to tell of, where it is time for another one. */
    nextKey: () => KeyObject | undefined;
    /** The collector took it. */
    rotated: () => void;
    /** This host has another identity by now. Asked at each heartbeat. */
    isReplaced: () => boolean;
  },
): Session {
  let welcome: Welcome | undefined;
  /** Expected from the challenge, and then as the welcome names it. */
  let version = oldestProtocolVersion;
  let refused: SessionEnd['refused'];
  let unknownSeen = false;
  let sentSeq = 0;
  /** Seqs that were sent and are not acked. They leave holes where a gap event took the place of others, so they are counted. */
  let inFlight: number[] = [];
  let challenged: { collectorId: string; collectorNonce: string } | undefined;
  let nextKey: KeyObject | undefined;
  let ended = false;
  const heartbeat = startHeartbeat(ports.clock, {
    beat: () => {
      if (on.isReplaced()) return socket.close();
      const current = told.current(version);
      const at = new Date(ports.clock.now()).toISOString();
      send({ type: 'heartbeat', at, ...(current && { observedAt: current.observedAt, digest: current.digest }) });
    },
    silent: () => socket.terminate(),
  });
  const send = (frame: object) => socket.send(JSON.stringify(frame));

  const snapshots = createSnapshotTeller(
    ports.clock,
    () => told.current(version),
    (text) => socket.send(text),
  );
  const certificates = createCertificateTeller(ports, on.findDer, send);
  const sendEvents = (window: number) => {
    const events = outbox.after(sentSeq, Math.min(100, window - inFlight.length), eventsBytes);
    const last = events.at(-1);
    if (!last) return;
    sentSeq = last.seq;
    inFlight.push(...events.map(({ seq }) => seq));
    send({ type: 'events', epoch: outbox.epoch, events });
  };
  const pump = () => {
    if (!welcome) return;
    snapshots.tell();
    sendEvents(welcome.window);
  };
  const answer = ({ nonce, collectorId, maxVersion }: Challenge) => {
    version = Math.min(protocolVersion, maxVersion);
    const { key, enrolment, generation } = identity;
    const agentNonce = randomBytes(32).toString('base64url');
    const signed = { collectorId, collectorNonce: nonce, agentNonce, agentId: enrolment.agentId, generation };
    const digest = told.current(version)?.digest;
    challenged = { collectorId, collectorNonce: nonce };
    send({
      type: 'hello',
      minVersion: oldestProtocolVersion,
      maxVersion: protocolVersion,
      agentId: enrolment.agentId,
      nonce: agentNonce,
      generation,
      bootId: told.bootId,
      signature: signSession(key, signed),
      hostName: told.hostName,
      agentVersion: told.agentVersion,
      ...(digest && { snapshotDigest: digest }),
      epoch: outbox.epoch,
    });
  };

  const look = async (frame: LookFrame) => {
    const looked = await on.look?.(frame, version);
    if (looked && !ended) send(looked);
  };

  const rotate = () => {
    nextKey = challenged && on.nextKey();
    if (!nextKey || !challenged) return;
    const session = { ...challenged, agentId: identity.enrolment.agentId };
    send({ type: 'rotate-key', ...signRotation(identity.key, nextKey, session) });
  };

  socket.onMessage((text) => {
    const frame = readCollectorFrame(text);
    if (!frame) {
      if (!unknownSeen)
        ports.log.warn({ length: text.length }, 'the collector sent a frame that this version does not know');
      unknownSeen = true;
      return;
    }
    heartbeat.heard();
    if (frame.type === 'challenge') answer(frame);
    else if (frame.type === 'heartbeat') heartbeat.beaten();
    else if (frame.type === 'refused') {
      refused = { reason: frame.reason, retryAfterSeconds: frame.retryAfterSeconds };
      socket.close();
    } else if (frame.type === 'welcome' && frame.ackedSeq > outbox.last) {
      // This outbox is older than what was sent (a restored disk): its next seqs would pass for known ones.
      ports.log.warn(
        { acked: frame.ackedSeq, last: outbox.last },
        'the collector knows later events than the outbox: a new epoch begins',
      );
      outbox.beginEpoch();
      socket.close();
    } else if (frame.type === 'welcome') {
      welcome = frame;
      version = frame.version;
      inFlight = [];
      sentSeq = frame.ackedSeq;
      outbox.acked(frame.ackedSeq);
      if (!frame.wantSnapshot) snapshots.known(told.current(version)?.digest);
      heartbeat.every(frame.heartbeatSeconds * 1000);
      on.welcomed();
      if (frame.version >= rotationSince) rotate();
      pump();
    } else if (frame.type === 'ack' && frame.epoch === outbox.epoch) {
      const before = outbox.size;
      outbox.acked(Math.min(frame.seq, sentSeq));
      if (before > 0 && outbox.size === 0) on.delivered();
      inFlight = inFlight.filter((seq) => seq > frame.seq);
      pump();
    } else if (frame.type === 'request' && welcome && welcome.version >= requestsSince) {
      on.requested(frame);
    } else if (frame.type === 'want-certificates' && welcome && welcome.version >= certificatesSince) {
      certificates.take(frame);
    } else if (frame.type === 'look' && welcome && welcome.version >= looksSince) {
      look(frame).catch((error: unknown) =>
        ports.log.error({ error: String(error) }, 'a look was not answered, which is a fault of certherd-agent'),
      );
    } else if (frame.type === 'key-rotated') {
      if (nextKey && frame.publicKey === publicHalf(nextKey)) on.rotated();
      nextKey = undefined;
    } else if (frame.type === 'want-snapshot') {
      snapshots.known(undefined);
      pump();
    }
  });

  return {
    ended: socket.closed.then(() => {
      ended = true;
      heartbeat.stop();
      snapshots.stop();
      certificates.stop();
      return { established: welcome !== undefined, ...(refused && { refused }) };
    }),
    pump,
    close: () => socket.close(),
  };
}
