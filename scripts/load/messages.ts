import type { Join } from '@certherd/protocol/join';

/** What one process of the load is to do. */
export interface Share {
  /** The first agent's number; they count on from there. */
  from: number;
  joins: Join[];
  certificates: number;
  /** Renewals that each agent makes in an hour, spread at random. */
  renewalsPerHour: number;
  /** Enrolments at a time. */
  abreast: number;
}

export type Order = { order: 'work'; share: Share } | { order: 'connect' } | { order: 'count' } | { order: 'stop' };

/** How one process, or all of them together, stand. */
export interface Counts {
  agents: number;
  enrolled: number;
  /** Whose enrolment was refused, or failed again and again. */
  turnedAway: number;
  connected: number;
  /** Sessions that were begun so far. */
  welcomes: number;
  /** Events that wait for the collector's ack. */
  waiting: number;
  acked: number;
  /** Why a connection ended or did not come about, and how often. */
  failures: Record<string, number>;
  /** Milliseconds from the first byte to the welcome, of the sessions since the last count. */
  connectMs: number[];
}

export const nothing: Counts = {
  agents: 0,
  enrolled: 0,
  turnedAway: 0,
  connected: 0,
  welcomes: 0,
  waiting: 0,
  acked: 0,
  failures: {},
  connectMs: [],
};

export function sum(all: readonly Counts[]): Counts {
  const failures: Record<string, number> = {};
  for (const one of all)
    for (const [why, count] of Object.entries(one.failures)) failures[why] = (failures[why] ?? 0) + count;
  const total = (of: (one: Counts) => number) => all.reduce((so, one) => so + of(one), 0);
  return {
    agents: total(({ agents }) => agents),
    enrolled: total(({ enrolled }) => enrolled),
    turnedAway: total(({ turnedAway }) => turnedAway),
    connected: total(({ connected }) => connected),
    welcomes: total(({ welcomes }) => welcomes),
    waiting: total(({ waiting }) => waiting),
    acked: total(({ acked }) => acked),
    failures,
    connectMs: all.flatMap(({ connectMs }) => connectMs),
  };
}
