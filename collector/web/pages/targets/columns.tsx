import { targetColumns, targetStateWords } from '../../../present/target-list.ts';
import type { TargetPlaceRow, TargetState } from '../../../present/target-rows.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import { drawn, type ListColumn } from '../../parts/list-column.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { addressOf } from '../../route/address.ts';
import { coarse } from '../../../wording/duration.ts';
import type { Tone } from '../../../wording/words.ts';

const stateTone: Readonly<Record<TargetState, Tone>> = {
  found: 'warning',
  failing: 'unknown',
  unasked: 'unknown',
  fine: 'good',
};

const severities = ['critical', 'warning', 'unknown', 'notice'] as const;

/** Its state, as grave as the worst that was found. */
function StateMark({ row }: { row: Pick<TargetPlaceRow, 'state' | 'findings'> }) {
  const { state, findings } = row;
  const worst = severities.find((one) => findings.some(({ severity }) => severity === one));
  const tone = state === 'found' && worst !== undefined ? worst : stateTone[state];
  return <Mark tone={tone} word={targetStateWords(row)} />;
}

/** Every column of the list of targets, in their order. */
export function columnsAt(now: Now): ListColumn<TargetPlaceRow>[] {
  return drawn(targetColumns, {
    name: ({ target }) => (
      <a href={addressOf('targets', String(target.id))}>
        <Raw text={target.target} limit={200} />
      </a>
    ),
    state: (row) => <StateMark row={row} />,
    presents: ({ place, failure }) => <Presents place={place} failure={failure} />,
    validity: ({ place }) =>
      place?.notBefore !== undefined &&
      place.notAfter !== undefined && (
        <LifeBar validity={{ notBefore: place.notBefore, notAfter: place.notAfter }} now={now} brief />
      ),
    looked: ({ target: { askedAt, wanted } }) =>
      wanted ? 'asked for now' : askedAt === undefined ? 'never' : <Moment instant={askedAt} now={now} />,
    every: ({ target }) => coarse(target.everySeconds * 1000),
  });
}

function Presents({ place, failure }: Pick<TargetPlaceRow, 'place' | 'failure'>) {
  if (place?.served === undefined) return <Raw text={failure ?? ''} limit={200} />;
  return (
    <>
      <Raw
        text={place.subject === undefined || place.subject === '' ? place.served.slice(0, 8) : place.subject}
        limit={120}
      />
      {failure !== undefined && <span class="quiet">, before it was silent</span>}
    </>
  );
}
