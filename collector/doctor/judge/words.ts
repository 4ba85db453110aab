import { typed } from '@certherd/command-line/words';
import type { Serving } from '../gather/serving.ts';

export const asOwner = 'sudo certherd-collector doctor, with the --config or --data that serve has';

/** How a person has the collector start anew. */
export function restart({ unit, by, start }: Serving): string {
  if (unit !== undefined) return typed(['systemctl', 'restart', unit]);
  const stop = typeof by === 'number' ? `Stop it (${typed(['kill', String(by)])})` : 'Stop it';
  return `${stop} and start it again: ${start}`;
}
