import { endpointColumns } from '../../../present/endpoint-list.ts';
import type { EndpointRow } from '../../../present/endpoint-rows.ts';
import { Listener, Proof, Served, Status } from '../../parts/endpoint-cells.tsx';
import { drawn, type ListColumn } from '../../parts/list-column.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { EndpointLink, HostLink } from '../../parts/place-links.tsx';
import { Whose } from '../../parts/whose.tsx';

/** Every column of the list of endpoints, in their order. */
export function columnsAt(now: Now): ListColumn<EndpointRow>[] {
  return drawn(endpointColumns, {
    name: ({ endpoint }) => (
      <>
        <EndpointLink endpoint={endpoint} />
        <Whose labels={endpoint.labels} />
      </>
    ),
    state: ({ endpoint }) => <Status endpoint={endpoint} now={now} />,
    listener: ({ endpoint }) => <Listener endpoint={endpoint} />,
    host: ({ endpoint }) => <HostLink {...endpoint} />,
    three: ({ endpoint }) => <Proof endpoint={endpoint} />,
    validity: ({ endpoint }) => <Served endpoint={endpoint} now={now} />,
    seen: ({ endpoint: { observedAt } }) =>
      observedAt === undefined ? 'never' : <Moment instant={observedAt} now={now} />,
  });
}
