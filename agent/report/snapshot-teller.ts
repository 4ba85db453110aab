import { partsSpacingSeconds } from '@certherd/protocol/version';
import type { Clock } from '../ports.ts';
import type { ToldSnapshot } from './session.ts';
import { fitsFrame, snapshotFrames } from './snapshot-frames.ts';

/** Longer than the collector asks for: the way there takes longer at one time than at another. */
const spacingMs = (partsSpacingSeconds + 2) * 1000;

/** Tells one session's collector the current snapshot where it has another one. */
export interface SnapshotTeller {
  /** Now, or as soon as the next one in parts may follow the last one. */
  tell: () => void;
  /** What the collector has now; undefined: nothing. */
  known: (digest: string | undefined) => void;
  stop: () => void;
}

export function createSnapshotTeller(
  clock: Pick<Clock, 'monotonic' | 'after'>,
  current: () => ToldSnapshot | undefined,
  send: (text: string) => void,
): SnapshotTeller {
  let knownDigest: string | undefined;
  let partsAt = -Infinity;
  let cancel = () => {};
  return { tell, known: (digest) => void (knownDigest = digest), stop: () => cancel() };

  function tell(): void {
    cancel();
    const snapshot = current();
    if (!snapshot || snapshot.digest === knownDigest) return;
    if (!fitsFrame(snapshot.json)) {
      const now = clock.monotonic();
      if (now < partsAt + spacingMs) {
        cancel = clock.after(partsAt + spacingMs - now, tell);
        return;
      }
      partsAt = now;
    }
    knownDigest = snapshot.digest;
    for (const text of snapshotFrames(snapshot)) send(text);
  }
}
