import { hostFacets } from '../../../present/host-list.ts';
import { useMemo } from 'preact/hooks';
import { hostHolds, hostRowsOf } from '../../../present/host-rows.ts';
import { useSettled } from '../../live/settled.ts';
import type { PageProps } from '../../pages.ts';
import { ListPage } from '../../parts/list-page.tsx';
import { columnsAt } from './columns.tsx';
import { Enrol } from './enrol.tsx';
import { HostDetail } from './host-detail.tsx';

/** Every enrolled host; below it one of them. */
export function Page(props: PageProps) {
  const { item } = props.router.place.value;
  return item === undefined ? <HostList {...props} /> : <HostDetail agentId={item} {...props} />;
}

/** A fleet's rows are not made at each of twenty changes a second. */
const settleMs = 500;

function HostList({ known, now, me, router }: PageProps) {
  const estate = useSettled(known.estate, settleMs);
  const rows = useMemo(() => hostRowsOf(estate), [estate]);
  const columns = useMemo(() => columnsAt(now), [now]);
  return (
    <ListPage
      name="hosts"
      title="Hosts"
      placeholder="Name, status, version, platform, owner=…"
      rows={rows}
      keyOf={({ host }) => host.agentId}
      facets={hostFacets}
      columns={columns}
      holds={hostHolds}
      router={router}
      none="No host yet: enrol the first."
    >
      <Enrol me={me} version={estate.collector.version} />
    </ListPage>
  );
}
