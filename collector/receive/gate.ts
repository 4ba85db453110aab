import type { RefusalReason } from '@certherd/protocol/frame';
import type { Clock, Log } from '../ports.ts';
import type { FrameReader } from './frames.ts';
import type { Liveness } from './liveness.ts';
import type { Records, Topic } from './records.ts';
import type { Sessions } from './sessions.ts';

/** What every connection shares. */
export interface Gate {
  collectorId: string;
  heartbeatSeconds: number;
  readFrame: FrameReader;
  records: Records;
  sessions: Sessions;
  liveness: Liveness;
  refusals: Refusals;
  /** Tells the pages that something they may show is different now. */
  changed: (topics: readonly Topic[]) => void;
  clock: Clock;
  log: Log;
}

/** Counts refusals by reason, for /metrics. */
export interface Refusals {
  count: (reason: RefusalReason) => void;
  totals: () => ReadonlyMap<RefusalReason, number>;
}

export function createRefusals(): Refusals {
  const totals = new Map<RefusalReason, number>();
  return {
    count(reason) {
      totals.set(reason, (totals.get(reason) ?? 0) + 1);
    },
    totals: () => totals,
  };
}
