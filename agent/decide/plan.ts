import type { Finding } from '@certherd/protocol/finding';
import type { Request } from './action.ts';
import { dueRehearsals } from './due-rehearsals.ts';
import { dueReloads } from './due-reloads.ts';
import { dueRenewals } from './due-renewals.ts';
import { dueRestorations } from './due-restorations.ts';
import type { Facts } from './facts.ts';

export interface PlannedAction {
  request: Request;
  why: string;
  /** Tries of the same thing are counted together. */
  subject: string;
}

/** What one kind of action asks for now, and when time alone changes that (milliseconds since 1970). */
export interface Due {
  actions: PlannedAction[];
  later: number[];
}

export interface Plan {
  /** What to do now, in order; one at a time, and look again after each. */
  actions: PlannedAction[];
  /** When time alone next changes the answer, milliseconds since 1970. */
  lookAgainAt: number;
}

/** What the local policy lets the agent do about these findings, and when to look again if nothing changes before. */
export function plan(facts: Facts, findings: Finding[]): Plan {
  const due = [dueRestorations(facts), dueReloads(facts, findings), dueRenewals(facts), dueRehearsals(facts)];
  const later = due.flatMap((one) => one.later).filter((at) => at > facts.now);
  return {
    actions: due.flatMap(({ actions }) => actions),
    lookAgainAt: Math.min(facts.now + facts.config.rescanMs, ...later),
  };
}

/**
 * The time between two looks of this process, milliseconds: up to a tenth more or less than set, so that hosts made from one
 * template do not all look in the same second. `drawn` is from 0 to 1, and is drawn once: redrawn each time, the least would count.
 */
export function spreadRescan(rescanMs: number, drawn: number): number {
  return rescanMs * (0.9 + 0.2 * drawn);
}
