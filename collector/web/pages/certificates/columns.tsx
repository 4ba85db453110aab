import { certificateColumns } from '../../../present/certificate-list.ts';
import type { CertificateRow } from '../../../present/certificate-rows.ts';
import { stateName, stateTone } from '../../../wording/certificate-words.ts';
import { shortFingerprint } from '../../../wording/names.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import { drawn, type ListColumn } from '../../parts/list-column.tsx';
import { Mark } from '../../parts/mark.tsx';
import { Day, Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { addressOf } from '../../route/address.ts';

/** Every column of the list of certificates, in their order. */
export function columnsAt(now: Now): ListColumn<CertificateRow>[] {
  return drawn(certificateColumns, {
    name: (row) => <Names row={row} />,
    state: ({ state }) => <Mark tone={stateTone[state]} word={stateName(state)} />,
    validity: (row) => <Validity row={row} now={now} />,
    renewal: ({ renewal }) => renewal !== undefined && <Moment instant={renewal} now={now} />,
    places: ({ certificate: { endpoints, files } }) => `${endpoints.length}, ${files.length}`,
    fingerprint: ({ certificate: { fingerprint } }) => <span class="code">{shortFingerprint(fingerprint)}</span>,
  });
}

function Names({ row: { name, others, certificate } }: { row: CertificateRow }) {
  return (
    <>
      <a href={addressOf('certificates', certificate.fingerprint)}>
        <Raw text={name === '' ? 'no name' : name} limit={120} />
      </a>
      {others > 0 && <span class="quiet"> and {others} more</span>}
      {certificate.basis === 'told' && (
        <span
          class="quiet"
          title="The collector has not read this certificate itself: this is what an agent says of it."
        >
          {' '}
          as told
        </span>
      )}
    </>
  );
}

function Validity({ row: { certificate }, now }: { row: CertificateRow; now: Now }) {
  return (
    <span class={certificate.endpoints.length > 0 ? '' : 'unserved'}>
      <LifeBar validity={certificate} now={now} brief />
      <span class="quiet below">
        <Day instant={certificate.notBefore} /> to <Day instant={certificate.notAfter} />
      </span>
    </span>
  );
}
