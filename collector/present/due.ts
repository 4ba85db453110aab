import type { Leaf } from './leaves.ts';

/** Something that comes due: a lineage's renewal, or the end of a certificate that nobody renews by then. */
export interface Due {
  readonly what: 'renewal' | 'end';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly leaf: Leaf;
}

export interface DueDay {
  /** "2026-12-31", in UTC. */
  readonly date: string;
  readonly renewals: readonly Due[];
  readonly ends: readonly Due[];
}

const dayMs = 86_400_000;

/**
 * What is ahead of `now`, the soonest first. The end of a certificate that renews by itself is none: its renewal comes before. One whose
 * renewal is past is overdue, and its end counts.
 */
export function dueAhead(leaves: readonly Leaf[], now: number): Due[] {
  const dues = leaves.flatMap((leaf): Due[] => {
    const renewsAt = renewalAt(leaf);
    if (renewsAt !== undefined && renewsAt > now) return [{ what: 'renewal', at: renewsAt, leaf }];
    return leaf.endsAt > now && !isReplaced(leaf) ? [{ what: 'end', at: leaf.endsAt, leaf }] : [];
  });
  return dues.sort((one, other) => one.at - other.at);
}

/** Weeks from Monday to Sunday, the first of them the one that `now` is in, each with all its days (UTC). */
export function weeksAhead(dues: readonly Due[], now: number, weeks: number): DueDay[][] {
  const today = Math.floor(now / dayMs);
  // 1 January 1970 was a Thursday.
  const monday = today - ((today + 3) % 7);
  const byDay = Map.groupBy(dues, ({ at }) => Math.floor(at / dayMs));
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (_, weekday) => {
      const day = monday + week * 7 + weekday;
      const due = byDay.get(day) ?? [];
      return {
        date: new Date(day * dayMs).toISOString().slice(0, 10),
        renewals: due.filter(({ what }) => what === 'renewal'),
        ends: due.filter(({ what }) => what === 'end'),
      };
    }),
  );
}

function renewalAt({ keeper, lineage }: Leaf): number | undefined {
  return keeper === 'automatic' && lineage?.renewal ? Date.parse(lineage.renewal.at) : undefined;
}

/** Still served somewhere, while its lineage has a newer one: a finding of its own tells of that, and a reload ends it. */
function isReplaced({ certificate, lineage }: Leaf): boolean {
  return lineage?.live !== undefined && lineage.live !== certificate.fingerprint;
}
