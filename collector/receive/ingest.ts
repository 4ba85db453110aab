import type { Heartbeat, SnapshotFrame, SnapshotPart } from '@certherd/protocol/frame';
import { messageOf } from '../failure.ts';
import type { Channel } from './channel.ts';
import { eventsMistake, isInstant, snapshotMistake } from './consistency.ts';
import type { TakenFrame } from './frames.ts';
import type { Gate } from './gate.ts';
import { eventWindow, tryLater } from './greet.ts';
import type { Look } from './liveness.ts';
import { type Assembly, createAssembly } from './snapshot-parts.ts';
import type { ToldEvent, ToldEvents } from './told-events.ts';

/** What a proved agent tells. */
export interface Ingest {
  take(frame: TakenFrame, bytes: number): void;
  /** Once per heartbeat: a snapshot that was asked for and did not come may be asked for again. */
  beat(): void;
  /** The connection is gone: what it left unfinished is forgotten. */
  end(): void;
}

/** The receiving side of a WebSocket. */
interface Pausable {
  pause: () => void;
  resume: () => void;
  readonly isPaused: boolean;
}

type IngestNeeds = Pick<Gate, 'clock' | 'log' | 'changed' | 'partsRoom' | 'readFrame'> & {
  records: Pick<Gate['records'], 'keepEvents' | 'keepSnapshot' | 'isRevoked'>;
  liveness: Pick<Gate['liveness'], 'heard'>;
  /** A snapshot is on disk. */
  snapshotKept?: (digest: string) => void;
};

/** Frames that wait for the disk, per connection, before reading pauses. */
const pauseAtBytes = 2 * 1024 * 1024;
/** Events of a connection that wait for the end of a turn of the loop. */
const mostTold = 250;

