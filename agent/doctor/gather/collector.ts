import type { Failure } from '@certherd/protocol/failure';
import type { CollectorSocket } from '../../ports.ts';
import { readCollectorFrame } from '../../report/frames.ts';
import { type Enrolment, loadEnrolment } from '../../report/identity.ts';
import { outboxLimit, readOutbox } from '../../report/outbox.ts';
import type { DoctorPorts } from '../doctor-ports.ts';

export interface CollectorFacts {
  /** Undefined: not enrolled. */
  enrolment: Pick<Enrolment, 'authority' | 'collectorId'> | Failure | undefined;
  answer?:
    | { reached: true; collectorId: string; minVersion: number; maxVersion: number }
    | { reached: false; reason: 'unreachable' | 'wrong-pin' | 'untrusted' | 'not-a-collector'; detail: string };
  /** How far this host's clock is ahead of the collector's, milliseconds; it tells whole seconds. */
  aheadMs?: number;
  /** Events that wait for the collector; absent where that cannot be read. */
  waiting?: { count: number; most: number; oldestAt?: string; damaged: number };
}

const greetingMs = 10_000;

/**
 * Connects as a session would, reads the collector's greeting and closes: no hello is sent, since a second session of this identity
 * would look like a clone. What the collector thinks of this host only the daemon is told.
 */
export async function observeCollector(
  ports: DoctorPorts,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<CollectorFacts> {
  const loaded = loadEnrolment(ports.state);
  if (!loaded.ok) return { enrolment: loaded.failure };
  const enrolment = loaded.value;
  if (!enrolment) return { enrolment: undefined };
  const { events, damaged } = readOutbox(ports.state);
  const [oldest] = events;
  const waiting = { count: events.length, most: outboxLimit, damaged, ...(oldest && { oldestAt: oldest.at }) };
  const opened = await ports.collectorThrough(environment)(enrolment);
  if (!opened.ok) return { enrolment, answer: { reached: false, ...opened.failure }, waiting };
  const told = Date.parse(opened.value.date ?? '');
  const aheadMs = ports.clock.now() - told;
  const greeting = await greetingOf(ports, opened.value);
  opened.value.close();
  const mute = { reason: 'not-a-collector' as const, detail: `${enrolment.authority} greets as no collector does` };
  return {
    enrolment,
    answer: greeting ? { reached: true, ...greeting } : { reached: false, ...mute },
    ...(Number.isFinite(aheadMs) && { aheadMs }),
    waiting,
  };
}

function greetingOf({ clock }: DoctorPorts, socket: CollectorSocket) {
  return new Promise<{ collectorId: string; minVersion: number; maxVersion: number } | undefined>((resolve) => {
    const cancel = clock.after(greetingMs, () => resolve(undefined));
    const end = (greeting?: { collectorId: string; minVersion: number; maxVersion: number }) => {
      cancel();
      resolve(greeting);
    };
    void socket.closed.then(() => end());
    socket.onMessage((text) => {
      const frame = readCollectorFrame(text);
      end(frame?.type === 'challenge' ? frame : undefined);
    });
  });
}
