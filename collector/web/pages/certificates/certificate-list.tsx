import { useMemo } from 'preact/hooks';
import { byUrgency, certificateRowsOf, certificateSearch } from '../../facts/certificate-rows.ts';
import { sift, tellingFacets, wordsOf } from '../../facts/facets.ts';
import { listViewOf, nextSort } from '../../facts/list-view.ts';
import type { PageProps } from '../../pages.ts';
import { FacetBar } from '../../parts/facet-bar.tsx';
import { sorted } from '../../parts/list-column.ts';
import { ListTools, shownColumns } from '../../parts/list-tools.tsx';
import { LongTable } from '../../parts/long-table.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { countWords, Nothing } from '../../parts/section.tsx';
import { columnsAt, facets } from './columns.tsx';

const facetNames = facets.map(({ name }) => name);

/** Every certificate that any host found, as the address wants them. */
export function CertificateList({ known: { estate }, now, router }: Pick<PageProps, 'known' | 'now' | 'router'>) {
  const { view } = router.place.value;
  const authorities = view.get('authorities') === 'yes';
  const all = useMemo(() => certificateRowsOf(estate).sort(byUrgency), [estate]);
  const rows = useMemo(
    () => (authorities ? all : all.filter(({ certificate }) => !certificate.isAuthority)),
    [all, authorities],
  );
  const { search, choice, sort, columns: asked } = listViewOf(view, facetNames);
  const wanted = JSON.stringify([search, ...choice]);
  const holds = useMemo(certificateSearch, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `wanted` is search and choice
  const sifted = useMemo(() => sift(rows, { words: wordsOf(search), holds }, facets, choice), [rows, wanted]);
  const telling = useMemo(() => tellingFacets(rows, facets), [rows]);
  const columns = useMemo(() => columnsAt(now), [now]);
  const shown = shownColumns('certificates', columns, asked);
  const ordered = useMemo(() => sorted(sifted.rows, columns, sort), [sifted, columns, sort?.by, sort?.descending]);
  return (
    <>
      <header class="page-head">
        <h1>Certificates</h1>
        <span class="quiet" role="status">
          {countWords(ordered.length, rows.length)}
        </span>
        <SearchBox router={router} label="Search certificates" placeholder="Name, issuer, file, host, owner=…" />
        <ListTools name="certificates" columns={columns} shown={shown} rows={ordered} router={router} />
      </header>
      <FacetBar
        facets={facets.filter((one) => telling.includes(one) || choice.has(one.name))}
        counts={sifted.counts}
        choice={choice}
        router={router}
      >
        <label class="tick">
          <input
            type="checkbox"
            checked={authorities}
            onChange={({ currentTarget: { checked } }) =>
              router.look((one) => (checked ? one.set('authorities', 'yes') : one.delete('authorities')))
            }
          />
          with authorities
        </label>
      </FacetBar>
      {estate.listed.length > 0 && (
        <p class="beside">
          <a href="/certificates/listed">The imported list, beside what is served</a>
        </p>
      )}
      {ordered.length > 0 ? (
        <LongTable
          name="certificates"
          caption="Certificates"
          columns={shown}
          rows={ordered}
          keyOf={({ certificate }) => certificate.fingerprint}
          sort={sort}
          onSort={(by) => {
            const next = nextSort(sort, by);
            router.look((one) => (next === undefined ? one.delete('sort') : one.set('sort', next)));
          }}
        />
      ) : (
        <Nothing>
          {rows.length > 0 ? 'No certificate fits.' : 'No certificate yet. Agents report what they find.'}
        </Nothing>
      )}
    </>
  );
}
