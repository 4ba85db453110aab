import type { Narrator } from '../stage/narrator.ts';
import type { Stage } from '../stage/stage.ts';

/** One part of the demo. It throws when something is not as it has to be, and says what in plain words. */
export interface Step {
  name: string;
  title: string;
  /** Returns what was proved, in one sentence. */
  play: (stage: Stage, narrator: Narrator) => Promise<string>;
}

/** Ends a step as not proved, with the reason. */
export function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}
