import { type ReadonlySignal, signal } from '@preact/signals';
import type { WallView } from '../../serve/wall-view.ts';
import type { CollectorClock } from './collector-clock.ts';
import type { Connection } from '../../present/connection.ts';

/** What a wall shows, and whether it is still told. */
export interface LiveWall {
  readonly wall: ReadonlySignal<WallView | undefined>;
  readonly connection: ReadonlySignal<Connection>;
}

/** Asked for this often, and waited for this long: a loss is shown before 5 s are over. */
const everyMs = 2_000;
const answerMs = 2_500;

/** Asks for the wall for as long as the page is open: a few hundred bytes, where the estate may be megabytes. */
export function followWall(clock: CollectorClock): LiveWall {
  const wall = signal<WallView | undefined>(undefined);
  const connection = signal<Connection>('connecting');
  const ask = async (): Promise<void> => {
    const answer = await askWall();
    connection.value = answer ? 'live' : 'lost';
    if (answer) {
      clock.set(Date.parse(answer.at));
      wall.value = answer;
    }
    setTimeout(() => void ask(), everyMs);
  };
  void ask();
  return { wall, connection };
}

async function askWall(): Promise<WallView | undefined> {
  try {
    const response = await fetch('/api/v1/wall', { cache: 'no-store', signal: AbortSignal.timeout(answerMs) });
    const answer: WallView | null = response.ok ? await response.json() : null;
    return answer?.version === 1 ? answer : undefined;
  } catch {
    return undefined;
  }
}
