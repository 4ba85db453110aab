import { useComputed } from '@preact/signals';
import { dueAhead } from '../../../present/due.ts';
import { leavesOf, standingOf } from '../../../present/leaves.ts';
import type { PageProps } from '../../pages.ts';
import { counted } from '../../../wording/words.ts';
import { Calendar } from './calendar.tsx';
import { Limits } from './limits.tsx';
import { Past } from './past.tsx';
import { PastEvents } from './past-events.tsx';
import { Shares } from './shares.tsx';

/** What is not looked at more often than this: a calendar of a large estate is not made anew each second. */
const minuteMs = 60_000;

/** What comes due, and how it went so far. */
export function Page({ known: { estate }, now, router }: PageProps) {
  const at = useComputed(() => Math.floor(now.value / minuteMs) * minuteMs).value;
  const leaves = leavesOf(estate);
  const dues = dueAhead(leaves, at);
  const { ended, ending } = standingOf(leaves, at);
  return (
    <>
      <header class="page-head">
        <h1>Timeline</h1>
        <p class="figures">
          <b>{counted(leaves.length, 'certificate')}</b>: <b>{ended}</b> ended, <b>{ending}</b> end within 30 days
        </p>
      </header>
      <div class="column">
        <Calendar dues={dues} now={at} router={router} />
        <Limits dues={dues} />
      </div>
      <div class="column">
        <Shares leaves={leaves} now={at} />
        <Past />
      </div>
      <PastEvents now={now} router={router} />
    </>
  );
}
