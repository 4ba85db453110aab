import type { EndpointStayView } from '../../../serve/api/views.ts';
import { stayName } from '../../../wording/certificate-words.ts';
import { useFetched } from '../../live/fetched.ts';
import { Moment, type Now } from '../../parts/moment.tsx';
import { CertificateLink } from '../../parts/place-links.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { type Column, More, Table } from '../../parts/table.tsx';
import { useSignal } from '@preact/signals';

const step = 20;

interface StaysProps {
  readonly agentId: string;
  readonly id: string;
  /** What is served: asked again when it is another. */
  readonly served?: string | undefined;
  readonly now: Now;
}

/** Which certificates an endpoint had, from when to when. */
export function EndpointStays({ agentId, id, served, now }: StaysProps) {
  const limit = useSignal(step);
  const asked = new URLSearchParams({ agentId, endpoint: id });
  const fetched = useFetched(`/api/v1/endpoint-history?${asked}`, staysIn, served);
  const stays = fetched?.ok === true ? fetched.value : [];
  const shown = stays.slice(0, limit.value);
  return (
    <Section id="history" title="History" count={fetched?.ok === true ? `${stays.length}` : ''}>
      {stays.length > 0 ? (
        <Table
          name="stays"
          caption="Which certificates this endpoint had, newest first"
          columns={columns(now)}
          rows={shown}
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
      <More
        shown={shown.length}
        total={stays.length}
        ask={() => {
          limit.value += step;
        }}
      />
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
