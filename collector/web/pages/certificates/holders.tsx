import { useSignal } from '@preact/signals';
import type { EndpointView, TargetView } from '../../../serve/estate.ts';
import type { CertificateStory } from '../../../present/certificate-story.ts';
import { placesServing, vantageOf } from '../../../present/target-rows.ts';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { CertificateLink, HostLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { addressOf } from '../../route/address.ts';
import { SixStates } from '../../parts/six-states.tsx';
import { More } from '../../parts/table.tsx';
import { endpointTone } from '../../../wording/words.ts';

const step = 20;

interface HoldersProps {
  readonly story: CertificateStory;
  readonly targets: readonly TargetView[];
  readonly now: Now;
}

/** Every endpoint that serves the certificate or should, how far it got there, and every file that holds it. */
export function Holders({ story, targets, now }: HoldersProps) {
  const { certificate, endpoints, older } = story;
  return (
    <>
      <Section id="endpoints" title="Endpoints" count={`${endpoints.length}`}>
        {endpoints.length === 0 && <Nothing>No endpoint serves it, and none should.</Nothing>}
        <EndpointList endpoints={endpoints} of={certificate.fingerprint} now={now} />
      </Section>
      {older.length > 0 && (
        <Section id="older" title="Who still serves an older one for its names" count={`${older.length}`}>
          <EndpointList endpoints={older} of={certificate.fingerprint} now={now} />
        </Section>
      )}
      <Outside fingerprint={certificate.fingerprint} targets={targets} now={now} />
      <Section id="files" title="Files" count={`${certificate.files.length}`}>
        {certificate.files.length === 0 && <Nothing>No file that was looked at holds it as its leaf.</Nothing>}
        <FileList files={certificate.files} />
      </Section>
    </>
  );
}

/** Where it is presented to those who look from outside. */
function Outside({ fingerprint, targets, now }: { fingerprint: string } & Pick<HoldersProps, 'targets' | 'now'>) {
  const places = placesServing(targets, fingerprint);
  if (places.length === 0) return null;
  return (
    <Section id="outside" title="Seen from outside" count={`${places.length}`}>
      <ul class="plain-list">
        {places.map(({ target, place }) => (
          <li key={JSON.stringify([target.id, place.address, place.algorithm])}>
            <a href={addressOf('targets', String(target.id))}>
              <Raw text={target.target} limit={200} />
            </a>{' '}
            <span class="quiet">at</span> <Raw text={place.address} limit={60} /> <span class="quiet">from</span>{' '}
            <Raw text={vantageOf(target)} limit={120} />
            <span class="quiet">
              , since <Moment instant={place.since} now={now} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

interface EndpointListProps {
  readonly endpoints: readonly EndpointView[];
  /** The fingerprint that the page is about. */
  readonly of: string;
  readonly now: Now;
}

function EndpointList({ endpoints, of, now }: EndpointListProps) {
  const limit = useSignal(step);
  const shown = endpoints.slice(0, limit.value);
  return (
    <>
      <ul class="cards">
        {shown.map((endpoint) => (
          <li key={JSON.stringify([endpoint.agentId, endpoint.id])} class="card">
            <p class="holder">
              <Mark tone={endpointTone[endpoint.status]} word={endpoint.status} />
              <b>
                <Raw text={endpoint.id} limit={200} />
              </b>
              <span>
                <span class="quiet">on</span> <HostLink {...endpoint} />
              </span>
              {endpoint.served !== undefined && endpoint.served !== of && (
                <span>
                  <span class="quiet">serves</span> <CertificateLink fingerprint={endpoint.served} />
                  {endpoint.served === endpoint.issued && <span class="quiet">, the newest of its own lineage</span>}
                </span>
              )}
              {endpoint.observedAt !== undefined && (
                <span class="quiet">
                  seen <Moment instant={endpoint.observedAt} now={now} />
                </span>
              )}
            </p>
            {endpoint.issued === of && <SixStates endpoint={endpoint} now={now} />}
          </li>
        ))}
      </ul>
      <More
        shown={shown.length}
        total={endpoints.length}
        ask={() => {
          limit.value += step * 2;
        }}
      />
    </>
  );
}

function FileList({ files }: { files: CertificateStory['certificate']['files'] }) {
  const limit = useSignal(step);
  const shown = files.slice(0, limit.value);
  return (
    <>
      <ul class="plain-list">
        {shown.map((file) => (
          <li key={JSON.stringify([file.agentId, file.path])}>
            <HostLink {...file} />: <Raw text={file.path} limit={300} />
          </li>
        ))}
      </ul>
      <More
        shown={shown.length}
        total={files.length}
        ask={() => {
          limit.value += step * 5;
        }}
      />
    </>
  );
}
