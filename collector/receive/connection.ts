import { randomBytes } from 'node:crypto';
import type { Enrol, Hello, RequestFrame, RotateKey } from '@certherd/protocol/frame';
import { framesSince, oldestProtocolVersion, protocolVersion, requestsSince } from '@certherd/protocol/version';
import type { RawData, WebSocket } from 'ws';
import { codeOf, messageOf } from '../failure.ts';
import { every } from '../ports.ts';
import type { Slot } from './admission.ts';
import { createChannel } from './channel.ts';
import { brokenMessage, type Gate } from './gate.ts';
import type { TakenFrame } from './frames.ts';
import { enrol, greet, type Refusal } from './greet.ts';
import { createIngest, type Ingest } from './ingest.ts';
import { createLooking, type Looked, type Looking, type LookWish } from './looking.ts';
import { createProving, type Proving } from './proving.ts';
import { rotateKey } from './rotation.ts';
import type { Session } from './sessions.ts';

const probeMs = 3_000;
/** Three heartbeats without a word: the connection is half-open. Less what an answer takes, or it would be told a heartbeat later. */
const silentBeats = 2.9;
/** The answer to the last beat is as old as that one: a beat later it is one that did not come. */
const lateBeats = 1.5;

/** One agent's WebSocket from the challenge to the end: who it is first, then what it tells. */
export function attend(socket: WebSocket, remote: string, slot: Slot, gate: Gate): void {
  const { clock, log } = gate;
  const channel = createChannel(socket, remote, gate);
  const challenge = { collectorId: gate.collectorId, nonce: randomBytes(32).toString('base64url') };
  let phase: 'stranger' | 'checking' | Ingest = 'stranger';
  let session: Session | undefined;
  let proving: Proving | undefined;
  let looking: Looking | undefined;
  /** Agreed once the agent is welcomed. */
  let version = 0;
  let rotating = false;
  let heardAt = clock.monotonic();
  let stopBeating = () => {};

  slot.onLate(() => channel.refuse('too-slow', 'no hello in time'));
  socket.on('message', (data, isBinary) => {
    heardAt = clock.monotonic();
    if (channel.isOpen()) receive(data, isBinary);
  });
  socket.on('pong', () => {
    heardAt = clock.monotonic();
  });
  socket.on('error', (error) => {
    const broken = brokenMessage(codeOf(error));
    if (broken) gate.refusals.count(broken);
    log.debug({ remote, detail: error.message }, 'connection error');
  });
  socket.on('close', end);
  channel.send({
    type: 'challenge',
    ...challenge,
    minVersion: oldestProtocolVersion,
    maxVersion: protocolVersion,
  });

  function receive(data: RawData, isBinary: boolean): void {
    // Text arrives as one Buffer by ws's default binaryType.
    if (isBinary || !Buffer.isBuffer(data)) return channel.refuse('frame-invalid', 'binary frame');
    const text = data.toString('utf8');
    const frame = gate.readFrame(text);
    if (!frame.ok) return channel.refuse('frame-invalid', frame.failure);
    if (typeof phase === 'object') return take(phase, frame.value, text.length);
    if (phase === 'checking') return channel.refuse('not-authenticated', 'a frame before the welcome');
    authenticate(frame.value);
  }

  function take(ingest: Ingest, frame: TakenFrame, bytes: number): void {
    const since = framesSince[frame.type] ?? 1;
    if (since > version) return channel.refuse('frame-invalid', `${frame.type} before version ${since}`);
    if (frame.type === 'rotate-key') rotate(frame);
    else if (frame.type === 'certificates' && proving) settle(proving.take(frame));
    else if (frame.type === 'looked') looking?.take(frame);
    else ingest.take(frame, bytes);
  }

  function authenticate(frame: TakenFrame): void {
    if (frame.type !== 'enrol' && frame.type !== 'hello')
      return channel.refuse('not-authenticated', `${frame.type} before hello`);
    phase = 'checking';
    slot.heard();
    settle(frame.type === 'enrol' ? admitNew(frame) : admit(frame));
  }

  function settle(work: Promise<void>): void {
    work.catch((error: unknown) => {
      log.error({ remote, detail: messageOf(error) }, 'a connection failed');
      channel.refuse('try-later', 'internal', 30);
    });
  }

  async function admitNew(frame: Enrol): Promise<void> {
    const answer = await enrol(frame, gate);
    if ('refused' in answer) return turnAway(answer, 'enrol');
    log.info({ agentId: answer.agentId, hostName: frame.hostName }, 'enrolled');
    phase = 'stranger';
    slot.extend();
    channel.send(answer);
  }

  async function admit(hello: Hello): Promise<void> {
    const { agentId, bootId, generation } = hello;
    const mine: Session = { agentId, bootId, generation, answers, ask, look, yield: yieldPlace, revoke };
    const answer = await greet(hello, challenge, mine, channel.isOpen, gate);
    if ('refused' in answer) return turnAway(answer, 'hello');
    if (!channel.isOpen()) return;
    slot.release();
    session = mine;
    version = answer.version;
    gate.liveness.connected(agentId);
    gate.changed(['heard'], [agentId]);
    const { snapshotDigest } = hello;
    proving = createProving(agentId, version, channel, gate);
    const needs = { ...gate, snapshotKept: proving.begin };
    phase = createIngest(agentId, hello.epoch, snapshotDigest, answer.wantSnapshot, socket, channel, needs);
    stopBeating = every(clock, gate.heartbeatSeconds * 1000, beat);
    log.info({ agentId, hostName: hello.hostName, remote }, 'connected');
    channel.send(answer);
    if (!answer.wantSnapshot && snapshotDigest !== undefined) proving.begin(snapshotDigest);
  }

  function rotate(frame: RotateKey): void {
    if (rotating || !session) return channel.refuse('frame-invalid', 'rotate-key here');
    rotating = true;
    const { agentId } = session;
    settle(
      rotateKey(frame, agentId, challenge, gate).then((answer) => {
        rotating = false;
        if ('refused' in answer) return turnAway(answer, 'rotate-key');
        log.info({ agentId }, 'a new key took the place of the old one');
        channel.send(answer);
      }),
    );
  }

  function turnAway(refusal: Refusal, frame: string): void {
    channel.refuse(refusal.refused, frame, refusal.retryAfterSeconds);
  }

  function beat(): void {
    const quietBeats = (clock.monotonic() - heardAt) / (gate.heartbeatSeconds * 1000);
    if (quietBeats > silentBeats) return socket.terminate();
    if (quietBeats > lateBeats) socket.ping();
    if (typeof phase === 'object') phase.beat();
    channel.send({ type: 'heartbeat', at: new Date(clock.now()).toISOString() });
  }

  /** A ping that is answered, or any frame, within the probe's time. */
  function answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (alive: boolean) => () => {
        cancel();
        socket.off('pong', onAlive).off('message', onAlive).off('close', onDead);
        resolve(alive);
      };
      const onAlive = settle(true);
      const onDead = settle(false);
      const cancel = clock.after(probeMs, onDead);
      socket.on('pong', onAlive).on('message', onAlive).on('close', onDead);
      if (channel.isOpen()) socket.ping();
      else onDead();
    });
  }

  function ask(request: RequestFrame): boolean {
    if (version < requestsSince || !channel.isOpen()) return false;
    channel.send(request);
    return true;
  }

  /** Few are asked. Others know the session from a moment before the welcome. */
  function look(wish: LookWish): Promise<Looked> {
    if (version === 0) return Promise.resolve({ lost: 'gone' });
    looking ??= createLooking(version, channel, clock);
    return looking.ask(wish);
  }

  function yieldPlace(): void {
    log.info({ agentId: session?.agentId }, 'replaced by a newer session of the same agent');
    socket.terminate();
  }

  function revoke(): void {
    channel.refuse('revoked', 'within a session');
  }

  function end(): void {
    slot.release();
    stopBeating();
    if (typeof phase === 'object') phase.end();
    proving?.end();
    looking?.end();
    if (!session || !gate.sessions.remove(session)) return;
    gate.liveness.disconnected(session.agentId);
    // Its row is read again: it may be another process that ended this, by revoking it.
    gate.changed(['hosts'], [session.agentId]);
    const { agentId, generation } = session;
    gate.endings.end(agentId, generation);
    log.info({ agentId }, 'disconnected');
  }
}
