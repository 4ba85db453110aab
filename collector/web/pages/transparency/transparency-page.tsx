import type { TransparencyView } from '../../../serve/transparency-view.ts';
import { useAsked } from '../../live/asked.ts';
import type { PageProps } from '../../pages.ts';
import { Nothing, Section } from '../../parts/section.tsx';
import { Table } from '../../parts/table.tsx';
import { certificateColumns, foundFor, keyOf, logColumns, nameColumns } from './columns.tsx';

/** What transparency logs told of watched names, and how far each of them is read. */
export function Page({ known, now }: PageProps) {
  const { answer, failed } = useAsked<TransparencyView>('/api/v1/transparency?held=false').value;
  const { logs = [], certificates = [], names = [] } = answer ?? {};
  const found = foundFor(known.estate.findings);
  return (
    <>
      <p class="crumb">
        <a href="/targets">Targets</a>
      </p>
      <Section
        id="unheld"
        title="Transparency: certificates that no host holds"
        count={answer ? `${certificates.length}` : ''}
        isPage
      >
        {failed && <Nothing>The collector did not answer.</Nothing>}
        {answer && logs.length > 0 && certificates.length === 0 && (
          <Nothing>None: whatever was logged for watched names, a host holds or held.</Nothing>
        )}
        {answer && logs.length === 0 && (
          <Nothing>
            No log is read. [[transparency.log]] in collector.toml names one; what is issued for your names is told here
            then.
          </Nothing>
        )}
        {certificates.length > 0 && (
          <Table
            name="logged"
            caption="Certificates with watched names that no host holds, the last logged first"
            columns={certificateColumns(found, now)}
            rows={certificates}
            keyOf={keyOf}
          />
        )}
      </Section>
      {names.length > 0 && (
        <Section id="unlisted" title="Names that nobody listed" count={`${names.length}`}>
          <Table
            name="unlisted"
            caption="Names that have a valid certificate, and that nobody listed here"
            columns={nameColumns(now)}
            rows={names}
            keyOf={({ name }) => name}
          />
        </Section>
      )}
      {logs.length > 0 && (
        <Section id="logs" title="Logs" count={`${logs.length}`}>
          <Table
            name="logs"
            caption="Logs that are read, and how far"
            columns={logColumns(found, now)}
            rows={logs}
            keyOf={({ log }) => log}
          />
        </Section>
      )}
    </>
  );
}
