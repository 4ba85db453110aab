import type { FindingSpanView } from '../serve/history-view.ts';

/** A drift that clients would have met: a renewal that was not loaded, or a copy that stayed behind. */
const driftCodes: readonly string[] = ['not-served', 'stale-copy', 'reload-failed', 'deployment-failing', 'restored'];

/** One certificate's drift on one host, however many of its names it concerned. */
export interface Drift {
  readonly hostName: string;
  /** What it was about, raw; the first of several. */
  readonly subject: string;
  readonly from: string;
  readonly until?: string;
  /** Endpoints that it concerned. */
  readonly endpoints: number;
}

export interface Drifts {
  /** Healed before anybody was called. */
  readonly prevented: readonly Drift[];
  /** Lasted long enough to call somebody, and ended. */
  readonly lasted: readonly Drift[];
  /** Stand. */
  readonly open: readonly Drift[];
}

/** The shipped alert on findings waits for so long (deploy/prometheus/certherd.rules.yml). */
export const calledAfterMs = 5 * 60_000;

/** Drifts that began on a host at one instant and ended at one are one: a certificate's names share its fate. */
export function driftsOf(spans: readonly FindingSpanView[], calledAfter = calledAfterMs): Drifts {
  const groups = Map.groupBy(
    spans.filter(({ code }) => driftCodes.includes(code)),
    ({ agentId, from, until }) => JSON.stringify([agentId, from, until]),
  );
  const drifts = [...groups.values()].flatMap(([first, ...others]): Drift[] => {
    if (!first) return [];
    const { hostName, subject, from, until } = first;
    return [
      { hostName, subject: subject.id, from, ...(until !== undefined && { until }), endpoints: 1 + others.length },
    ];
  });
  const lastsMs = ({ from, until }: Drift) => (until === undefined ? Infinity : Date.parse(until) - Date.parse(from));
  return {
    prevented: drifts.filter((drift) => lastsMs(drift) < calledAfter),
    lasted: drifts.filter((drift) => drift.until !== undefined && lastsMs(drift) >= calledAfter),
    open: drifts.filter(({ until }) => until === undefined),
  };
}

/** "shop.example.com" of "shop.example.com@0.0.0.0:443/ecdsa". Raw. */
export function driftName({ subject }: Pick<Drift, 'subject'>): string {
  return subject.split('@')[0] ?? subject;
}

/** How long it lasted, in milliseconds; of one that stands 0. */
export function lastedMs({ from, until }: Pick<Drift, 'from' | 'until'>): number {
  return until === undefined ? 0 : Date.parse(until) - Date.parse(from);
}
