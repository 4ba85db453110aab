import type { PageProps } from '../../pages.ts';
import { SearchBox, searched } from '../../parts/search-box.tsx';
import { Certificates } from './certificates.tsx';
import { Listed } from './listed.tsx';

/** Every certificate that any host found, and the imported list beside them. */
export function Page({ known: { estate }, now, router }: PageProps) {
  return (
    <>
      <header class="page-head">
        <h1>Certificates</h1>
        <SearchBox router={router} label="Search certificates" placeholder="Name, issuer, file, host, owner=…" />
      </header>
      <Certificates estate={estate} filter={searched(router)} now={now} />
      {estate.listed.length > 0 && <Listed estate={estate} filter={searched(router)} />}
    </>
  );
}
