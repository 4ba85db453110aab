import type { Clock } from '../ports.ts';
import type { Channel } from './channel.ts';
import { stillStanding } from './compose.ts';
import type { Message } from './message.ts';
import type { Plan } from './notify-reason.ts';

/** What receivers that forget are told again: in rounds, one message after the other. */
export interface Refresh {
  /** The next of this channel's round, as it stands at this moment; undefined: none is left, and the next round is not due. */
  next: (name: string, channel: Pick<Channel, 'refreshMs'>) => Message | undefined;
  /** This round is given up: the next one makes up for it. */
  leave: (name: string) => void;
}

/** A round is begun after each start, too: how far the last one came is not kept. */
export function createRefresh(open: () => Plan['open'], clock: Pick<Clock, 'monotonic'>): Refresh {
  const rounds = new Map<string, { beganAt: number; left: string[] }>();
  return {
    next(name, { refreshMs }) {
      if (refreshMs === undefined) return undefined;
      const last = rounds.get(name);
      const isDue = !last || (last.left.length === 0 && clock.monotonic() - last.beganAt >= refreshMs);
      const round = isDue ? begin(name) : last;
      for (let id = round.left.shift(); id !== undefined; id = round.left.shift()) {
        const one = open().find(({ incident }) => incident.id === id);
        const message = one?.incident.told.channels.includes(name) && stillStanding(one.incident, one.concerns);
        if (message) return message;
      }
      return undefined;
    },
    leave(name) {
      rounds.get(name)?.left.splice(0);
    },
  };

  function begin(name: string): { beganAt: number; left: string[] } {
    const round = { beganAt: clock.monotonic(), left: open().map(({ incident }) => incident.id) };
    rounds.set(name, round);
    return round;
  }
}
