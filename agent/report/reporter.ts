import type { RequestFrame } from '@certherd/protocol/frame';
import type { LookedFrame, LookFrame } from '@certherd/protocol/look';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { certificatesSince } from '@certherd/protocol/version';
import type { Ports } from '../ports.ts';
import type { FindDer } from './certificate-teller.ts';
import type { ConnectionState } from './connection-state.ts';
import { type Enrolment, enrolmentReader, nextGeneration } from './identity.ts';
import { createKeyring } from './keyring.ts';
import { type EventDraft, type Outbox } from './outbox.ts';
import { isLogged, reconnectDelay } from './reconnect.ts';
import { refusalWords } from './refusal-words.ts';
import { type Session, type SessionEnd, startSession, type Told } from './session.ts';
import { createToldSnapshots } from './told-snapshots.ts';

/** Tells the collector, for as long as the agent runs; without a collector it only keeps. */
export interface Reporter {
  publish(snapshot: Snapshot, observedAt: number): void;
  record(draft: EventDraft): void;
  connection(): ConnectionState;
  waiting(): number;
  /** Ends with the first attempt to connect, whatever came of it, after `mostMs` or when it is stopped. */
  tried(mostMs: number): Promise<void>;
  stop(): void;
}

/** A wait is interrupted so often, and not more, to see whether this host was enrolled anew. */
const lookMs = 10_000;

export function startReporter(
  ports: Pick<Ports, 'clock' | 'log' | 'state' | 'openCollectorSocket' | 'random'>,
  outbox: Outbox,
  host: Omit<Told, 'current'>,
  on: {
    changed: () => void;
    requested: (frame: RequestFrame) => void;
    findDer: (snapshot: Snapshot, fingerprints: readonly string[]) => ReturnType<FindDer>;
    look?: (frame: LookFrame, version: number) => Promise<LookedFrame>;
  },
): Reporter {
  const snapshots = createToldSnapshots(ports.log);
  let connection: ConnectionState = { state: 'not-enrolled' };
  let session: Session | undefined;
  /** With which the collector was last asked. */
  let current: Enrolment | undefined;
  let stopped = false;
  let cancelWait = () => {};
  let isTried = false;
  let endTry = () => {};
  const keyring = createKeyring(ports);
  const loadEnrolment = enrolmentReader(ports.state);
  const tell = (next: ConnectionState) => {
    connection = next;
    on.changed();
    if (next.state !== 'connecting') hasTried();
  };
  const hasTried = () => {
    isTried = true;
    endTry();
  };
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const cancel = ports.clock.after(ms, resolve);
      cancelWait = () => {
        cancel();
        resolve();
      };
    });
  /** `enroll --replace` has put another one on disk. What cannot be read at this moment is none. */
  const isReplaced = () => {
    const onDisk = loadEnrolment();
    return onDisk.ok && (onDisk.value?.agentId !== current?.agentId || onDisk.value?.pin !== current?.pin);
  };
  /** True where it ended early, for another identity. */
  const wait = async (ms: number): Promise<boolean> => {
    let left = ms;
    do {
      if (isReplaced()) return true;
      const part = left < 2 * lookMs ? left : lookMs;
      await pause(part);
      left -= part;
    } while (left > 0 && !stopped);
    return isReplaced();
  };

  /** From the text that was told: the snapshot itself is not held on to. */
  const findDer: FindDer = async (fingerprints) => {
    const told = snapshots.current(certificatesSince);
    return told ? on.findDer(JSON.parse(told.json), fingerprints) : new Map();
  };

  const connectOnce = async (): Promise<SessionEnd & { why: string; authority: string }> => {
    const enrolment = loadEnrolment();
    current = enrolment.ok ? enrolment.value : undefined;
    if (!enrolment.ok) return { established: false, why: enrolment.failure.detail, authority: '' };
    if (!enrolment.value) return { established: false, why: 'not enrolled', authority: '' };
    const { authority } = enrolment.value;
    const ended = (why: string) => ({ established: false, why, authority });
    tell({ state: 'connecting', authority });
    const key = keyring.key(enrolment.value);
    if (!key.ok) return ended(key.failure.detail);
    const opened = await ports.openCollectorSocket(enrolment.value);
    if (!opened.ok) return ended(`${opened.failure.reason}: ${opened.failure.detail}`);
    const generation = nextGeneration(ports.state);
    if (!generation.ok || stopped) {
      opened.value.close();
      return ended(generation.ok ? 'stopping' : generation.failure.detail);
    }
    const told = { ...host, current: snapshots.current };
    const identity = { key: key.value, enrolment: enrolment.value, generation: generation.value };
    session = startSession(ports, opened.value, identity, told, outbox, {
      welcomed: () => {
        keyring.accepted();
        tell({ state: 'connected', authority });
      },
      requested: on.requested,
      findDer,
      look: on.look,
      delivered: on.changed,
      nextKey: keyring.next,
      rotated: keyring.rotated,
      isReplaced,
    });
    const end = await session.ended;
    session = undefined;
    return { ...end, authority, why: end.refused ? refusalWords[end.refused.reason] : 'the connection ended' };
  };

  const keepConnected = async () => {
    let failures = 0;
    let logged = '';
    while (!stopped) {
      const end = await connectOnce().catch((error: unknown) => {
        ports.log.error({ error: String(error) }, 'connecting failed, which is a fault of certherd-agent');
        return { established: false, why: String(error), authority: 'the collector', refused: undefined };
      });
      if (stopped) return;
      hasTried();
      failures = end.established ? 0 : failures + 1;
      const hasOtherKey = end.refused?.reason === 'not-authenticated' && keyring.rejected();
      const hint = hasOtherKey ? undefined : end.refused;
      const ms = end.authority ? reconnectDelay(failures, ports.random(), hint) : 10_000;
      if (end.authority) {
        tell({ state: 'waiting', authority: end.authority, why: end.why, until: ports.clock.now() + ms });
        if (isLogged(failures) || end.why !== logged)
          ports.log.info(
            { collector: end.authority, why: end.why, failures, nextTryMs: Math.round(ms) },
            'not connected to the collector',
          );
        logged = end.why;
      } else if (connection.state !== 'not-enrolled') {
        tell({ state: 'not-enrolled' });
      }
      if (await wait(ms)) failures = 0;
    }
  };
  // Whoever is told of a change must have the reporter by then.
  queueMicrotask(() => void keepConnected());

  return {
    publish: (snapshot, observedAt) => {
      snapshots.publish(snapshot, observedAt);
      if (isReplaced()) session?.close();
      else session?.pump();
    },
    record: (draft) => {
      outbox.add(draft);
      session?.pump();
    },
    connection: () => connection,
    waiting: () => outbox.size,
    tried: (mostMs) =>
      new Promise((resolve) => {
        if (isTried) return resolve();
        const cancel = ports.clock.after(mostMs, resolve);
        endTry = () => {
          cancel();
          resolve();
        };
      }),
    stop: () => {
      stopped = true;
      hasTried();
      cancelWait();
      session?.close();
    },
  };
}
