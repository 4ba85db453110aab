import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import Type from 'typebox';
import { Outcome, type OutcomeReason, type Request } from '../decide/action.ts';
import { checkedJson } from '../formats/checked-json.ts';

const Line = Type.Union([Type.Object({ progress: Type.String() }), Type.Object({ outcome: Outcome })]);

/** Above the longest deadline that the settings allow for certbot, with what comes after it. */
export const longestMs = 3_700_000;

/**
 * What `act` says while it works: progress, and the outcome, each at once: by then its lock is free, and what is left to it is to end. Other
 * lines are passed over.
 */
export function hear(output: Readable, progress: (line: string) => void, ended: (outcome: Outcome) => void): void {
  const lines = createInterface({ input: output });
  lines.on('line', (line) => {
    const message = checkedJson(line, Line);
    if (message && 'progress' in message) progress(message.progress);
    if (message && 'outcome' in message) ended(message.outcome);
  });
  // What broke the stream is told where it ends.
  lines.on('error', () => {});
}

/** The end of an action of which nothing was heard. */
export function unheard(request: Request, reason: OutcomeReason, detail: string): Outcome {
  return { verb: request.verb, reason, detail, steps: [] };
}
