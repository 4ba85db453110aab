import type { Facet } from '../../../present/facets.ts';
import { type TargetPlaceRow, type TargetState, vantageOf } from '../../../present/target-rows.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import type { ListColumn } from '../../parts/list-column.tsx';
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
const words: Readonly<Record<TargetState, string>> = {
  found: 'has findings',
  failing: 'shows nothing',
  unasked: 'not asked yet',
  fine: 'fine',
};

const severities = ['critical', 'warning', 'unknown', 'notice'] as const;

/** Its state, as grave as the worst that was found. */
function StateMark({ row: { state, findings } }: { row: Pick<TargetPlaceRow, 'state' | 'findings'> }) {
  const worst = severities.find((one) => findings.some(({ severity }) => severity === one));
  const tone = state === 'found' && worst !== undefined ? worst : stateTone[state];
  return (
    <Mark
      tone={tone}
      word={state === 'found' ? [...new Set(findings.map(({ code }) => code))].join(', ') : words[state]}
    />
  );
}

export const facets: readonly Facet<TargetPlaceRow>[] = [
  { name: 'state', title: 'State', valuesOf: ({ state }) => [state], words: (state) => wordOf(state) },
  { name: 'finding', title: 'Finding', valuesOf: ({ findings }) => [...new Set(findings.map(({ code }) => code))] },
  { name: 'from', title: 'Seen from', valuesOf: ({ target }) => [vantageOf(target)] },
  { name: 'issuer', title: 'Issuer', valuesOf: ({ place }) => [place?.issuer ?? ''] },
  { name: 'owner', title: 'Owner', valuesOf: ({ target }) => [target.labels?.['owner'] ?? ''] },
  { name: 'environment', title: 'Environment', valuesOf: ({ target }) => [target.labels?.['environment'] ?? ''] },
];

function wordOf(state: string): string {
  return Object.entries(words).find(([key]) => key === state)?.[1] ?? state;
}

/** Every column of the list of targets, in their order. */
export function columnsAt(now: Now): ListColumn<TargetPlaceRow>[] {
  return [
    {
      name: 'name',
      title: 'Target',
      names: true,
      usual: true,
      cell: ({ target }) => (
        <a href={addressOf('targets', String(target.id))}>
          <Raw text={target.target} limit={200} />
        </a>
      ),
      sort: ({ target }) => target.target,
      csv: [['target', ({ target }) => target.target]],
    },
    {
      name: 'state',
      title: 'State',
      usual: true,
      cell: (row) => <StateMark row={row} />,
      sort: ({ state }) => ['found', 'failing', 'unasked', 'fine'].indexOf(state),
      csv: [
        ['state', ({ state }) => words[state]],
        ['findings', ({ findings }) => findings.map(({ code }) => code).join(' ')],
      ],
    },
    textColumn('from', 'Seen from', true, ({ target }) => vantageOf(target)),
    textColumn('address', 'Address', true, ({ place }) => place?.address ?? ''),
    textColumn('key', 'Key', false, ({ place }) => place?.algorithm ?? ''),
    {
      name: 'presents',
      title: 'Presents',
      usual: true,
      cell: ({ place, failure }) => <Presents place={place} failure={failure} />,
      sort: ({ place }) => place?.subject ?? '',
      csv: [
        ['subject', ({ place }) => place?.subject ?? ''],
        ['fingerprint', ({ place }) => place?.served ?? ''],
        ['failure', ({ failure = '' }) => failure],
      ],
    },
    textColumn('issuer', 'Issuer', false, ({ place }) => place?.issuer ?? ''),
    {
      name: 'validity',
      title: 'Until',
      usual: true,
      cell: ({ place }) =>
        place?.notBefore !== undefined &&
        place.notAfter !== undefined && (
          <LifeBar validity={{ notBefore: place.notBefore, notAfter: place.notAfter }} now={now} brief />
        ),
      sort: ({ place }) => place?.notAfter ?? '',
      csv: [['notAfter', ({ place }) => place?.notAfter ?? '']],
    },
    {
      name: 'looked',
      title: 'Last look',
      usual: true,
      cell: ({ target: { askedAt, wanted } }) =>
        wanted ? 'asked for now' : askedAt === undefined ? 'never' : <Moment instant={askedAt} now={now} />,
      sort: ({ target }) => target.askedAt ?? '',
      csv: [['askedAt', ({ target }) => target.askedAt ?? '']],
    },
    {
      name: 'every',
      title: 'Every',
      usual: false,
      cell: ({ target }) => coarse(target.everySeconds * 1000),
      sort: ({ target }) => target.everySeconds,
      csv: [['everySeconds', ({ target }) => String(target.everySeconds)]],
    },
    textColumn('owner', 'Owner', true, ({ target }) => target.labels?.['owner'] ?? ''),
  ];
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

type TextOf = (row: TargetPlaceRow) => string;

function textColumn(name: string, title: string, usual: boolean, textOf: TextOf): ListColumn<TargetPlaceRow> {
  const cell = (row: TargetPlaceRow) => <Raw text={textOf(row)} limit={200} />;
  return { name, title, usual, cell, sort: textOf, csv: [[name, textOf]] };
}
