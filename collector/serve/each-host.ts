import { messageOf } from '../failure.ts';
import type { Log } from '../ports.ts';

/**
 * Does something about one host. What fails there concerns no other host: it is logged once for each host until that host can be looked at
 * again, its last part is kept, and the answer is undefined.
 */
export type OfHost = <T>(agentId: string, task: () => T) => T | undefined;

export function apart(log: Log): OfHost {
  const failing = new Set<string>();
  return (agentId, task) => {
    try {
      const done = task();
      failing.delete(agentId);
      return done;
    } catch (error) {
      if (!failing.has(agentId))
        log.error(
          { agentId, detail: messageOf(error) },
          'a host cannot be looked at: what was last known of it is kept',
        );
      failing.add(agentId);
      return undefined;
    }
  };
}
