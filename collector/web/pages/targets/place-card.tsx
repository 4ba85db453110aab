import type { TargetPlace } from '../../../present/target-rows.ts';
import { stapleWords } from '../../../wording/staple-words.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Moment, type Now } from '../../parts/moment.tsx';
import { CertificateLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';

interface PlaceCardProps {
  readonly place: TargetPlace;
  readonly now: Now;
  /** A host of the fleet holds what is presented: it has a page. */
  readonly isKnown: boolean;
}

/** What one address presents to clients of one kind of key. */
export function PlaceCard({ place, now, isKnown }: PlaceCardProps) {
  const { address, algorithm, served, since, subject, issuer, notBefore, notAfter, failure } = place;
  return (
    <>
      <p class="holder">
        <b>
          <Raw text={address} limit={60} />
        </b>
        {algorithm !== undefined && <span class="quiet algorithm">{algorithm}</span>}
        {failure === undefined ? (
          <span class="quiet">
            since <Moment instant={since} now={now} />
          </span>
        ) : (
          <>
            <Mark tone="unknown" word="shows nothing" />
            <span>
              <Raw text={`${failure.reason}${failure.detail === '' ? '' : `: ${failure.detail}`}`} limit={300} />, since{' '}
              <Moment instant={failure.since} now={now} />
            </span>
          </>
        )}
        {notBefore !== undefined && notAfter !== undefined && <LifeBar validity={{ notBefore, notAfter }} now={now} />}
      </p>
      {served !== undefined && (
        <dl class="evidence">
          <Fact title="Subject" text={subject ?? ''} />
          <Fact title="Issuer" text={issuer ?? ''} />
          <div>
            <dt>SHA-256</dt>
            <dd>{isKnown ? <CertificateLink fingerprint={served} /> : <span class="code raw">{served}</span>}</dd>
          </div>
          <Fact title="TLS" text={place.tlsVersion ?? 'not told'} />
          <Fact
            title="Its name"
            text={place.nameMatches === false ? 'is not in the certificate' : 'is in the certificate'}
          />
          <Fact
            title="Chain"
            text={
              place.trusted === false ? `not trusted: ${place.chainProblem ?? 'not read'}` : 'leads to a trusted root'
            }
          />
          <Fact title="Staple" text={stapleWords(place, now.value)} />
        </dl>
      )}
    </>
  );
}

function Fact({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        <Raw text={text} limit={500} />
      </dd>
    </div>
  );
}
