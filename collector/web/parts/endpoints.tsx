import { useMemo } from 'preact/hooks';
import type { EndpointView } from '../../serve/estate.ts';
import { endpointsInOrder } from '../../present/endpoint-rows.ts';
import { ChainHead } from './chain-of-three.tsx';
import { Listener, Proof, Served, Status } from './endpoint-cells.tsx';
import type { Now } from './moment.tsx';
import { EndpointLink, HostLink } from './place-links.tsx';
import { type Column, Table } from './table.tsx';
import { Whose } from './whose.tsx';
import { Nothing, Section } from './section.tsx';

interface EndpointsProps {
  readonly endpoints: readonly EndpointView[];
  readonly now: Now;
}

/** Every thing that a client can connect to, and whether it serves what was issued. */
export function Endpoints({ endpoints, now }: EndpointsProps) {
  const rows = useMemo(() => endpointsInOrder(endpoints), [endpoints]);
  return (
    <Section id="endpoints" title="Endpoints" count={`${rows.length}`}>
      {rows.length > 0 ? (
        <Table
          name="endpoints"
          caption="Endpoints, worst first, with the certificate that was issued, is configured and is served"
          columns={columns(now)}
          rows={rows}
          keyOf={({ agentId, id }) => JSON.stringify([agentId, id])}
        />
      ) : (
        <Nothing>{noEndpoint}</Nothing>
      )}
    </Section>
  );
}

/** Stands where endpoints would. */
export const noEndpoint =
  'No endpoint yet. An agent finds them in the configuration of nginx: a server block with a TLS listener and a certificate.';

function columns(now: Now): Column<EndpointView>[] {
  return [
    { title: 'Status', class: 'status plain', cell: (endpoint) => <Status endpoint={endpoint} now={now} /> },
    {
      title: 'Name',
      names: true,
      class: 'name plain',
      cell: (endpoint) => (
        <>
          <EndpointLink endpoint={endpoint} />
          <Whose labels={endpoint.labels} />
        </>
      ),
    },
    { title: 'Listener', class: 'listener plain', cell: (endpoint) => <Listener endpoint={endpoint} /> },
    { title: 'Host', class: 'host plain', cell: (endpoint) => <HostLink {...endpoint} /> },
    {
      title: 'Issued, configured, served',
      head: <ChainHead />,
      class: 'three plain',
      cell: (endpoint) => <Proof endpoint={endpoint} />,
    },
    { title: 'Served until', class: 'validity plain', cell: (endpoint) => <Served endpoint={endpoint} now={now} /> },
  ];
}
