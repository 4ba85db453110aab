import { messageOf } from '../failure.ts';
import { type Clock, every, type Log } from '../ports.ts';
import type { Liveness } from './liveness.ts';
import type { Records, Topic } from './records.ts';
import type { Sessions } from './sessions.ts';

/** Well below the 5 s within which a revoked host's socket is closed. */
const lookEveryMs = 1_000;

interface ElsewhereNeeds {
  records: Pick<Records, 'changedElsewhere' | 'onElsewhere' | 'revoked' | 'others'>;
  sessions: Sessions;
  liveness: Pick<Liveness, 'refresh'>;
  clock: Clock;
  log: Log;
  changed: (topics: readonly Topic[]) => void;
}

/**
 * Follows what other processes do to the same database: once a second, and at once where they can tell, it asks whether anything else
 * wrote. Sessions of hosts that were revoked there end; what such a host says in the meantime is not kept. Sessions that began anew at another
 * collector end here.
 */
export function followElsewhere(needs: ElsewhereNeeds): () => void {
  const { records, sessions, liveness, clock, log, changed } = needs;
  let looking = false;
  let again = false;
  let failing = false;
  records.onElsewhere(look);
  records.others.attend({
    answers: async (agentId) => (await sessions.current(agentId)?.answers()) ?? false,
    yield: sessions.beganElsewhere,
  });
  return every(clock, lookEveryMs, look);

  function look(): void {
    again = looking;
    if (looking) return;
    looking = true;
    take()
      .then(
        () => {
          failing = false;
        },
        (error: unknown) => {
          if (failing) return;
          failing = true;
          log.error({ detail: messageOf(error) }, 'the database cannot be read: trying again');
          // Pages ask again, and are told so too, instead of what was true before.
          changed(['hosts', 'endpoints', 'findings']);
        },
      )
      .finally(() => {
        looking = false;
        if (again) look();
      });
  }

  async function take(): Promise<void> {
    const topics = await records.changedElsewhere();
    if (topics.length === 0) return;
    if (topics.includes('hosts')) {
      for (const agentId of await records.revoked()) sessions.current(agentId)?.revoke();
      await liveness.refresh();
    }
    changed(topics);
  }
}
