import type { EventView } from '../../../serve/estate.ts';
import type { Leaf } from '../../../present/leaves.ts';
import { sharePercent } from '../../../present/life.ts';
import { automatedOf, byHandSheet } from '../../../present/report.ts';
import { Download } from '../../parts/download.tsx';
import { Section } from '../../parts/section.tsx';
import { took } from '../../../wording/duration.ts';
import { counted } from '../../../wording/words.ts';

interface AutomationProps {
  readonly leaves: readonly Leaf[];
  /** The newest; undefined: they are being asked for. */
  readonly events: readonly EventView[] | undefined;
  readonly now: number;
}

/** How much renews by itself, and how long that takes. */
export function Automation({ leaves, events, now }: AutomationProps) {
  const { automatic, paused, hand, share, overdue, renewals } = automatedOf(leaves, events, now);
  return (
    <Section
      id="automation"
      title="Renewed by itself"
      count={`${automatic} of ${leaves.length}`}
      tools={<Download name="by-hand.csv" words="CSV of those by hand" text={() => byHandSheet(leaves)} />}
    >
      <p class="big">{sharePercent(share)}</p>
      <svg class="bar share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="4" />
        <rect class="rest" width={share * 100} height="4" />
      </svg>
      <p>
        {overdue > 0 && `${overdue} of them overdue; `}
        {counted(hand, 'certificate')} by hand
        {paused > 0 && `, ${counted(paused, 'lineage')} told not to renew`}.
      </p>
      <p>
        {renewals === undefined
          ? 'The agents have made no renewal among the last thousand events.'
          : `A renewal by the agents takes ${took(renewals.mean)} on average (half within ${took(renewals.half)}, the slowest ${took(renewals.slowest)}; ${counted(renewals.count, 'renewal')}, ${renewals.failed} failed).`}
      </p>
    </Section>
  );
}
