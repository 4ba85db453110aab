import { absolute, coarse } from '../wording/duration.ts';
import { untilWords } from './certificate-list.ts';
import { type Column, textColumn } from './columns.ts';
import type { Facet } from './facets.ts';
import type { List } from './list.ts';
import { targetHolds, type TargetPlaceRow, type TargetState, vantageOf } from './target-rows.ts';

const words: Readonly<Record<TargetState, string>> = {
  found: 'has findings',
  failing: 'shows nothing',
  unasked: 'not asked yet',
  fine: 'fine',
};

/** A state in words: what was found is told by its codes. */
export function targetStateWords({ state, findings }: Pick<TargetPlaceRow, 'state' | 'findings'>): string {
  return state === 'found' ? [...new Set(findings.map(({ code }) => code))].join(', ') : words[state];
}

export const targetFacets: readonly Facet<TargetPlaceRow>[] = [
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
export const targetColumns: readonly Column<TargetPlaceRow>[] = [
  {
    name: 'name',
    title: 'Target',
    names: true,
    usual: true,
    sort: ({ target }) => target.target,
    csv: [['target', ({ target }) => target.target]],
  },
  {
    name: 'state',
    title: 'State',
    usual: true,
    sort: ({ state }) => ['found', 'failing', 'unasked', 'fine'].indexOf(state),
    csv: [
      ['state', ({ state }) => words[state]],
      ['findings', ({ findings }) => findings.map(({ code }) => code).join(' ')],
    ],
    brief: targetStateWords,
  },
  textColumn('from', 'Seen from', true, ({ target }) => vantageOf(target)),
  textColumn('address', 'Address', true, ({ place }) => place?.address ?? ''),
  textColumn('key', 'Key', false, ({ place }) => place?.algorithm ?? ''),
  {
    name: 'presents',
    title: 'Presents',
    usual: true,
    sort: ({ place }) => place?.subject ?? '',
    csv: [
      ['subject', ({ place }) => place?.subject ?? ''],
      ['fingerprint', ({ place }) => place?.served ?? ''],
      ['failure', ({ failure = '' }) => failure],
    ],
    brief: ({ place, failure = '' }) =>
      place?.served === undefined
        ? failure
        : `${place.subject || place.served.slice(0, 8)}${failure === '' ? '' : ', before it was silent'}`,
  },
  textColumn('issuer', 'Issuer', false, ({ place }) => place?.issuer ?? ''),
  {
    name: 'validity',
    title: 'Until',
    usual: true,
    sort: ({ place }) => place?.notAfter ?? '',
    csv: [['notAfter', ({ place }) => place?.notAfter ?? '']],
    brief: ({ place }, now) => (place?.notAfter === undefined ? '' : untilWords(place.notAfter, now)),
  },
  {
    name: 'looked',
    title: 'Last look',
    usual: true,
    sort: ({ target }) => target.askedAt ?? '',
    csv: [['askedAt', ({ target }) => target.askedAt ?? '']],
    brief: ({ target: { askedAt, wanted } }) =>
      wanted ? 'asked for now' : askedAt === undefined ? 'never' : absolute(askedAt),
  },
  {
    name: 'every',
    title: 'Every',
    usual: false,
    sort: ({ target }) => target.everySeconds,
    csv: [['everySeconds', ({ target }) => String(target.everySeconds)]],
    brief: ({ target }) => coarse(target.everySeconds * 1000),
  },
  textColumn('owner', 'Owner', true, ({ target }) => target.labels?.['owner'] ?? ''),
];

export const targetList: List<TargetPlaceRow> = {
  name: 'targets',
  columns: targetColumns,
  facets: targetFacets,
  holds: targetHolds,
};
