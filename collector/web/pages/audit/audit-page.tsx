import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useAsked } from '../../live/asked.ts';
import type { PageProps } from '../../pages.ts';
import { give } from '../../parts/download.tsx';
import { ForAdmins } from '../../parts/for-admins.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Told } from '../../parts/told.tsx';
import { auditCsv, detailWords } from '../../../present/audit.ts';
import { absolute } from '../../../wording/duration.ts';
import { type AuditAnswer, type Entry, addressFor, allOf, readPage } from './entries.ts';
import { AuditFilters } from './filters.tsx';

/** What people changed: by whom, what and when, the newest first. */
export function Page({ me, router }: PageProps) {
  if (me?.role !== 'admin') return <ForAdmins title="Audit" me={me} />;
  return <Audit router={router} />;
}

/** Entries by id: those of the newest page, which comes again each minute, and those that were asked for behind it. */
type Held = ReadonlyMap<number, Entry>;

function Audit({ router }: Pick<PageProps, 'router'>) {
  const address = addressFor(router.place.value.view);
  const { answer, of, failed } = useAsked<AuditAnswer>(address).value;
  const held = useSignal<{ of: string; entries: Held; next: number | undefined }>({
    of: '',
    entries: new Map(),
    next: undefined,
  });
  const trouble = useSignal<string | undefined>(undefined);
  useEffect(() => {
    if (answer === undefined || of !== address) return;
    const isSame = held.value.of === address;
    const entries = new Map(isSame ? held.value.entries : []);
    for (const one of answer.items) entries.set(one.id, one);
    held.value = { of: address, entries, next: isSame ? held.value.next : answer.next };
  }, [answer, of, address, held]);
  const isCurrent = held.value.of === address;
  const rows = isCurrent ? [...held.value.entries.values()].sort((one, other) => other.id - one.id) : [];
  const next = isCurrent ? held.value.next : undefined;
  const older = async (): Promise<void> => {
    const page = await readPage(address, next);
    trouble.value = page ? undefined : 'The collector did not answer.';
    if (!page || held.value.of !== address) return;
    const entries = new Map([...held.value.entries, ...page.items.map((one) => [one.id, one] as const)]);
    held.value = { of: address, entries, next: page.next };
  };
  const csv = async (): Promise<void> => {
    const all = await allOf(address);
    trouble.value = all ? undefined : 'The collector did not answer.';
    if (all) give('audit.csv', auditCsv(all));
  };
  return (
    <Section
      id="audit"
      title="Audit"
      isPage
      count={next === undefined ? String(rows.length) : `the newest ${rows.length}`}
      tools={
        <button type="button" class="tool no-print" onClick={() => void csv()}>
          CSV
        </button>
      }
    >
      <AuditFilters router={router} />
      <Told outcome={trouble.value === undefined ? undefined : { why: trouble.value }} />
      {rows.length > 0 ? (
        <Table
          name="audit"
          caption="What people changed"
          columns={columns}
          rows={rows}
          keyOf={({ id }) => String(id)}
        />
      ) : (
        <Nothing>
          {failed ? 'The collector did not answer.' : answer ? 'Nothing fits.' : 'Asking the collector…'}
        </Nothing>
      )}
      {next !== undefined && (
        <p class="more">
          <button type="button" onClick={() => void older()}>
            Ask for older ones
          </button>
        </p>
      )}
    </Section>
  );
}

const columns: readonly Column<Entry>[] = [
  {
    title: 'When',
    class: 'when plain',
    cell: ({ at }) => <time dateTime={at}>{absolute(at)}</time>,
  },
  {
    title: 'Who',
    class: 'who-did',
    names: true,
    cell: ({ actor, via }) => (
      <>
        <Raw text={actor || 'nobody'} />
        <span class="quiet"> by {via}</span>
      </>
    ),
  },
  { title: 'What', class: 'what', cell: ({ action }) => action },
  { title: 'Of', class: 'whose', cell: ({ subject }) => <Raw text={subject} /> },
  { title: 'Detail', class: 'detail', cell: ({ detail }) => <Raw text={detailWords(detail)} limit={1000} /> },
];
