import type { Probe } from './probe.ts';
import type { SeenTarget } from './seen.ts';
import type { Target } from '@certherd/handshake/outside/ask-places';

/** Targets that are asked at the same time: more than handshakes, so that one slow address holds up nobody else. */
const targetsAtOnce = 512;

/** Asks each target once; `seen` is told of each as it is over. Ends early, with what was begun, once `isOver` says so. */
export async function scanTargets(
  targets: Iterable<Target>,
  probe: Probe,
  seen: (target: SeenTarget) => void,
  isOver: () => boolean = () => false,
): Promise<void> {
  const next = targets[Symbol.iterator]();
  const worker = async () => {
    for (let one = next.next(); !one.done && !isOver(); one = next.next()) {
      const found = await probe(one.value).catch((error: unknown) => {
        // what waited for its turn was given up
        if (!isOver()) throw error;
      });
      if (found) seen(found);
    }
  };
  await Promise.all(Array.from({ length: targetsAtOnce }, worker));
}
