import type { PageProps } from '../../pages.ts';
import { SearchBox, searched } from '../../parts/search-box.tsx';
import { Endpoints } from '../../parts/endpoints.tsx';

/** Every thing that a client can connect to, and whether it serves what was issued. */
export function Page({ known: { estate }, now, router }: PageProps) {
  return (
    <>
      <header class="page-head">
        <h1>Endpoints</h1>
        <SearchBox router={router} label="Search endpoints" placeholder="Name, host, status, fingerprint, owner=…" />
      </header>
      <Endpoints endpoints={estate.endpoints} filter={searched(router)} now={now} />
    </>
  );
}
