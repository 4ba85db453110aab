import type { CampaignsAnswer } from '../../../serve/campaigns/views.ts';
import { useAsked } from '../../live/asked.ts';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import type { PageProps } from '../../pages.ts';
import { campaignTone, selectionWords } from '../../../wording/campaigns.ts';
import { CampaignDetail } from './campaign-detail.tsx';
import { Planner } from './planner.tsx';

type Campaign = CampaignsAnswer['items'][number];

const againMs = 3_000;

/** Certificates that are replaced in waves: all campaigns, and what one would do; or one of them. */
export function Page({ now, me, router }: PageProps) {
  const { item } = router.place.value;
  if (item !== undefined) return <CampaignDetail key={item} id={item} me={me} now={now} />;
  return (
    <>
      <Campaigns now={now} />
      <Planner me={me} begun={(id) => router.go(`/campaigns/${id}`)} />
    </>
  );
}

function Campaigns({ now }: { now: Now }) {
  const { answer, failed } = useAsked<CampaignsAnswer>('/api/v1/campaigns', 0, againMs).value;
  const items = answer?.items ?? [];
  return (
    <Section id="campaigns" title="Campaigns" count={answer ? `${items.length}` : ''} isPage>
      {failed && <Nothing>The collector did not answer.</Nothing>}
      {answer && items.length === 0 && (
        <Nothing>None yet. A campaign replaces many certificates, each by its own agent: plan one below.</Nothing>
      )}
      {items.length > 0 && (
        <Table
          name="campaigns"
          caption="Campaigns, the newest first"
          columns={columnsOf(now)}
          rows={items}
          keyOf={({ id }) => id}
        />
      )}
    </Section>
  );
}

function columnsOf(now: Now): readonly Column<Campaign>[] {
  return [
    { title: 'State', class: 'state', cell: (one) => <Mark tone={campaignTone(one)} word={one.state} /> },
    {
      title: 'What',
      class: 'what',
      names: true,
      cell: ({ id, selection, reason }) => (
        <>
          <a href={`/campaigns/${id}`}>
            <Raw text={selectionWords(selection)} limit={200} />
          </a>{' '}
          <span class="quiet">
            <Raw text={reason} limit={200} />
          </span>
        </>
      ),
    },
    { title: 'Served', class: 'served', cell: ({ served, lineages }) => `${served} of ${lineages}` },
    { title: 'Failed', class: 'failed', cell: ({ failed }) => failed },
    {
      title: 'Started',
      class: 'started',
      cell: ({ startedAt, startedBy }) => (
        <>
          <Moment instant={startedAt} now={now} />{' '}
          <span class="quiet">
            by <Raw text={startedBy} limit={60} />
          </span>
        </>
      ),
    },
  ];
}
