import { useSettled } from '../../live/settled.ts';
import type { PageProps } from '../../pages.ts';
import { Endpoints } from '../../parts/endpoints.tsx';
import { SearchBox, searched } from '../../parts/search-box.tsx';

/** A fleet's rows are not sorted at each of twenty changes a second. */
const settleMs = 500;

/** Every thing that a client can connect to, and whether it serves what was issued. */
export function Page({ known: { estate }, now, router }: PageProps) {
  const endpoints = useSettled(estate.endpoints, settleMs);
  const search = (
    <SearchBox router={router} label="Search endpoints" placeholder="Name, host, status, fingerprint, owner=…" />
  );
  return <Endpoints endpoints={endpoints} filter={searched(router)} now={now} search={search} />;
}
