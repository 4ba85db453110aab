import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { CertificateView, TargetView } from '../../../serve/estate.ts';
import { type CertificateRow, certificateRowsOf } from '../../../present/certificate-rows.ts';
import { type CertificateStory, storyOf } from '../../../present/certificate-story.ts';
import type { PageProps } from '../../pages.ts';
import { LabelList } from '../../parts/label-list.tsx';
import { LifeBar } from '../../parts/life-bar.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { CertificateLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { Nothing, Section } from '../../parts/section.tsx';
import { automationName, stateName, stateTone } from '../../../wording/certificate-words.ts';
import { absolute } from '../../../wording/duration.ts';
import { namesOf } from '../../../wording/names.ts';
import { ChainPicture } from './chain-picture.tsx';
import { Holders } from './holders.tsx';
import { Pem } from './pem.tsx';
import { Relatives } from './relatives.tsx';
import { Stays } from './stays.tsx';

interface DetailProps extends Pick<PageProps, 'known' | 'now'> {
  readonly fingerprint: string;
}

/** Everything that is known of one certificate. */
export function CertificateDetail({ fingerprint, known: { estate }, now }: DetailProps) {
  const story = useMemo(() => storyOf(estate, fingerprint), [estate, fingerprint]);
  const certificates = useMemo(() => new Map(estate.certificates.map((one) => [one.fingerprint, one])), [estate]);
  const row = useMemo(() => {
    const one = certificates.get(fingerprint);
    return one && certificateRowsOf({ ...estate, certificates: [one] })[0];
  }, [estate, certificates, fingerprint]);
  return (
    <>
      <p class="crumb">
        <a href="/certificates">Certificates</a>
      </p>
      {story === undefined || row === undefined ? (
        <>
          <h1>Not found now</h1>
          <Nothing>
            No host reports the certificate <Raw text={fingerprint} limit={64} /> now. What the collector kept of it, if
            anything, is below.
          </Nothing>
        </>
      ) : (
        <Known story={story} row={row} certificates={certificates} targets={estate.targets} now={now} />
      )}
      {/^[0-9a-f]{64}$/.test(fingerprint) && <Stays fingerprint={fingerprint} now={now} />}
    </>
  );
}

interface KnownProps {
  readonly story: CertificateStory;
  readonly row: CertificateRow;
  readonly certificates: ReadonlyMap<string, CertificateView>;
  readonly targets: readonly TargetView[];
  readonly now: Now;
}

function Known({ story, row, certificates, targets, now }: KnownProps) {
  const { certificate, chains, successor } = story;
  return (
    <>
      <header class="detail-head">
        <h1>
          <Raw text={row.name === '' ? 'no name' : row.name} limit={200} />
        </h1>
        <Mark tone={stateTone[row.state]} word={stateName(row.state)} />
        <LifeBar validity={certificate} now={now} />
      </header>
      {successor !== undefined && (
        <p>
          A newer one was issued in its place: <CertificateLink fingerprint={successor.fingerprint} />, and it is still
          served.
        </p>
      )}
      <Facts row={row} now={now} />
      <Section id="chain" title="Chain" count="">
        {chains.map((chain) => (
          <ChainPicture
            key={chain.links.join(' ')}
            leaf={certificate}
            chain={chain}
            certificates={certificates}
            now={now}
          />
        ))}
      </Section>
      <Holders story={story} targets={targets} now={now} />
      <Relatives story={story} now={now} />
    </>
  );
}

const mostNames = 100;

function Facts({ row, now }: { row: CertificateRow; now: Now }) {
  const { certificate, automation, renewal, owner, team, environment, platform } = row;
  const names = namesOf(certificate);
  const labels = Object.entries({ owner, team, environment, platform }).filter(([, values]) => values.length > 0);
  return (
    <div class="card">
      <LabelList labels={Object.fromEntries(labels.map(([key, values]) => [key, values.join(', ')]))} />
      <dl class="evidence">
        <Fact title="Names">
          <ul class="names">
            {names.slice(0, mostNames).map((name, index) => (
              <li key={index}>
                <Raw text={name} limit={300} />
              </li>
            ))}
            {names.length > mostNames && <li class="quiet">and {names.length - mostNames} more, in the PEM</li>}
          </ul>
        </Fact>
        <Fact title="Validity">
          {absolute(certificate.notBefore)} to {absolute(certificate.notAfter)}
        </Fact>
        <Fact title="Renewed by">
          {automationName(automation)}
          {renewal !== undefined && (
            <>
              , <Moment instant={renewal} now={now} />
            </>
          )}
        </Fact>
        <Fact title="Issuer">
          <Raw text={certificate.issuer} limit={1000} />
        </Fact>
        <Fact title="Subject">
          {certificate.subject === '' ? (
            <span class="quiet">empty</span>
          ) : (
            <Raw text={certificate.subject} limit={1000} />
          )}
        </Fact>
        <Fact title="Key">
          <Raw text={certificate.key} />
          {certificate.signature !== undefined && (
            <span class="quiet">
              , signed with <Raw text={certificate.signature} />
            </span>
          )}
        </Fact>
        <Fact title="Serial number">
          <span class="code">
            <Raw text={certificate.serialNumber} />
          </span>
        </Fact>
        <Fact title="SHA-256">
          <span class="code raw">{certificate.fingerprint}</span>
        </Fact>
        <Fact title="First seen">
          <Moment instant={certificate.firstSeenAt} now={now} />
        </Fact>
      </dl>
      <Pem certificate={certificate} />
    </div>
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
