import type { HistoryAnswer } from '../../../serve/history-view.ts';
import { calledAfterMs, driftName, driftsOf, lastedMs } from '../../../present/prevented.ts';
import { driftSheet } from '../../../present/report.ts';
import type { Asked } from '../../live/asked.ts';
import type { keptPrices } from '../../live/kept-prices.ts';
import { Download } from '../../parts/download.tsx';
import { PriceField } from '../../parts/price-field.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { took } from '../../../wording/duration.ts';
import { counted, money } from '../../../wording/words.ts';

interface PreventedProps {
  readonly history: Asked<HistoryAnswer>;
  readonly kept: ReturnType<typeof keptPrices>;
}

const few = 10;

/** Renewals that clients were not shown, and that healed before anybody was called. */
export function Prevented({ history: { answer, failed }, kept: { prices, keep } }: PreventedProps) {
  if (!answer)
    return (
      <Section id="prevented" title="Incidents prevented" count="">
        <Nothing>{failed ? 'The collector did not answer.' : 'Asking for the history…'}</Nothing>
      </Section>
    );
  const { prevented, lasted, open } = driftsOf(answer.findings);
  const { incident } = prices.value;
  return (
    <Section
      id="prevented"
      title="Incidents prevented"
      count={`since ${answer.since.slice(0, 10)}`}
      tools={<Download name="drifts.csv" words="CSV" text={() => driftSheet([...prevented, ...lasted, ...open])} />}
    >
      <p class="big">{prevented.length}</p>
      <p>
        That would have cost {money(prevented.length * incident)}, at{' '}
        <PriceField
          label="What one incident costs"
          value={incident}
          change={(next) => keep({ ...prices.value, incident: next ?? 0 })}
        />{' '}
        each.
      </p>
      <p class="quiet">
        A drift (a renewed certificate that clients are not shown) counts when it healed within {took(calledAfterMs)}:
        then the alert on findings had called nobody yet. {counted(lasted.length, 'drift')} lasted longer,{' '}
        {open.length === 1 ? '1 stands' : `${open.length} stand`}.
      </p>
      {prevented.length > 0 && (
        <ul class="drifts">
          {prevented.slice(0, few).map((drift) => (
            <li key={JSON.stringify(drift)}>
              <time dateTime={drift.from}>{drift.from.slice(0, 10)}</time> <Raw text={driftName(drift)} limit={100} />{' '}
              <span class="quiet">
                on <Raw text={drift.hostName} limit={60} />, healed after {took(lastedMs(drift))}
              </span>
            </li>
          ))}
          {prevented.length > few && <li class="quiet">and {prevented.length - few} more</li>}
        </ul>
      )}
    </Section>
  );
}
