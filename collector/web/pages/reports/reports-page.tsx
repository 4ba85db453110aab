import { useComputed } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { EventView } from '../../../serve/estate.ts';
import type { HistoryAnswer } from '../../../serve/history-view.ts';
import { leavesOf } from '../../../present/leaves.ts';
import { costReport } from '../../../present/report.ts';
import { useAsked } from '../../live/asked.ts';
import { keptPrices } from '../../live/kept-prices.ts';
import type { PageProps } from '../../pages.ts';
import { counted } from '../../../wording/words.ts';
import { Automation } from './automation.tsx';
import { Costs } from './costs.tsx';
import { Owners } from './owners.tsx';
import { Prevented } from './prevented.tsx';

const minuteMs = 60_000;

interface EventsAnswer {
  readonly version: 1;
  readonly items: readonly EventView[];
}

/** What the estate is, what it costs, who renews it, and what did not happen. Made to be printed. */
export function Page({ known: { estate }, now }: PageProps) {
  const at = useComputed(() => Math.floor(now.value / minuteMs) * minuteMs).value;
  const [kept] = useState(() => keptPrices(() => localStorage));
  const history = useAsked<HistoryAnswer>('/api/v1/history?days=28').value;
  const events = useAsked<EventsAnswer>('/api/v1/events?limit=1000').value;
  const leaves = leavesOf(estate);
  const { figures, costs } = costReport(estate, leaves, kept.prices.value.byAuthority, at);
  return (
    <>
      <header class="page-head">
        <h1>Report of {new Date(at).toISOString().slice(0, 10)}</h1>
        <button type="button" class="no-print" onClick={() => window.print()}>
          Print
        </button>
        <dl class="report-figures">
          <Figure words="certificates" value={figures.certificates} />
          <Figure words="domains" value={figures.domains} />
          <Figure words="CAs" value={figures.authorities} />
          <Figure words="ended" value={figures.ended} />
          <Figure words="end within 30 days" value={figures.ending} />
          <Figure words={`endpoints on ${counted(figures.hosts, 'host')}`} value={figures.endpoints} />
        </dl>
      </header>
      <Costs costs={costs} kept={kept} />
      <div class="column">
        <Automation leaves={leaves} events={events.answer?.items} now={at} />
        <Prevented history={history} kept={kept} />
      </div>
      <Owners leaves={leaves} now={at} />
    </>
  );
}

function Figure({ words, value }: { words: string; value: number }) {
  return (
    <div>
      <dt>{words}</dt>
      <dd>{value.toLocaleString('en-GB')}</dd>
    </div>
  );
}
