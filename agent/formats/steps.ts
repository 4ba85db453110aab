/** Work that whoever drives it may stop between two steps, to let others have their turn: agent/observe/slices.ts does. */
export type Steps<T> = Generator<void, T, void>;

/** All steps without a stop. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
