import { endpointFacets } from '../../../present/endpoint-list.ts';
import { useMemo } from 'preact/hooks';
import { endpointHolds, endpointRowsOf } from '../../../present/endpoint-rows.ts';
import { useSettled } from '../../live/settled.ts';
import type { PageProps } from '../../pages.ts';
import { noEndpoint } from '../../parts/endpoints.tsx';
import { ListPage } from '../../parts/list-page.tsx';
import { columnsAt } from './columns.tsx';
import { EndpointDetail } from './endpoint-detail.tsx';

/** A fleet's rows are not sorted at each of twenty changes a second. */
const settleMs = 500;

/** Every thing that a client can connect to, and whether it serves what was issued; below it one of them. */
export function Page(props: PageProps) {
  const { item } = props.router.place.value;
  return item === undefined ? <EndpointList {...props} /> : <EndpointDetail item={item} {...props} />;
}

function EndpointList({ known, now, router }: PageProps) {
  const { endpoints, targets } = known.estate;
  const settled = useSettled(endpoints, settleMs);
  const rows = useMemo(() => endpointRowsOf({ endpoints: settled, targets }), [settled, targets]);
  const columns = useMemo(() => columnsAt(now), [now]);
  return (
    <ListPage
      name="endpoints"
      title="Endpoints"
      placeholder="Name, host, status, fingerprint, owner=…"
      rows={rows}
      keyOf={({ endpoint: { agentId, id } }) => JSON.stringify([agentId, id])}
      facets={endpointFacets}
      columns={columns}
      holds={endpointHolds}
      router={router}
      none={noEndpoint}
    />
  );
}
