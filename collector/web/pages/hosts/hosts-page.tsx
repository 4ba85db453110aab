import type { PageProps } from '../../pages.ts';
import { SearchBox, searched } from '../../parts/search-box.tsx';
import { Hosts } from './hosts.tsx';

/** Every enrolled host. */
export function Page({ known: { estate }, now, router }: PageProps) {
  return (
    <>
      <header class="page-head">
        <h1>Hosts</h1>
        <SearchBox router={router} label="Search hosts" placeholder="Name, status, version, platform, owner=…" />
      </header>
      <Hosts hosts={estate.hosts} filter={searched(router)} now={now} />
    </>
  );
}
