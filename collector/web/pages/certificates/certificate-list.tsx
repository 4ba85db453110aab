import { certificateFacets } from '../../../present/certificate-list.ts';
import { useMemo } from 'preact/hooks';
import { byUrgency, certificateRowsOf, certificateSearch } from '../../../present/certificate-rows.ts';
import { useSettled } from '../../live/settled.ts';
import type { PageProps } from '../../pages.ts';
import { ListPage } from '../../parts/list-page.tsx';
import { columnsAt } from './columns.tsx';

/** Twenty thousand rows are some 50 ms of work: not at each of twenty changes a second. */
const settleMs = 500;

/** Every certificate that any host found, as the address wants them. */
export function CertificateList({ known, now, router }: Pick<PageProps, 'known' | 'now' | 'router'>) {
  const estate = useSettled(known.estate, settleMs);
  const authorities = router.place.value.view.get('authorities') === 'yes';
  const all = useMemo(() => certificateRowsOf(estate).sort(byUrgency), [estate]);
  const rows = useMemo(
    () => (authorities ? all : all.filter(({ certificate }) => !certificate.isAuthority)),
    [all, authorities],
  );
  const columns = useMemo(() => columnsAt(now), [now]);
  const holds = useMemo(certificateSearch, []);
  const narrowing = (
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
  );
  return (
    <ListPage
      name="certificates"
      title="Certificates"
      placeholder="Name, issuer, file, host, owner=…"
      rows={rows}
      keyOf={({ certificate }) => certificate.fingerprint}
      facets={certificateFacets}
      columns={columns}
      holds={holds}
      router={router}
      narrowing={narrowing}
      none="No certificate yet. Agents report what they find."
    >
      {estate.listed.length > 0 && (
        <p class="beside">
          <a href="/certificates/listed">The imported list, beside what is served</a>
        </p>
      )}
    </ListPage>
  );
}
