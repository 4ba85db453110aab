import { useMemo } from 'preact/hooks';
import { mayChange } from '../../../present/may.ts';
import { targetFacets } from '../../../present/target-list.ts';
import { targetHolds, targetRowsOf } from '../../../present/target-rows.ts';
import { useSettled } from '../../live/settled.ts';
import type { PageProps } from '../../pages.ts';
import { ListPage } from '../../parts/list-page.tsx';
import { AddTarget } from './add-target.tsx';
import { columnsAt } from './columns.tsx';
import { TargetDetail } from './target-detail.tsx';

/** What is asked from outside, again and again; below it one of them. */
export function Page(props: PageProps) {
  const { item } = props.router.place.value;
  return item === undefined ? <TargetList {...props} /> : <TargetDetail id={Number(item)} {...props} />;
}

const settleMs = 500;

function TargetList({ known, now, me, router }: PageProps) {
  const estate = useSettled(known.estate, settleMs);
  const rows = useMemo(() => targetRowsOf(estate), [estate]);
  const columns = useMemo(() => columnsAt(now), [now]);
  const may = mayChange(me);
  return (
    <ListPage
      name="targets"
      title="Targets"
      placeholder="Name, address, issuer, finding, owner=…"
      rows={rows}
      keyOf={({ target, place }) => JSON.stringify([target.id, place?.address, place?.algorithm])}
      facets={targetFacets}
      columns={columns}
      holds={targetHolds}
      router={router}
      none="Nothing is asked from outside yet. certherd-collector target add shop.example.com, or an operator here, begins."
    >
      {may && <AddTarget hosts={known.estate.hosts} />}
      <p class="quiet">
        <a href="/transparency">What transparency logs tell</a>
      </p>
    </ListPage>
  );
}
