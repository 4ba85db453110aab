import { randomUUID } from 'node:crypto';
import type { LookedFrame, LookFrame } from '@certherd/protocol/look';
import { looksSince } from '@certherd/protocol/version';
import type { Clock } from '../ports.ts';
import type { Channel } from './channel.ts';

/** What an agent is asked to look at. */
export type LookWish = Omit<LookFrame, 'type' | 'id'>;

/** How a wish ended: with the agent's answer, or without one. */
export type Looked = LookedFrame | { lost: 'too-old' | 'gone' | 'late' };

/** The looks that one session's agent is asked for. */
export interface Looking {
  ask: (wish: LookWish) => Promise<Looked>;
  /** An answer that nobody waits for (any more) is let go. */
  take: (frame: LookedFrame) => void;
  end: () => void;
}

/** Sixteen addresses with three handshakes each, at an agent's pace. */
export const lookWithinMs = 180_000;

export function createLooking(version: number, channel: Channel, clock: Pick<Clock, 'after'>): Looking {
  const waiting = new Map<string, (looked: Looked) => void>();
  return {
    ask(wish) {
      if (version < looksSince) return Promise.resolve({ lost: 'too-old' });
      if (!channel.isOpen()) return Promise.resolve({ lost: 'gone' });
      return new Promise((resolve) => {
        const id = randomUUID();
        const settle = (looked: Looked) => {
          waiting.delete(id);
          cancel();
          resolve(looked);
        };
        const cancel = clock.after(lookWithinMs, () => settle({ lost: 'late' }));
        waiting.set(id, settle);
        channel.send({ type: 'look', id, ...wish });
      });
    },
    take: (frame) => waiting.get(frame.id)?.(frame),
    end() {
      for (const settle of waiting.values()) settle({ lost: 'gone' });
    },
  };
}
