import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { type Facet, type Search, sift, tellingFacets, wordsOf } from '../../present/facets.ts';
import { listViewOf, nextSort } from '../../present/list-view.ts';
import type { Router } from '../route/router.ts';
import { FacetBar } from './facet-bar.tsx';
import type { ListColumn } from './list-column.tsx';
import { sorted } from '../../present/columns.ts';
import { ListTools, shownColumns } from './list-tools.tsx';
import { LongTable } from './long-table.tsx';
import { SearchBox } from './search-box.tsx';
import { countWords, Nothing } from './section.tsx';

interface ListPageProps<Row> {
  /** Of what is listed: names the table, the file and what is remembered. */
  readonly name: string;
  readonly title: string;
  readonly placeholder: string;
  /** In their own order. */
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly facets: readonly Facet<Row>[];
  readonly columns: readonly ListColumn<Row>[];
  readonly holds: Search<Row>['holds'];
  readonly router: Router;
  /** Stands where rows would while there is none at all. */
  readonly none: ComponentChildren;
  readonly narrowing?: ComponentChildren;
  /** Between the tools and the table. */
  readonly children?: ComponentChildren;
}

/** A long list as the address wants it: searched, narrowed down, sorted, and with the columns that somebody chose. */
export function ListPage<Row>(props: ListPageProps<Row>) {
  const { name, title, placeholder, rows, keyOf, facets, columns, holds, router, none, narrowing, children } = props;
  const { view } = router.place.value;
  const {
    search,
    choice,
    sort,
    columns: asked,
  } = useMemo(
    () =>
      listViewOf(
        view,
        facets.map((facet) => facet.name),
      ),
    [view, facets],
  );
  const wanted = JSON.stringify([search, ...choice]);
  const sifted = useMemo(
    () => sift(rows, { words: wordsOf(search), holds }, facets, choice),
    [rows, wanted, facets, holds],
  );
  const telling = useMemo(() => tellingFacets(rows, facets), [rows, facets]);
  const ordered = useMemo(() => sorted(sifted.rows, columns, sort), [sifted, columns, sort?.by, sort?.descending]);
  const shown = shownColumns(name, columns, asked);
  return (
    <>
      <header class="page-head">
        <h1>{title}</h1>
        <span class="quiet" role="status">
          {countWords(ordered.length, rows.length)}
        </span>
        <SearchBox router={router} label={`Search ${name}`} placeholder={placeholder} />
        <ListTools name={name} columns={columns} shown={shown} rows={ordered} router={router} />
      </header>
      <FacetBar
        facets={facets.filter((one) => telling.includes(one) || choice.has(one.name))}
        counts={sifted.counts}
        choice={choice}
        router={router}
      >
        {narrowing}
      </FacetBar>
      {children}
      {ordered.length > 0 ? (
        <LongTable
          name={name}
          caption={title}
          columns={shown}
          rows={ordered}
          keyOf={keyOf}
          sort={sort}
          onSort={(by) => {
            const next = nextSort(sort, by);
            router.look((one) => (next === undefined ? one.delete('sort') : one.set('sort', next)));
          }}
        />
      ) : (
        <Nothing>{rows.length > 0 ? 'Nothing fits.' : none}</Nothing>
      )}
    </>
  );
}
