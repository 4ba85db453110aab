import type { EndpointStayView } from '../../../serve/api/views.ts';
import { stayName } from '../../../wording/certificate-words.ts';
import { useFetched } from '../../live/fetched.ts';
import { Moment, type Now } from '../../parts/moment.tsx';
import { CertificateLink } from '../../parts/place-links.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { type Column, Table } from '../../parts/table.tsx';

interface StaysProps {
  readonly agentId: string;
  readonly id: string;
  /** What there is now: asked again when it is another. */
  readonly issued?: string | undefined;
  readonly configured?: string | undefined;
  readonly served?: string | undefined;
  readonly now: Now;
}

/** Which certificates an endpoint had, from when to when. */
export function EndpointStays({ agentId, id, issued, configured, served, now }: StaysProps) {
  const asked = new URLSearchParams({ agentId, endpoint: id });
  const fetched = useFetched(`/api/v1/endpoint-history?${asked}`, staysIn, [issued, configured, served].join());
  const stays = fetched?.ok === true ? fetched.value : [];
  return (
    <Section id="history" title="History" count={fetched?.ok === true ? `${stays.length}` : ''}>
      {stays.length > 0 ? (
        <Table
          name="stays"
          caption="Which certificates this endpoint had, newest first"
          columns={columns(now)}
          rows={stays}
          keyOf={({ fingerprint, state, from }) => JSON.stringify([fingerprint, state, from])}
        />
      ) : (
        <Nothing>
          {fetched === undefined
            ? 'Asking the collector…'
            : fetched.ok
              ? 'Nothing is kept of it.'
              : 'The history did not come: load the page again.'}
        </Nothing>
      )}
    </Section>
  );
}

function columns(now: Now): Column<EndpointStayView>[] {
  return [
    { title: 'State', class: 'state plain', names: true, cell: ({ state }) => stayName(state) },
    {
      title: 'Certificate',
      class: 'name plain',
      cell: ({ fingerprint }) => <CertificateLink fingerprint={fingerprint} />,
    },
    { title: 'From', class: 'instant', cell: ({ from }) => <Moment instant={from} now={now} /> },
    {
      title: 'Until',
      class: 'instant',
      cell: ({ until }) => (until === undefined ? 'now' : <Moment instant={until} now={now} />),
    },
  ];
}

async function staysIn(response: Response): Promise<EndpointStayView[]> {
  const { items }: { items: EndpointStayView[] } = await response.json();
  return items;
}
