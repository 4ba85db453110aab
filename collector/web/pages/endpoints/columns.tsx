import { ownLabels } from '../../facts/certificate-rows.ts';
import type { EndpointRow } from '../../facts/endpoint-rows.ts';
import type { Facet } from '../../facts/facets.ts';
import { Listener, Proof, Served, Status } from '../../parts/endpoint-cells.tsx';
import type { ListColumn } from '../../parts/list-column.ts';
import { Moment, type Now } from '../../parts/moment.tsx';
import { HostLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Whose } from '../../parts/whose.tsx';
import { listenerName } from '../../wording/names.ts';
import { endpointStatuses, failureWords, reachedWords } from '../../wording/words.ts';

const titles = { owner: 'Owner', team: 'Team', environment: 'Environment', platform: 'Platform' };

export const facets: readonly Facet<EndpointRow>[] = [
  { name: 'status', title: 'Status', valuesOf: ({ endpoint }) => [endpoint.status] },
  ...ownLabels.map((key) => ({
    name: key,
    title: titles[key],
    valuesOf: ({ endpoint }: EndpointRow) => [endpoint.labels?.[key] ?? ''],
  })),
  { name: 'host', title: 'Host', valuesOf: ({ endpoint }) => [endpoint.hostName] },
  { name: 'port', title: 'Port', valuesOf: ({ endpoint }) => [String(endpoint.port)] },
  { name: 'key', title: 'Key', valuesOf: ({ endpoint }) => [endpoint.algorithm] },
  { name: 'outside', title: 'From outside', valuesOf: ({ outside = '' }) => [outside] },
];

/** Every column of the list of endpoints, in their order. */
export function columnsAt(now: Now): ListColumn<EndpointRow>[] {
  return [
    {
      name: 'name',
      title: 'Name',
      names: true,
      usual: true,
      cell: ({ endpoint: { serverName, labels } }) => (
        <>
          <Raw text={serverName === '' ? '(no name)' : serverName} limit={200} />
          <Whose labels={labels} />
        </>
      ),
      sort: ({ endpoint }) => endpoint.serverName.toLowerCase(),
      csv: [['name', ({ endpoint }) => endpoint.serverName]],
    },
    {
      name: 'state',
      title: 'Status',
      usual: true,
      cell: ({ endpoint }) => <Status endpoint={endpoint} now={now} />,
      sort: ({ endpoint }) => endpointStatuses.indexOf(endpoint.status),
      csv: [['status', ({ endpoint }) => endpoint.status]],
    },
    {
      name: 'listener',
      title: 'Listener',
      usual: true,
      cell: ({ endpoint }) => <Listener endpoint={endpoint} />,
      sort: ({ endpoint }) => listenerName(endpoint),
      csv: [
        ['listener', ({ endpoint }) => listenerName(endpoint)],
        ['key', ({ endpoint }) => endpoint.algorithm],
      ],
    },
    {
      name: 'host',
      title: 'Host',
      usual: true,
      cell: ({ endpoint }) => <HostLink {...endpoint} />,
      sort: ({ endpoint }) => endpoint.hostName.toLowerCase(),
      csv: [['host', ({ endpoint }) => endpoint.hostName]],
    },
    {
      name: 'three',
      title: 'Issued, configured, served',
      usual: true,
      cell: ({ endpoint }) => <Proof endpoint={endpoint} />,
      csv: [
        ['issued', ({ endpoint: { issued = '' } }) => issued],
        ['configured', ({ endpoint: { configured = '' } }) => configured],
        ['served', ({ endpoint: { served = '' } }) => served],
        ['reached', ({ endpoint: { reached } }) => reachedWords[reached]],
        ['failure', ({ endpoint: { failure } }) => (failure ? failureWords[failure.reason] : '')],
      ],
    },
    {
      name: 'validity',
      title: 'Served until',
      usual: true,
      cell: ({ endpoint }) => <Served endpoint={endpoint} now={now} />,
      sort: ({ endpoint }) => endpoint.servedNotAfter ?? '',
      csv: [['servedUntil', ({ endpoint }) => endpoint.servedNotAfter ?? '']],
    },
    {
      name: 'outside',
      title: 'From outside',
      usual: false,
      cell: ({ outside }) => <Raw text={outside ?? ''} />,
      sort: ({ outside = '' }) => outside,
      csv: [['outside', ({ outside = '' }) => outside]],
    },
    {
      name: 'seen',
      title: 'Seen',
      usual: false,
      cell: ({ endpoint: { observedAt } }) =>
        observedAt === undefined ? 'never' : <Moment instant={observedAt} now={now} />,
      sort: ({ endpoint }) => endpoint.observedAt ?? '',
      csv: [['observedAt', ({ endpoint }) => endpoint.observedAt ?? '']],
    },
    ...ownLabels.map((key): ListColumn<EndpointRow> => {
      const textOf = ({ endpoint }: EndpointRow): string => endpoint.labels?.[key] ?? '';
      return {
        name: key,
        title: titles[key],
        usual: false,
        cell: (row) => <Raw text={textOf(row)} limit={120} />,
        sort: textOf,
        csv: [[key, textOf]],
      };
    }),
  ];
}