/** Keeps snapshots and events; answers only after the commit is on disk. */
export function createIngest(
  agentId: string,
  sessionEpoch: string,
  digestAtHello: string | undefined,
  snapshotWanted: boolean,
  socket: Pausable,
  channel: Channel,
  gate: IngestNeeds,
): Ingest {
  const { records, clock, log } = gate;
  let digest = snapshotWanted ? undefined : digestAtHello;
  let wanted = snapshotWanted;
  let eventsInFlight = 0;
  let bytesInFlight = 0;
  let ackDue: number | undefined;
  /** What came in this turn of the loop, in order of seq: one piece of work for the store, however many frames it came in. */
  let told: ToldEvent[] = [];
  let toldBytes = 0;
  /** Most agents never tell a snapshot in parts. */
  let assembly: Assembly | undefined;

  return {
    take(frame, bytes) {
      if (frame.type !== 'events') keepTold();
      if (frame.type === 'heartbeat') takeHeartbeat(frame);
      else if (frame.type === 'snapshot') hold(bytes, takeSnapshot(frame));
      else if (frame.type === 'snapshot-part') takePart(frame);
      else if (frame.type === 'events') takeEvents(frame, bytes);
      else channel.refuse('frame-invalid', `${frame.type} within a session`);
    },
    beat() {
      wanted = false;
    },
    end: () => assembly?.drop(),
  };

  function takePart(frame: SnapshotPart): void {
    gate.liveness.heard(agentId);
    assembly ??= createAssembly(agentId, { room: gate.partsRoom, clock, readFrame: gate.readFrame }, late);
    const added = assembly.add(frame);
    if ('refused' in added)
      channel.refuse(
        added.refused,
        added.detail,
        added.refused === 'try-later' ? (added.retryAfterSeconds ?? tryLater.retryAfterSeconds) : undefined,
      );
    else if (added.whole) hold(added.whole.bytes, takeSnapshot(added.whole.frame));
  }

  function late(): void {
    channel.refuse('too-slow', 'snapshot-part: the others did not come in time');
  }

  function takeHeartbeat(frame: Heartbeat): void {
    if (!isInstant(frame.at) || (frame.observedAt !== undefined && !isInstant(frame.observedAt)))
      return channel.refuse('frame-invalid', 'heartbeat: no such instant');
    if (records.isRevoked(agentId)) return channel.refuse('revoked', 'heartbeat');
    const isCurrent = frame.digest !== undefined && frame.digest === digest;
    const look = isCurrent && frame.observedAt ? lookAt(frame.observedAt, frame.at) : undefined;
    gate.liveness.heard(agentId, look, Date.parse(frame.at));
    if (frame.digest === undefined || isCurrent || wanted) return;
    wanted = true;
    channel.send({ type: 'want-snapshot' });
  }

  async function takeSnapshot(frame: SnapshotFrame): Promise<void> {
    const mistake = snapshotMistake(frame);
    if (mistake) return channel.refuse('frame-invalid', `snapshot: ${mistake}`);
    digest = frame.digest;
    wanted = false;
    const kept = await records.keepSnapshot(agentId, frame, clock.now());
    if (!kept.ok) return channel.refuse('try-later', kept.failure.reason, tryLater.retryAfterSeconds);
    if (!kept.value) return channel.refuse('revoked', 'snapshot');
    gate.liveness.heard(agentId, lookAt(frame.observedAt, frame.observedAt));
    gate.changed(kept.value, [agentId]);
    gate.snapshotKept?.(frame.digest);
  }

  function takeEvents({ epoch, events }: ToldEvents, bytes: number): void {
    const mistake = epoch === sessionEpoch ? eventsMistake(events) : 'not the epoch of this session';
    if (mistake) return channel.refuse('frame-invalid', `events: ${mistake}`);
    eventsInFlight += events.length;
    if (eventsInFlight > eventWindow) return channel.refuse('frame-invalid', 'events: beyond the window');
    // What was told again, or has a hole before it, is looked at by itself.
    if (events[0]?.seq !== (told.at(-1)?.seq ?? 0) + 1) keepTold();
    if (told.length === 0) setImmediate(keepTold);
    told.push(...events);
    toldBytes += bytes;
    wait(bytes);
    if (told.length >= mostTold) keepTold();
  }

  function keepTold(): void {
    if (told.length === 0) return;
    const [events, bytes] = [told, toldBytes];
    [told, toldBytes] = [[], 0];
    settle(bytes, whenKept(records.keepEvents(agentId, sessionEpoch, events, clock.now()), events.length));
  }

  /** Apart, since what awaits holds all that it was called with: of a frame that waits for the disk only its rows are to stay. */
  async function whenKept(keeping: ReturnType<typeof records.keepEvents>, count: number): Promise<void> {
    const kept = await keeping;
    eventsInFlight -= count;
    if (!kept.ok) return channel.refuse('try-later', kept.failure.reason, tryLater.retryAfterSeconds);
    if (!kept.value) return channel.refuse('revoked', 'events');
    gate.liveness.heard(agentId);
    ack(kept.value.ackedSeq);
    if (kept.value.added > 0) gate.changed(['events'], [agentId]);
  }

  /** One for all frames that one commit kept: they settle together, in order. */
  function ack(seq: number): void {
    if (ackDue === undefined)
      process.nextTick(() => {
        channel.send({ type: 'ack', epoch: sessionEpoch, seq: ackDue ?? seq });
        ackDue = undefined;
      });
    ackDue = seq;
  }

  function hold(bytes: number, work: Promise<void>): void {
    wait(bytes);
    settle(bytes, work);
  }

  /** Reading stops while too much waits, so that a flood stays in the sender's own buffers. */
  function wait(bytes: number): void {
    bytesInFlight += bytes;
    if (bytesInFlight > pauseAtBytes) socket.pause();
  }

  function settle(bytes: number, work: Promise<void>): void {
    work
      .catch((error: unknown) => {
        log.error({ agentId, detail: messageOf(error) }, 'a frame could not be kept');
        channel.refuse('try-later', 'internal', tryLater.retryAfterSeconds);
      })
      .finally(() => {
        bytesInFlight -= bytes;
        if (socket.isPaused && bytesInFlight <= pauseAtBytes) socket.resume();
      });
  }
}

/** The age is told by two instants of one clock; one that was set back in between gives none. */
function lookAt(observedAt: string, toldAt: string): Look {
  const looked = Date.parse(observedAt);
  return { observedAt: looked, ageMs: Math.max(0, Date.parse(toldAt) - looked) };
}
