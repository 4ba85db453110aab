import type { HistoryAnswer } from '../../../serve/history-view.ts';
import { standingOverTime, timeToServed, timeToServedOverall } from '../../../present/past.ts';
import { useAsked } from '../../live/asked.ts';
import { Chart } from '../../parts/chart.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { took } from '../../../wording/duration.ts';
import { counted } from '../../../wording/words.ts';

const points = 168;

/** Four weeks of findings, and how long renewed certificates took to reach the clients. */
export function Past() {
  const { answer, failed } = useAsked<HistoryAnswer>('/api/v1/history?days=28').value;
  if (!answer) return <Nothing>{failed ? 'The collector did not answer.' : 'Asking for the history…'}</Nothing>;
  return (
    <>
      <Standing history={answer} />
      <Way history={answer} />
    </>
  );
}

function Standing({ history: { findings, since, at } }: { history: HistoryAnswer }) {
  const over = standingOverTime(findings, Date.parse(since), Date.parse(at), points);
  const [critical, warning, unknown] = [over.critical, over.warning, over.unknown];
  return (
    <Section
      id="standing"
      title="Findings over four weeks"
      count={`${critical.at(-1)} critical, ${warning.at(-1)} warnings now`}
    >
      <Chart
        label={`Findings that stood in the last four weeks: at most ${Math.max(...critical)} critical and ${Math.max(...warning)} warnings at a time`}
        at={over.at}
        series={[
          { name: 'critical', tone: '--critical', values: critical },
          { name: 'warning', tone: '--warning', values: warning },
          { name: 'unknown', tone: '--unknown', values: unknown },
        ]}
        stepped
      />
    </Section>
  );
}

function Way({ history: { servings } }: { history: HistoryAnswer }) {
  const overall = timeToServedOverall(servings);
  const days = timeToServed(servings);
  if (!overall)
    return (
      <Section id="served" title="From issued to served" count="">
        <Nothing>Nothing was renewed in these four weeks.</Nothing>
      </Section>
    );
  const words = `half within ${took(overall.half)}, 95 % within ${took(overall.most)}, the slowest ${took(overall.slowest)}`;
  return (
    <Section id="served" title="From issued to served" count={counted(overall.count, 'endpoint')}>
      <p>
        {words}
        {overall.waiting > 0 && `; ${counted(overall.waiting, 'endpoint')} not yet, or never with that certificate`}
      </p>
      <Chart
        label={`Time from issued to served, for each day: ${words}`}
        at={days.map(({ at }) => at)}
        series={[
          { name: 'half within', tone: '--good', values: days.map(({ half }) => half / 1000) },
          { name: '95 % within', tone: '--warning', values: days.map(({ most }) => most / 1000) },
        ]}
        unit={(seconds) => took(seconds * 1000)}
        logarithmic
      />
    </Section>
  );
}
