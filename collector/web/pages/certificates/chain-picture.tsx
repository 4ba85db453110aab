import type { CertificateView } from '../../../serve/estate.ts';
import type { ServedChain } from '../../../present/certificate-story.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import type { Now } from '../../parts/moment.tsx';
import { CertificateLink } from '../../parts/place-links.tsx';
import { Raw } from '../../parts/raw.tsx';
import { issuerName, namesOf, shortFingerprint } from '../../../wording/names.ts';
import { counted } from '../../../wording/words.ts';

interface ChainPictureProps {
  readonly leaf: CertificateView;
  readonly chain: ServedChain;
  readonly certificates: ReadonlyMap<string, CertificateView>;
  readonly now: Now;
}

/** A chain as boxes from the leaf to what clients must hold themselves. */
export function ChainPicture({ leaf, chain: { links, endpoints }, certificates, now }: ChainPictureProps) {
  const last = links.length === 0 ? leaf : certificates.get(links.at(-1) ?? '');
  return (
    <figure class="chain-picture">
      <figcaption class="quiet">
        {endpoints > 0 ? `as ${counted(endpoints, 'endpoint serves', 'endpoints serve')} it` : 'by the issuers’ names'}
      </figcaption>
      <ol>
        <li class="box leaf">
          <b>
            <Raw text={namesOf(leaf)[0] ?? ''} limit={120} />
          </b>
          <LifeBar validity={leaf} now={now} brief />
        </li>
        {links.map((fingerprint, index) => (
          <li key={`${index} ${fingerprint}`} class="box">
            <Authority fingerprint={fingerprint} certificate={certificates.get(fingerprint)} now={now} />
          </li>
        ))}
        {last !== undefined && last.subject !== last.issuer && (
          <li class="box root">
            <Raw text={issuerName(last.issuer)} limit={120} />
            <span class="quiet">not sent: clients hold it</span>
          </li>
        )}
      </ol>
    </figure>
  );
}

interface AuthorityProps {
  readonly fingerprint: string;
  readonly certificate: CertificateView | undefined;
  readonly now: Now;
}

function Authority({ fingerprint, certificate, now }: AuthorityProps) {
  if (certificate === undefined) return <span class="quiet code">{shortFingerprint(fingerprint)}, not known</span>;
  return (
    <>
      <span>
        <Raw text={issuerName(certificate.subject)} limit={120} /> <CertificateLink fingerprint={fingerprint} />
      </span>
      <LifeBar validity={certificate} now={now} brief />
    </>
  );
}
