import type { Concern } from '../store/concern.ts';
import type { NotifySettings, Rule, Span } from './settings.ts';

/** Who is told, and when the next one is, if nobody took it on. */
export interface Step {
  after: Span;
  to: string[];
}

/**
 * The steps of a rule for these concerns, with real channels; of a label that has several values each one is a channel. A step that leads to nobody (no such label, no channel of that name) is left out, and the
 * next one takes its place at once. Where none is left the first channel of the settings is told: nothing is told to nobody.
 */
export function chainOf(
  { to, escalate }: Pick<Rule, 'to' | 'escalate'>,
  concerns: readonly Concern[],
  channels: NotifySettings['channels'],
): Step[] {
  const known = (name: string): string[] => {
    const key = /^\{(.+)\}$/.exec(name)?.[1];
    if (key === undefined) return channels.has(name) ? [name] : [];
    return concerns.flatMap(({ labels, partly }) =>
      (partly?.[key] ?? [labels[key] ?? '']).filter((value) => channels.has(value)),
    );
  };
  const steps = [{ after: { ms: 0 }, to }, ...escalate]
    .map((step) => ({ after: step.after, to: [...new Set(step.to.flatMap(known))] }))
    .filter((step) => step.to.length > 0);
  if (steps.length > 0) return steps;
  return [{ after: { ms: 0 }, to: [...channels.keys()].slice(0, 1) }];
}
