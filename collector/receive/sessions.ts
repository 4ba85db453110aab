import type { RequestFrame } from '@certherd/protocol/frame';
import type { Looked, LookWish } from './looking.ts';

/** One agent's live session, as others see it. */
export interface Session {
  agentId: string;
  bootId: string;
  generation: number;
  /** Does the other end still answer? Settles within three seconds. */
  answers: () => Promise<boolean>;
  /** Asks the agent for something (protocol/frame.ts, RequestFrame). False: it is gone, or too old to know requests. */
  ask: (request: RequestFrame) => boolean;
  /** Asks the agent to look at something from where it is. */
  look: (wish: LookWish) => Promise<Looked>;
  /** Ends it because a newer session of the same agent takes its place. */
  yield: () => void;
  /** Ends it because a person took its identity away. */
  revoke: () => void;
}

/** Who is connected: at most one session per agent. */
export interface Sessions {
  current: (agentId: string) => Session | undefined;
  /** Takes the place of an older session, which yields. False: one of a newer generation began, here or at another collector. */
  put: (session: Session) => boolean;
  /** False when another session has taken its place already. */
  remove: (session: Session) => boolean;
  /** One began at another collector: an older one yields, and so does one that is just being welcomed. */
  beganElsewhere: (agentId: string, generation: number) => void;
}

export function createSessions(): Sessions {
  const live = new Map<string, Session>();
  /** Generations, which never shrink; of hosts that went elsewhere and did not come back. */
  const elsewhere = new Map<string, number>();
  return {
    current: (agentId) => live.get(agentId),
    put(session) {
      const { agentId, generation } = session;
      const older = live.get(agentId);
      if (Math.max(elsewhere.get(agentId) ?? 0, older?.generation ?? 0) > generation) return false;
      elsewhere.delete(agentId);
      live.set(agentId, session);
      older?.yield();
      return true;
    },
    remove(session) {
      if (live.get(session.agentId) !== session) return false;
      return live.delete(session.agentId);
    },
    beganElsewhere(agentId, generation) {
      elsewhere.set(agentId, Math.max(generation, elsewhere.get(agentId) ?? 0));
      const session = live.get(agentId);
      if (session && session.generation < generation) session.yield();
    },
  };
}
