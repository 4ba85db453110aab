import { randomBytes } from 'node:crypto';
import type { Join } from '@certherd/protocol/join';
import type { Snapshot } from '@certherd/protocol/snapshot';
import type { Clock } from '../../agent/ports.ts';
import { enrol } from '../../agent/report/enrolment.ts';
import { type EventDraft, openOutbox } from '../../agent/report/outbox.ts';
import { startReporter } from '../../agent/report/reporter.ts';
import { collectorSocketOpener } from '../../agent/system/collector-socket.ts';
import { silentLog } from '../../collector/system/log.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { memoryState } from '../load/memory-state.ts';

/** The real agent's report stage, of a host whose clock is somewhere else in time. */
export interface EstateAgent {
  /** Tells a look and what happened; resolves once the collector has all of it on disk. */
  tell: (snapshot: Snapshot, events: readonly EventDraft[]) => Promise<void>;
  stop: () => void;
}

/** Enrols and connects, from an address of its own, as in a fleet: a collector gives each address a share of its places. */
export async function connectedAgent(
  hostName: string,
  { join, localAddress }: { join: Join; localAddress: string },
  clock: Clock,
  ders: ReadonlyMap<string, Uint8Array>,
): Promise<EstateAgent> {
  const state = memoryState();
  const openCollectorSocket = collectorSocketOpener([], {}, localAddress);
  const ports = { clock, log: silentLog, state, random: Math.random, openCollectorSocket };
  const enrolled = await enrol(ports, join, hostName);
  if (!enrolled.ok) throw new Error(`${hostName} could not enrol: ${enrolled.failure.detail}`);
  const outbox = openOutbox(state, silentLog, clock.now(), () => randomBytes(12).toString('base64url'));
  const told = { hostName, agentVersion: '0.1.0', bootId: 'case-study' };
  const reporter = startReporter(ports, outbox, told, {
    changed: () => {},
    requested: () => {},
    findDer: async (_, fingerprints) =>
      new Map(
        fingerprints.flatMap((one) => (ders.has(one) ? [[one, ders.get(one) ?? new Uint8Array()] as const] : [])),
      ),
  });
  return {
    async tell(snapshot, events) {
      reporter.publish(snapshot, clock.now());
      for (const event of events) reporter.record(event);
      await until(`${hostName}'s collector has what it told`, () => outbox.size === 0, {
        everyMs: 2,
        deadlineMs: 60_000,
      });
    },
    stop: () => reporter.stop(),
  };
}
