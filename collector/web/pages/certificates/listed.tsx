import { type ListedRow, listedRows, type ListedStatus } from '../../../present/listed-rows.ts';
import type { PageProps } from '../../pages.ts';
import { Mark } from '../../parts/mark.tsx';
import { Day } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Whose } from '../../parts/whose.tsx';
import type { Tone } from '../../../wording/words.ts';
import { SearchBox, searched } from '../../parts/search-box.tsx';
import { countWords, Nothing } from '../../parts/section.tsx';

/** The list that somebody imported, beside what hosts serve: where the two do not agree first. */
export function ListedPage({ known: { estate }, router }: Pick<PageProps, 'known' | 'router'>) {
  const rows = listedRows(estate, searched(router));
  return (
    <>
      <p class="crumb">
        <a href="/certificates">Certificates</a>
      </p>
      <header class="page-head">
        <h1>Listed names</h1>
        <span class="quiet" role="status">
          {countWords(rows.length, estate.listed.length)}
        </span>
        <SearchBox router={router} label="Search the list" placeholder="Name, issuer, status, host, owner=…" />
      </header>
      {rows.length > 0 ? (
        <Table
          name="listed"
          caption="The imported list: rows that differ from what is served first, then names that no agent sees"
          columns={columns}
          rows={rows}
          keyOf={({ place }) => String(place)}
        />
      ) : (
        <Nothing>{estate.listed.length > 0 ? 'No row of the list fits.' : 'No list was imported.'}</Nothing>
      )}
    </>
  );
}

const tone: Readonly<Record<ListedStatus, Tone>> = { differs: 'warning', unseen: 'unknown', served: 'notice' };

const columns: Column<ListedRow>[] = [
  {
    title: 'Status',
    class: 'status plain',
    cell: ({ status }) => <Mark tone={tone[status]} word={status} />,
  },
  {
    title: 'Name',
    names: true,
    class: 'name plain',
    cell: ({ listed: { name, labels } }) => (
      <>
        <Raw text={name} />
        <Whose labels={labels} />
      </>
    ),
  },
  {
    title: 'The list says',
    class: 'told',
    cell: ({ listed: { expiration, issuer } }) => (
      <>
        {expiration === '' ? <span class="quiet">no date</span> : <Raw text={expiration} limit={60} />}
        {issuer !== '' && (
          <span class="quiet below">
            <Raw text={issuer} limit={80} />
          </span>
        )}
      </>
    ),
  },
  {
    title: 'Served until',
    class: 'until',
    cell: ({ servedUntil, status }) =>
      servedUntil === undefined ? (
        <span class="quiet">{status === 'unseen' ? 'seen by no agent' : 'not known'}</span>
      ) : (
        <Day instant={servedUntil} />
      ),
  },
  {
    title: 'On',
    class: 'on',
    cell: ({ hostNames }) => (hostNames.length === 0 ? '' : <Raw text={hostNames.join(', ')} limit={200} />),
  },
];
