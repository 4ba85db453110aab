import type { HostView } from '../../../serve/estate.ts';
import { ownLabels } from '../../facts/certificate-rows.ts';
import type { Facet } from '../../facts/facets.ts';
import type { HostRow, Renewability } from '../../facts/host-rows.ts';
import type { ListColumn } from '../../parts/list-column.ts';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { HostLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { clockWords } from '../../wording/duration.ts';
import { hostStatuses, hostTone, modeWords } from '../../wording/words.ts';

const titles = { owner: 'Owner', team: 'Team', environment: 'Environment', platform: 'Platform label' };

const labelOf = (host: HostView, key: string): string => host.labels?.[key] ?? '';
const modeOf = ({ mode }: HostView): string => (mode === undefined ? 'not told' : modeWords[mode]);

export const facets: readonly Facet<HostRow>[] = [
  { name: 'status', title: 'Status', valuesOf: ({ host }) => [host.status] },
  { name: 'mode', title: 'Mode', valuesOf: ({ host }) => [modeOf(host)] },
  { name: 'version', title: 'Agent', valuesOf: ({ host }) => [host.agentVersion] },
  { name: 'system', title: 'Platform', valuesOf: ({ host }) => [host.platform] },
  ...ownLabels.map((key) => ({
    name: key,
    title: titles[key],
    valuesOf: ({ host }: HostRow) => [labelOf(host, key)],
  })),
];

/** Every column of the list of hosts, in their order. */
export function columnsAt(now: Now): ListColumn<HostRow>[] {
  return [
    {
      name: 'name',
      title: 'Host',
      names: true,
      usual: true,
      cell: ({ host }) => <HostLink agentId={host.agentId} hostName={host.name} />,
      sort: ({ host }) => host.name.toLowerCase(),
      csv: [['host', ({ host }) => host.name]],
    },
    {
      name: 'state',
      title: 'Status',
      usual: true,
      cell: ({ host: { status } }) => <Mark tone={hostTone[status]} word={status} />,
      sort: ({ host }) => hostStatuses.indexOf(host.status),
      csv: [['status', ({ host }) => host.status]],
    },
    textColumn('why', 'Why', true, ({ host }) => host.reason),
    {
      name: 'heard',
      title: 'Last heard',
      usual: true,
      cell: ({ host }) => <Heard host={host} now={now} />,
      sort: ({ host }) => host.lastHeardAt ?? '',
      csv: [['lastHeardAt', ({ host }) => host.lastHeardAt ?? '']],
    },
    {
      name: 'looked',
      title: 'Last looked',
      usual: true,
      cell: ({ host: { observedAt } }) =>
        observedAt === undefined ? 'never' : <Moment instant={observedAt} now={now} />,
      sort: ({ host }) => host.observedAt ?? '',
      csv: [['observedAt', ({ host }) => host.observedAt ?? '']],
    },
    {
      name: 'clock',
      title: 'Clock',
      usual: false,
      cell: ({ host }) => clockWords(host.clockSkewSeconds),
      sort: ({ host: { clockSkewSeconds } }) => (clockSkewSeconds === undefined ? -1 : Math.abs(clockSkewSeconds)),
      csv: [['clockSkewSeconds', ({ host: { clockSkewSeconds } }) => String(clockSkewSeconds ?? '')]],
    },
    {
      name: 'renewability',
      title: 'Renewable',
      usual: true,
      cell: ({ renewability }) => <Renewable renewability={renewability} />,
      sort: ({ renewability: { lineages, bad, good } }) => (lineages === 0 ? '' : bad * -1000 + good),
      csv: [['renewable', ({ renewability: { good, lineages } }) => `${good} of ${lineages}`]],
    },
    textColumn('version', 'Agent', true, ({ host }) => host.agentVersion),
    textColumn('mode', 'Mode', true, ({ host }) => modeOf(host)),
    textColumn('system', 'Platform', false, ({ host }) => host.platform),
    numberColumn('endpoints', 'Endpoints', ({ endpoints }) => endpoints),
    numberColumn('findings', 'Findings', ({ findings }) => findings),
    ...ownLabels.map((key) => textColumn(key, titles[key], key === 'owner', ({ host }) => labelOf(host, key))),
  ];
}

type TextOf = (row: HostRow) => string;

function textColumn(name: string, title: string, usual: boolean, textOf: TextOf): ListColumn<HostRow> {
  const cell = (row: HostRow) => <Raw text={textOf(row)} limit={200} />;
  return { name, title, usual, cell, sort: textOf, csv: [[name, textOf]] };
}

function numberColumn(name: string, title: string, numberOf: (row: HostRow) => number): ListColumn<HostRow> {
  return { name, title, usual: false, cell: numberOf, sort: numberOf, csv: [[name, (row) => String(numberOf(row))]] };
}

function Heard({ host: { connected, lastHeardAt, clockSkewSeconds }, now }: { host: HostView; now: Now }) {
  if (lastHeardAt === undefined) return <>never</>;
  return (
    <>
      <Moment instant={lastHeardAt} now={now} />
      {!connected && <span class="quiet below">not connected</span>}
      {clockSkewSeconds !== undefined && clockSkewSeconds !== 0 && (
        <span class="quiet below">clock {clockWords(clockSkewSeconds)}</span>
      )}
    </>
  );
}

/** How many of a host's lineages would renew today, as their rehearsals told. */
export function Renewable({ renewability: { lineages, good, bad } }: { renewability: Renewability }) {
  if (lineages === 0) return <span class="quiet">no lineage</span>;
  if (bad > 0) return <Mark tone="warning" word={`${bad} of ${lineages} would fail`} />;
  return good === 0 ? <span class="quiet">not rehearsed</span> : <>{`${good} of ${lineages} rehearsed`}</>;
}
