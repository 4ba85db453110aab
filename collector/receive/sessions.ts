import type { RequestFrame } from '@certherd/protocol/frame';

/** One agent's live session, as others see it. */
export interface Session {
  agentId: string;
  bootId: string;
  generation: number;
  /** Does the other end still answer? Settles within three seconds. */
  answers: () => Promise<boolean>;
  /** Asks the agent for something (protocol/frame.ts, RequestFrame). False: it is gone, or too old to know requests. */
  ask: (request: RequestFrame) => boolean;
  /** Ends it because a newer session of the same agent takes its place. */
  yield: () => void;
  /** Ends it because a person took its identity away. */
  revoke: () => void;
}

/** Who is connected: at most one session per agent. */
export interface Sessions {
  current: (agentId: string) => Session | undefined;
  /** Takes the place of an older session, which yields. */
  put: (session: Session) => void;
  /** False when another session has taken its place already. */
  remove: (session: Session) => boolean;
}

export function createSessions(): Sessions {
  const live = new Map<string, Session>();
  return {
    current: (agentId) => live.get(agentId),
    put(session) {
      const older = live.get(session.agentId);
      live.set(session.agentId, session);
      older?.yield();
    },
    remove(session) {
      if (live.get(session.agentId) !== session) return false;
      return live.delete(session.agentId);
    },
  };
}
