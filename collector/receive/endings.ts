import { messageOf } from '../failure.ts';
import { type Clock, every, type Log } from '../ports.ts';
import type { Records } from './records.ts';
import type { Sessions } from './sessions.ts';

/** Writes down that sessions are over: until then other collectors believe that their hosts are connected here. */
export interface Endings {
  /** No session of this generation is here any more, or none came to be. Tried again until it is kept. */
  end: (agentId: string, generation: number) => void;
  close: () => void;
}

interface EndingNeeds {
  records: Pick<Records, 'endSession'>;
  sessions: Pick<Sessions, 'current'>;
  clock: Clock;
  log: Log;
}

interface Ending {
  agentId: string;
  generation: number;
}

const retryMs = 2_000;
/** Beyond them the oldest is left alone: such a host is silent by what is heard of it. */
const mostOpen = 20_000;

export function createEndings({ records, sessions, clock, log }: EndingNeeds): Endings {
  const open = new Set<Ending>();
  let retrying = false;
  let failing = false;
  const stop = every(clock, retryMs, () => void retry());
  return {
    end(agentId, generation) {
      const [oldest] = open;
      if (oldest && open.size >= mostOpen) open.delete(oldest);
      const ending = { agentId, generation };
      void write(ending).then((kept) => kept || open.add(ending));
    },
    close: stop,
  };

  async function retry(): Promise<void> {
    if (retrying || open.size === 0) return;
    retrying = true;
    const kept = await Promise.all([...open].map(async (ending) => (await write(ending)) && open.delete(ending)));
    if (kept.every(Boolean)) failing = false;
    retrying = false;
  }

  /** Never rejects. */
  async function write({ agentId, generation }: Ending): Promise<boolean> {
    // A hello that came twice did not begin the session that is there.
    if (sessions.current(agentId)?.generation === generation) return true;
    const trouble = await troubleOf(agentId, generation);
    if (trouble !== undefined && !failing)
      log.error({ agentId, detail: trouble }, 'the end of a session was not written down: trying again');
    if (trouble !== undefined) failing = true;
    return trouble === undefined;
  }

  async function troubleOf(agentId: string, generation: number): Promise<string | undefined> {
    try {
      const kept = await records.endSession(agentId, generation);
      return kept.ok ? undefined : kept.failure.detail;
    } catch (error) {
      return messageOf(error);
    }
  }
}
