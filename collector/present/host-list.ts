import type { HostView } from '../serve/estate.ts';
import { absolute, clockWords } from '../wording/duration.ts';
import { hostStatuses, modeWords } from '../wording/words.ts';
import { ownLabels } from './certificate-rows.ts';
import { type Column, numberColumn, textColumn } from './columns.ts';
import type { Facet } from './facets.ts';
import { hostHolds, type HostRow, type Renewability } from './host-rows.ts';
import { labelTitles } from './label-titles.ts';
import type { List } from './list.ts';

const titles = { ...labelTitles, platform: 'Platform label' };

const labelOf = (host: HostView, key: string): string => host.labels?.[key] ?? '';
const modeOf = ({ mode }: HostView): string => (mode === undefined ? 'not told' : modeWords[mode]);

export const hostFacets: readonly Facet<HostRow>[] = [
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
export const hostColumns: readonly Column<HostRow>[] = [
  {
    name: 'name',
    title: 'Host',
    names: true,
    usual: true,
    sort: ({ host }) => host.name.toLowerCase(),
    csv: [['host', ({ host }) => host.name]],
  },
  {
    name: 'state',
    title: 'Status',
    usual: true,
    sort: ({ host }) => hostStatuses.indexOf(host.status),
    csv: [['status', ({ host }) => host.status]],
  },
  textColumn('why', 'Why', true, ({ host }) => host.reason),
  {
    name: 'heard',
    title: 'Last heard',
    usual: true,
    sort: ({ host }) => host.lastHeardAt ?? '',
    csv: [['lastHeardAt', ({ host }) => host.lastHeardAt ?? '']],
    brief: ({ host: { lastHeardAt } }) => (lastHeardAt === undefined ? 'never' : absolute(lastHeardAt)),
  },
  {
    name: 'looked',
    title: 'Last looked',
    usual: true,
    sort: ({ host }) => host.observedAt ?? '',
    csv: [['observedAt', ({ host }) => host.observedAt ?? '']],
    brief: ({ host: { observedAt } }) => (observedAt === undefined ? 'never' : absolute(observedAt)),
  },
  {
    name: 'clock',
    title: 'Clock',
    usual: false,
    sort: ({ host: { clockSkewSeconds } }) => (clockSkewSeconds === undefined ? -1 : Math.abs(clockSkewSeconds)),
    csv: [['clockSkewSeconds', ({ host: { clockSkewSeconds } }) => String(clockSkewSeconds ?? '')]],
    brief: ({ host }) => clockWords(host.clockSkewSeconds),
  },
  {
    name: 'renewability',
    title: 'Renewable',
    usual: true,
    sort: ({ renewability: { lineages, bad, good } }) => (lineages === 0 ? '' : bad * -1000 + good),
    csv: [['renewable', ({ renewability: { good, lineages } }) => `${good} of ${lineages}`]],
    brief: ({ renewability }) => renewableWords(renewability),
  },
  textColumn('version', 'Agent', true, ({ host }) => host.agentVersion),
  textColumn('mode', 'Mode', true, ({ host }) => modeOf(host)),
  textColumn('system', 'Platform', false, ({ host }) => host.platform),
  numberColumn('endpoints', 'Endpoints', ({ endpoints }) => endpoints),
  numberColumn('findings', 'Findings', ({ findings }) => findings),
  ...ownLabels.map((key) => textColumn(key, titles[key], key === 'owner', ({ host }: HostRow) => labelOf(host, key))),
];

export const hostList: List<HostRow> = {
  name: 'hosts',
  columns: hostColumns,
  facets: hostFacets,
  holds: hostHolds,
};

/** How many of a host's lineages would renew today, as their rehearsals told. */
export function renewableWords({ lineages, good, bad }: Renewability): string {
  if (lineages === 0) return 'no lineage';
  if (bad > 0) return `${bad} of ${lineages} would fail`;
  return good === 0 ? 'not rehearsed' : `${good} of ${lineages} rehearsed`;
}
