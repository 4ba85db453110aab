import { stayName } from '../../../wording/certificate-words.ts';
import { useFetched } from '../../live/fetched.ts';
import { Moment, type Now } from '../../parts/moment.tsx';
import { HostLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { type Column, Table } from '../../parts/table.tsx';

/** An endpoint's certificate was this one, from then until another took its place (GET …/history). */
interface Stay {
  readonly agentId: string;
  readonly hostName: string;
  readonly state: string;
  readonly endpoint: string;
  readonly from: string;
  readonly until?: string;
}

/** Where the certificate was issued, configured and served, from when to when. */
export function Stays({ fingerprint, now }: { fingerprint: string; now: Now }) {
  const fetched = useFetched(`/api/v1/certificates/${encodeURIComponent(fingerprint)}/history`, staysIn);
  const stays = fetched?.ok === true ? fetched.value : [];
  return (
    <Section id="history" title="History" count={fetched?.ok === true ? `${stays.length}` : ''}>
      {stays.length > 0 ? (
        <Table
          name="stays"
          caption="Where the certificate was, newest first"
          columns={columns(now)}
          rows={stays}
          keyOf={({ agentId, endpoint, state, from }) => JSON.stringify([agentId, endpoint, state, from])}
        />
      ) : (
        <Nothing>
          {fetched === undefined
            ? 'Asking the collector…'
            : fetched.ok
              ? 'No endpoint has had to do with it.'
              : 'The history did not come: load the page again.'}
        </Nothing>
      )}
    </Section>
  );
}

function columns(now: Now): Column<Stay>[] {
  return [
    { title: 'State', class: 'state plain', cell: ({ state }) => stayName(state) },
    {
      title: 'Endpoint',
      class: 'name plain',
      names: true,
      cell: ({ endpoint }) => <Raw text={endpoint} limit={200} />,
    },
    { title: 'Host', class: 'host', cell: (stay) => <HostLink {...stay} /> },
    { title: 'From', class: 'instant', cell: ({ from }) => <Moment instant={from} now={now} /> },
    {
      title: 'Until',
      class: 'instant',
      cell: ({ until }) => (until === undefined ? 'now' : <Moment instant={until} now={now} />),
    },
  ];
}

async function staysIn(response: Response): Promise<Stay[]> {
  const { items }: { items: Stay[] } = await response.json();
  return items;
}
