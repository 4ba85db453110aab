import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { EndpointView } from '../../serve/estate.ts';
import { endpointRows } from '../facts/estate-view.ts';
import { ChainHead, ChainOfThree } from './chain-of-three.tsx';
import { LifeBar } from './life-bar.tsx';
import { Mark } from './mark.tsx';
import { Moment, type Now } from './moment.tsx';
import { HostLink } from './place-links.tsx';
import { Raw } from './raw.tsx';
import { type Column, Table } from './table.tsx';
import { Whose } from './whose.tsx';
import { listenerName } from '../wording/names.ts';
import { endpointTone, failureWords, reachedWords } from '../wording/words.ts';
import { countWords, Nothing, Section } from './section.tsx';

interface EndpointsProps {
  readonly endpoints: readonly EndpointView[];
  readonly filter: string;
  readonly now: Now;
  /** Stands in the head of a page that shows nothing else. */
  readonly search?: ComponentChildren;
}

/** Every thing that a client can connect to, and whether it serves what was issued. */
export function Endpoints({ endpoints, filter, now, search }: EndpointsProps) {
  const rows = useMemo(() => endpointRows(endpoints, filter), [endpoints, filter]);
  return (
    <Section
      id="endpoints"
      title="Endpoints"
      count={countWords(rows.length, endpoints.length)}
      isPage={search !== undefined}
      tools={search}
    >
      {rows.length > 0 ? (
        <Table
          name="endpoints"
          caption="Endpoints, worst first, with the certificate that was issued, is configured and is served"
          columns={columns(now)}
          rows={rows}
          keyOf={({ agentId, id }) => JSON.stringify([agentId, id])}
        />
      ) : (
        <Nothing>
          {endpoints.length > 0
            ? 'No endpoint fits the filter.'
            : 'No endpoint yet. An agent finds them in the configuration of nginx: a server block with a TLS listener and a certificate.'}
        </Nothing>
      )}
    </Section>
  );
}

function columns(now: Now): Column<EndpointView>[] {
  return [
    { title: 'Status', class: 'status plain', cell: (endpoint) => <Status endpoint={endpoint} now={now} /> },
    {
      title: 'Name',
      names: true,
      class: 'name plain',
      cell: ({ serverName, labels }) => (
        <>
          <Raw text={serverName === '' ? '(no name)' : serverName} />
          <Whose labels={labels} />
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

function Status({ endpoint: { status, observedAt }, now }: { endpoint: EndpointView; now: Now }) {
  return (
    <>
      <Mark tone={endpointTone[status]} word={status} />
      {status === 'unknown' && (
        <span class="quiet below">
          {observedAt === undefined ? (
            'never seen'
          ) : (
            <>
              seen <Moment instant={observedAt} now={now} />
            </>
          )}
        </span>
      )}
    </>
  );
}

function Listener({ endpoint }: { endpoint: EndpointView }) {
  return (
    <>
      <Raw text={listenerName(endpoint)} /> <span class="quiet algorithm">{endpoint.algorithm}</span>
    </>
  );
}

function Proof({ endpoint }: { endpoint: EndpointView }) {
  const { status, failure, reached, issued } = endpoint;
  return (
    <>
      <ChainOfThree endpoint={endpoint} />
      {failure !== undefined && (
        <span class="below">
          {failureWords[failure.reason]}
          {failure.detail !== '' && (
            <span class="quiet">
              {' · '}
              <Raw text={failure.detail} />
            </span>
          )}
        </span>
      )}
      {status === 'drift' && issued !== undefined && (
        <span class="below">The newest certificate is {reachedWords[reached]}.</span>
      )}
    </>
  );
}

function Served({ endpoint: { servedNotBefore, servedNotAfter }, now }: { endpoint: EndpointView; now: Now }) {
  if (servedNotBefore === undefined || servedNotAfter === undefined) return <span class="quiet">not known</span>;
  return <LifeBar validity={{ notBefore: servedNotBefore, notAfter: servedNotAfter }} now={now} brief />;
}
