import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { type EndpointStory, endpointOf, endpointStoryOf } from '../../../present/endpoint-story.ts';
import { presentedBy, vantageOf } from '../../../present/target-rows.ts';
import { endpointTone } from '../../../wording/words.ts';
import type { PageProps } from '../../pages.ts';
import { Listener, Proof, Served } from '../../parts/endpoint-cells.tsx';
import { LabelList } from '../../parts/label-list.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { Needs } from '../../parts/needs.tsx';
import { CertificateLink, HostLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { SixStates } from '../../parts/six-states.tsx';
import { addressOf } from '../../route/address.ts';
import { EndpointStays } from './endpoint-stays.tsx';

/** Everything that is known of one endpoint. */
export function EndpointDetail({ item, known: { estate, needs }, now, me }: PageProps & { readonly item: string }) {
  const story = useMemo(() => endpointStoryOf(estate, needs, endpointOf(item)), [estate, needs, item]);
  return (
    <>
      <p class="crumb">
        <a href="/endpoints">Endpoints</a>
      </p>
      {story === undefined ? (
        <>
          <h1>Not found now</h1>
          <Nothing>No host reports such an endpoint now: its listener or its server block is gone.</Nothing>
        </>
      ) : (
        <>
          <Known story={story} now={now} />
          {story.needs.pressing.length + story.needs.notices.length > 0 && (
            <Section id="findings" title="Findings" count={`${story.needs.pressing.length}`}>
              <Needs needs={story.needs} now={now} me={me} />
            </Section>
          )}
          <Outside story={story} now={now} />
          <EndpointStays {...story.endpoint} now={now} />
        </>
      )}
    </>
  );
}

function Known({ story: { endpoint, lineage }, now }: { story: EndpointStory; now: Now }) {
  const { serverName, status, issued, configured, served, observedAt, deployment, labels = {} } = endpoint;
  return (
    <>
      <header class="detail-head">
        <h1>
          <Raw text={serverName === '' ? '(no name)' : serverName} limit={200} />
        </h1>
        <Mark tone={endpointTone[status]} word={status} />
        <Served endpoint={endpoint} now={now} />
      </header>
      <div class="card">
        <LabelList labels={labels} />
        <SixStates endpoint={endpoint} now={now} />
        <dl class="evidence">
          <Fact title="Proof">
            <Proof endpoint={endpoint} />
          </Fact>
          <Fact title="Certificates">
            {[...new Set([issued, configured, served])].map(
              (fingerprint) =>
                fingerprint !== undefined && (
                  <span key={fingerprint}>
                    <CertificateLink fingerprint={fingerprint} />{' '}
                  </span>
                ),
            )}
          </Fact>
          <Fact title="Listener">
            <Listener endpoint={endpoint} />
          </Fact>
          <Fact title="Host">
            <HostLink {...endpoint} />
          </Fact>
          {lineage !== undefined && (
            <Fact title="Lineage">
              <Raw text={lineage.name} limit={200} />
              {lineage.renewal !== undefined && (
                <>
                  , renewal <Moment instant={lineage.renewal.at} now={now} />
                </>
              )}
            </Fact>
          )}
          {deployment !== undefined && (
            <Fact title="Deployment">
              <Raw text={deployment} limit={500} />
            </Fact>
          )}
          <Fact title="Last look">
            {observedAt === undefined ? 'never' : <Moment instant={observedAt} now={now} />}
          </Fact>
        </dl>
      </div>
    </>
  );
}

/** What its name presents to those who look from outside. */
function Outside({ story: { endpoint, places, outside }, now }: { story: EndpointStory; now: Now }) {
  if (outside === undefined) return null;
  return (
    <Section id="outside" title="Seen from outside" count={outside}>
      <ul class="plain-list">
        {places.map(({ target, place }) => {
          const presented = presentedBy(target, place);
          const since = presented === undefined ? place.failure?.since : place.since;
          return (
            <li key={JSON.stringify([target.id, place.address])}>
              <a href={addressOf('targets', String(target.id))}>
                <Raw text={place.address} limit={60} />
              </a>{' '}
              <span class="quiet">from</span> <Raw text={vantageOf(target)} limit={120} />{' '}
              {presented === undefined ? (
                <b>shows nothing</b>
              ) : (
                <>
                  <CertificateLink fingerprint={presented} />
                  {presented !== endpoint.served && <b> another</b>}
                </>
              )}
              {since !== undefined && (
                <span class="quiet">
                  , since <Moment instant={since} now={now} />
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}
