import { createHash } from 'node:crypto';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { maxFrameBytes, maxSnapshotBytes, partsSince } from '@certherd/protocol/version';
import type { Log } from '../ports.ts';
import { snapshotFitter } from './fit.ts';
import type { ToldSnapshot } from './session.ts';
import { fitsFrame, frameMargin } from './snapshot-frames.ts';

/** The current snapshot as it is told: whole where the collector takes parts, else as much as one frame holds. */
export interface ToldSnapshots {
  /** `observedAt`: no fact in it is older; milliseconds since 1970. */
  publish(snapshot: Snapshot, observedAt: number): void;
  /** Undefined before the first one. */
  current: (version: number) => ToldSnapshot | undefined;
}

export function createToldSnapshots(log: Pick<Log, 'error'>): ToldSnapshots {
  const fitSnapshot = snapshotFitter();
  let whole: ToldSnapshot | undefined;
  let oneFrame: (() => ToldSnapshot) | undefined;
  /** Since when it does not fit, by the most bytes that are taken; milliseconds since 1970. */
  const reducedAt = new Map<number, number>();

  return {
    publish(snapshot, observedAt) {
      // On a quiet host it is the same for days: only one that is new is checked.
      if (whole?.json === JSON.stringify(snapshot)) {
        whole = { ...whole, observedAt: new Date(observedAt).toISOString() };
        if (oneFrame) oneFrame = whenAsked(snapshot, observedAt);
        return;
      }
      const told = fitted(snapshot, observedAt, maxSnapshotBytes);
      const isSmall = fitsFrame(told.json);
      whole = told;
      oneFrame = isSmall ? undefined : whenAsked(snapshot, observedAt);
    },
    current: (version) => (version >= partsSince || !oneFrame ? whole : oneFrame()),
  };

  /** Only an older collector asks for it. A snapshot that needs none of this is not held on to. */
  function whenAsked(snapshot: Snapshot, observedAt: number): () => ToldSnapshot {
    let made: ToldSnapshot | undefined;
    return () => (made ??= fitted(snapshot, observedAt, maxFrameBytes - frameMargin));
  }

  function fitted(snapshot: Snapshot, observedAt: number, most: number): ToldSnapshot {
    const since = reducedAt.get(most) ?? observedAt;
    const { json, why } = fitSnapshot(snapshot, most, since);
    if (why === undefined) reducedAt.delete(most);
    else {
      if (!reducedAt.has(most)) log.error({ why }, 'the snapshot was reduced');
      reducedAt.set(most, since);
    }
    const digest = createHash('sha256').update(json).digest('hex');
    return { json, digest, observedAt: new Date(observedAt).toISOString() };
  }
}
