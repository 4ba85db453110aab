import { messageOf } from '../failure.ts';
import { type Clock, every, type Log } from '../ports.ts';
import type { Records, Topic } from './records.ts';
import type { Sessions } from './sessions.ts';

/** Well below the 5 s within which a revoked host's socket is closed. */
const lookEveryMs = 1_000;

/**
 * Ends the sessions of hosts that were revoked, also by another process beside this one: it asks once a second
 * whether anything else wrote, and looks for revoked hosts only then. What such a host says in the meantime is not kept.
 */
export function watchRevocations(needs: {
  records: Pick<Records, 'changedElsewhere' | 'revoked'>;
  sessions: Sessions;
  clock: Clock;
  log: Log;
  changed: (topics: readonly Topic[]) => void;
}): () => void {
  const { records, sessions, clock, log, changed } = needs;
  return every(clock, lookEveryMs, () => {
    try {
      if (!records.changedElsewhere()) return;
      for (const agentId of records.revoked()) sessions.current(agentId)?.revoke();
      // Another process enrols no host, but it may have revoked one.
      changed(['hosts', 'endpoints', 'findings']);
    } catch (error) {
      log.error({ detail: messageOf(error) }, 'the database cannot be read: trying again');
    }
  });
}
