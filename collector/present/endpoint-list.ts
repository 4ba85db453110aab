import { absolute } from '../wording/duration.ts';
import { listenerName } from '../wording/names.ts';
import { endpointStatuses, failureWords, reachedWords } from '../wording/words.ts';
import { untilWords } from './certificate-list.ts';
import { ownLabels } from './certificate-rows.ts';
import { type Column, textColumn } from './columns.ts';
import { endpointHolds, type EndpointRow } from './endpoint-rows.ts';
import type { Facet } from './facets.ts';
import { labelTitles } from './label-titles.ts';
import type { List } from './list.ts';

export const endpointFacets: readonly Facet<EndpointRow>[] = [
  { name: 'status', title: 'Status', valuesOf: ({ endpoint }) => [endpoint.status] },
  ...ownLabels.map((key) => ({
    name: key,
    title: labelTitles[key],
    valuesOf: ({ endpoint }: EndpointRow) => [endpoint.labels?.[key] ?? ''],
  })),
  { name: 'host', title: 'Host', valuesOf: ({ endpoint }) => [endpoint.hostName] },
  { name: 'port', title: 'Port', valuesOf: ({ endpoint }) => [String(endpoint.port)] },
  { name: 'key', title: 'Key', valuesOf: ({ endpoint }) => [endpoint.algorithm] },
  { name: 'outside', title: 'From outside', valuesOf: ({ outside = '' }) => [outside] },
];

/** Every column of the list of endpoints, in their order. */
export const endpointColumns: readonly Column<EndpointRow>[] = [
  {
    name: 'name',
    title: 'Name',
    names: true,
    usual: true,
    sort: ({ endpoint }) => endpoint.serverName.toLowerCase(),
    csv: [['name', ({ endpoint }) => endpoint.serverName]],
    brief: ({ endpoint: { serverName } }) => (serverName === '' ? '(no name)' : serverName),
  },
  {
    name: 'state',
    title: 'Status',
    usual: true,
    sort: ({ endpoint }) => endpointStatuses.indexOf(endpoint.status),
    csv: [['status', ({ endpoint }) => endpoint.status]],
  },
  {
    name: 'listener',
    title: 'Listener',
    usual: true,
    sort: ({ endpoint }) => listenerName(endpoint),
    csv: [
      ['listener', ({ endpoint }) => listenerName(endpoint)],
      ['key', ({ endpoint }) => endpoint.algorithm],
    ],
    brief: ({ endpoint }) => `${listenerName(endpoint)} ${endpoint.algorithm}`,
  },
  {
    name: 'host',
    title: 'Host',
    usual: true,
    sort: ({ endpoint }) => endpoint.hostName.toLowerCase(),
    csv: [['host', ({ endpoint }) => endpoint.hostName]],
  },
  {
    name: 'three',
    title: 'Issued, configured, served',
    usual: true,
    csv: [
      ['issued', ({ endpoint: { issued = '' } }) => issued],
      ['configured', ({ endpoint: { configured = '' } }) => configured],
      ['served', ({ endpoint: { served = '' } }) => served],
      ['reached', ({ endpoint: { reached } }) => reachedWords[reached]],
      ['failure', ({ endpoint: { failure } }) => (failure ? failureWords[failure.reason] : '')],
    ],
    brief: ({ endpoint: { failure, reached } }) => (failure ? failureWords[failure.reason] : reachedWords[reached]),
  },
  {
    name: 'validity',
    title: 'Served until',
    usual: true,
    sort: ({ endpoint }) => endpoint.servedNotAfter ?? '',
    csv: [['servedUntil', ({ endpoint }) => endpoint.servedNotAfter ?? '']],
    brief: ({ endpoint: { servedNotAfter } }, now) =>
      servedNotAfter === undefined ? '' : untilWords(servedNotAfter, now),
  },
  textColumn('outside', 'From outside', false, ({ outside = '' }) => outside),
  {
    name: 'seen',
    title: 'Seen',
    usual: false,
    sort: ({ endpoint }) => endpoint.observedAt ?? '',
    csv: [['observedAt', ({ endpoint }) => endpoint.observedAt ?? '']],
    brief: ({ endpoint: { observedAt } }) => (observedAt === undefined ? 'never' : absolute(observedAt)),
  },
  ...ownLabels.map((key) =>
    textColumn(key, labelTitles[key], false, ({ endpoint }: EndpointRow) => endpoint.labels?.[key] ?? ''),
  ),
];

export const endpointList: List<EndpointRow> = {
  name: 'endpoints',
  columns: endpointColumns,
  facets: endpointFacets,
  holds: endpointHolds,
};
