import { randomBytes } from 'node:crypto';
import type { Event } from '@certherd/protocol/event';
import type { Join } from '@certherd/protocol/join';
import type { OpenCollectorSocket, State } from '../../agent/ports.ts';
import { enrol } from '../../agent/report/enrolment.ts';
import { loadEnrolment } from '../../agent/report/identity.ts';
import { openOutbox, type Outbox } from '../../agent/report/outbox.ts';
import { startReporter } from '../../agent/report/reporter.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { collectorSocketOpener } from '../../agent/system/collector-socket.ts';
import { silentLog } from '../../collector/system/log.ts';
import { memoryState } from './memory-state.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** The real agent's own report stage (key, enrolment, session, outbox, reconnect) on a host that is made up. */
export interface SimulatedAgent {
  /** Spends the token; the failure is one line. */
  enrol: (join: Join) => Promise<string | undefined>;
  /** Connects, and from then on whenever it must. */
  start: () => void;
  /** One certificate is renewed: another snapshot, and an event. */
  renew: (place: number, detail?: Event['detail']) => void;
  /** The host was looked at again, and nothing changed. */
  look: () => void;
  /** How it stands: connected or not, and what waits for the collector's ack. */
  standing: () => Standing;
  agentId: () => string | undefined;
  stop: () => void;
}

export interface Standing {
  connected: boolean;
  waiting: number;
  /** Of its events, how many the collector has on disk. */
  acked: number;
}

export interface Told {
  /** It is welcomed, so many milliseconds after it began to connect. */
  connected: (afterMs: number) => void;
  /** It is not connected any more, or could not connect. */
  failed: (why: string) => void;
  /** An event has its place in the outbox, and is on disk there. */
  kept?: (epoch: string, event: Event) => void;
  /** The collector said that everything up to this seq is on its disk. */
  acked?: (epoch: string, seq: number) => void;
}

/** `localAddress`: where it connects from, since a collector gives each address a share of its places. */
export function simulatedAgent(
  host: SimulatedHost,
  localAddress: string | undefined,
  told: Told,
  state: State = memoryState(),
  open: OpenCollectorSocket = collectorSocketOpener([], {}, localAddress),
): SimulatedAgent {
  const clock = systemClock();
  const ports = { clock, log: silentLog, state, random: Math.random, openCollectorSocket: open };
  const outbox = overheard(
    openOutbox(state, silentLog, clock.now(), () => randomBytes(12).toString('base64url')),
    told,
  );
  let reporter: ReturnType<typeof startReporter> | undefined;
  let began = 0;
  let lastState: string | undefined;
  const publish = () => reporter?.publish(host.snapshot(), clock.now());

  return {
    async enrol(join) {
      const enrolled = await enrol(ports, join, host.name);
      return enrolled.ok ? undefined : `${enrolled.failure.reason}: ${enrolled.failure.detail}`;
    },
    start() {
      const known = { hostName: host.name, agentVersion: '0.1.0', bootId: 'load' };
      reporter = startReporter(ports, outbox, known, {
        changed,
        requested: () => {},
        findDer: async (_snapshot, fingerprints) => host.ders(fingerprints),
      });
      publish();
    },
    renew(place, detail = {}) {
      const lineage = host.renew(place, clock.now());
      reporter?.record({
        at: new Date(clock.now()).toISOString(),
        kind: 'renewal',
        subject: { kind: 'lineage', id: lineage },
        ok: true,
        summary: `${lineage} was renewed.`,
        detail,
        steps: ['lock', 'certbot', 'compare'].map((step) => ({ step, ok: true, durationMs: 123.4 })),
      });
      publish();
    },
    look: publish,
    standing: () => ({
      connected: reporter?.connection().state === 'connected',
      waiting: outbox.size,
      acked: outbox.last - outbox.size,
    }),
    agentId() {
      const enrolment = loadEnrolment(state);
      return enrolment.ok ? enrolment.value?.agentId : undefined;
    },
    stop: () => reporter?.stop(),
  };

  /** It is also told of what else status shows: the same state again is no other session. */
  function changed(): void {
    const connection = reporter?.connection();
    if (connection?.state === lastState) return;
    lastState = connection?.state;
    if (connection?.state === 'connecting') began = clock.monotonic();
    else if (connection?.state === 'connected') told.connected(clock.monotonic() - began);
    else if (connection?.state === 'waiting') told.failed(connection.why);
  }
}

function overheard(outbox: Outbox, told: Told): Outbox {
  return {
    get epoch() {
      return outbox.epoch;
    },
    get last() {
      return outbox.last;
    },
    get size() {
      return outbox.size;
    },
    after: (seq, limit, maxBytes) => outbox.after(seq, limit, maxBytes),
    beginEpoch: () => outbox.beginEpoch(),
    add(draft) {
      const event = outbox.add(draft);
      told.kept?.(outbox.epoch, event);
      return event;
    },
    acked(seq) {
      outbox.acked(seq);
      told.acked?.(outbox.epoch, seq);
    },
  };
}
