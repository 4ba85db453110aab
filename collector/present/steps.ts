import type { Reached, ReachedAt } from '@certherd/protocol/snapshot';

export type Step = Exclude<Reached, 'unknown'>;

/** The six states of a certificate, in their order. */
const order: readonly Step[] = ['issued', 'on-disk', 'configured', 'loaded', 'served', 'served-everywhere'];

export interface StepTaken {
  readonly step: Step;
  /** undefined: not traced. */
  readonly done: boolean | undefined;
  readonly at?: string;
}

/** Which of the six states the newest certificate of an endpoint has reached. */
export function stepsOf({ reached, reachedAt }: { reached: Reached; reachedAt?: ReachedAt }): StepTaken[] {
  const last = reached === 'unknown' ? undefined : order.indexOf(reached);
  return order.map((step, index) => {
    const at = reachedAt?.[step];
    const done = last === undefined ? (at === undefined ? undefined : true) : index <= last;
    return { step, done, ...(at !== undefined && { at }) };
  });
}
