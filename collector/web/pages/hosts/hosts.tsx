import type { HostView } from '../../../serve/estate.ts';
import { hostRows } from '../../facts/estate-view.ts';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Whose } from '../../parts/whose.tsx';
import { hostTone, modeWords } from '../../wording/words.ts';
import { countWords, Nothing, Section } from '../../parts/section.tsx';

/** Every enrolled host: what is known of it, and how fresh that is. */
export function Hosts({ hosts, filter, now }: { hosts: readonly HostView[]; filter: string; now: Now }) {
  const rows = hostRows(hosts, filter);
  return (
    <Section id="hosts" title="Hosts" count={countWords(rows.length, hosts.length)}>
      {rows.length > 0 ? (
        <Table
          name="hosts"
          caption="Hosts, worst first"
          columns={columns(now)}
          rows={rows}
          keyOf={({ agentId }) => agentId}
        />
      ) : (
        <Nothing>No host fits the filter.</Nothing>
      )}
    </Section>
  );
}

function columns(now: Now): Column<HostView>[] {
  return [
    { title: 'Status', class: 'status plain', cell: ({ status }) => <Mark tone={hostTone[status]} word={status} /> },
    {
      title: 'Host',
      names: true,
      class: 'host plain',
      cell: ({ name, labels }) => (
        <>
          <Raw text={name} />
          <Whose labels={labels} />
        </>
      ),
    },
    { title: 'Why', class: 'why plain', cell: ({ reason }) => <Raw text={reason} /> },
    { title: 'Last heard', class: 'instant', cell: (host) => <Heard host={host} now={now} /> },
    {
      title: 'Last looked',
      class: 'instant',
      cell: ({ observedAt }) => (observedAt === undefined ? 'never' : <Moment instant={observedAt} now={now} />),
    },
    { title: 'Agent', class: 'version', cell: ({ agentVersion }) => <Raw text={agentVersion} /> },
    { title: 'Mode', class: 'mode', cell: ({ mode }) => (mode === undefined ? 'not told' : modeWords[mode]) },
    { title: 'Platform', class: 'platform', cell: ({ platform }) => <Raw text={platform} /> },
  ];
}

function Heard({ host: { connected, lastHeardAt }, now }: { host: HostView; now: Now }) {
  if (lastHeardAt === undefined) return <>never</>;
  return (
    <>
      <Moment instant={lastHeardAt} now={now} />
      {!connected && <span class="quiet below">not connected</span>}
    </>
  );
}
