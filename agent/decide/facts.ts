import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding } from '@certherd/protocol/finding';
import type { Config } from '../config.ts';
import type { Observations } from '../observe/observations.ts';
import type { Attempt } from './retry.ts';

/** All that a verdict may rest on. */
export interface Facts {
  observations: Observations;
  certificates: Map<string, Certificate>;
  attempts: Attempt[];
  config: Config;
  /** Milliseconds since 1970. */
  now: number;
}

/** One ordered check: facts in, verdicts out. `earlier` holds the findings of the policies before it. */
export type Policy = (facts: Facts, earlier: Finding[]) => Finding[];

export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
