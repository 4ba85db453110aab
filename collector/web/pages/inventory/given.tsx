import { useMemo } from 'preact/hooks';
import type { LabelView } from '../../../serve/api/views.ts';
import type { Facet } from '../../../present/facets.ts';
import { type GivenRow, givenRowsOf } from '../../../present/rules.ts';
import { useAsked } from '../../live/asked.ts';
import { useSettled } from '../../live/settled.ts';
import type { PageProps } from '../../pages.ts';
import type { ListColumn } from '../../parts/list-column.tsx';
import { ListPage } from '../../parts/list-page.tsx';
import { HostLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Places } from './places.tsx';
import type { Items } from './rules.tsx';

const settleMs = 1000;

/** Every label of every host, name and target, and the rule that gave it. */
export function GivenList({ known, router }: PageProps) {
  const { answer } = useAsked<Items<LabelView>>('/api/v1/labels').value;
  const estate = useSettled(known.estate, settleMs);
  const rows = useMemo(() => givenRowsOf(answer?.items ?? [], estate), [answer, estate]);
  return (
    <ListPage
      name="given"
      title="What has which label"
      placeholder="Host, name, owner=…, rule"
      rows={rows}
      keyOf={({ kind, name, on, rule }) => JSON.stringify([kind, name, on?.agentId, rule.key])}
      facets={facets}
      columns={columns}
      holds={holds}
      router={router}
      none={answer ? 'No rule gives a label to anything now.' : 'Asking the collector…'}
    >
      <Places at="/given" />
    </ListPage>
  );
}

const facets: readonly Facet<GivenRow>[] = [
  { name: 'what', title: 'What', valuesOf: ({ kind }) => [kind] },
  { name: 'label', title: 'Label', valuesOf: ({ rule }) => [rule.key] },
  { name: 'value', title: 'Value', valuesOf: ({ rule }) => [rule.value] },
  { name: 'rule', title: 'Rule', valuesOf: ({ rule }) => [ruleWords(rule)] },
];

function holds({ name, on, rule }: GivenRow, word: string): boolean {
  return [name, on?.hostName ?? '', `${rule.key}=${rule.value}`, rule.pattern].some((text) =>
    text.toLowerCase().includes(word),
  );
}

function ruleWords({ scope, pattern }: LabelView): string {
  return `${scope} ${pattern}`;
}

const columns: readonly ListColumn<GivenRow>[] = [
  {
    name: 'name',
    title: 'Host, name or target',
    names: true,
    usual: true,
    cell: ({ kind, name, on }) =>
      kind === 'host' && on ? (
        <HostLink {...on} />
      ) : (
        <>
          <Raw text={name} limit={120} />
          {on && (
            <>
              {' '}
              <span class="quiet">on</span> <HostLink {...on} />
            </>
          )}
        </>
      ),
    sort: ({ name }) => name.toLowerCase(),
    csv: [
      ['name', ({ name }) => name],
      ['host', ({ on }) => on?.hostName ?? ''],
    ],
  },
  textColumn('what', 'What', ({ kind }) => kind),
  textColumn('label', 'Label', ({ rule }) => rule.key),
  textColumn('value', 'Value', ({ rule }) => rule.value),
  textColumn('rule', 'By the rule for', ({ rule }) => ruleWords(rule)),
  textColumn('who', 'Set by', ({ rule }) => rule.setBy),
];

function textColumn(name: string, title: string, textOf: (row: GivenRow) => string): ListColumn<GivenRow> {
  const cell = (row: GivenRow) => <Raw text={textOf(row)} limit={200} />;
  return { name, title, usual: true, cell, sort: (row) => textOf(row).toLowerCase(), csv: [[name, textOf]] };
}
