import { useSignal } from '@preact/signals';
import type { CertificateView, Estate } from '../../../serve/estate.ts';
import { certificateRows, renewalTimes } from '../../facts/estate-view.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import { Day, Moment, type Now } from '../../parts/moment.tsx';
import { Places } from '../../parts/places.tsx';
import { Raw } from '../../parts/raw.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { issuerName, namesOf, shortFingerprint } from '../../wording/names.ts';
import { countWords, Nothing, Section } from '../../parts/section.tsx';

/** Every certificate that any host found: who issued it, how long it lasts, where it lies and where it is served. */
export function Certificates({ estate, filter, now }: { estate: Estate; filter: string; now: Now }) {
  const authorities = useSignal(false);
  const rows = certificateRows(estate.certificates, filter, authorities.value);
  const all = authorities.value ? estate.certificates : estate.certificates.filter(({ isAuthority }) => !isAuthority);
  return (
    <Section
      id="certificates"
      title="Certificates"
      count={countWords(rows.length, all.length)}
      tools={
        <label class="tool">
          <input
            type="checkbox"
            checked={authorities}
            onChange={({ currentTarget }) => {
              authorities.value = currentTarget.checked;
            }}
          />
          with authorities
        </label>
      }
    >
      {rows.length > 0 ? (
        <Table
          name="certificates"
          caption="Certificates: those served first, then what ends first"
          columns={columns(renewalTimes(estate), now)}
          rows={rows}
          keyOf={({ fingerprint }) => fingerprint}
        />
      ) : (
        <Nothing>
          {all.length > 0 ? 'No certificate fits the filter.' : 'No certificate yet. Agents report what they find.'}
        </Nothing>
      )}
    </Section>
  );
}

function columns(renewals: ReadonlyMap<string, string>, now: Now): Column<CertificateView>[] {
  return [
    { title: 'Names', names: true, class: 'name plain', cell: (certificate) => <Names certificate={certificate} /> },
    { title: 'Issuer', class: 'issuer', cell: ({ issuer }) => <Raw text={issuerName(issuer)} limit={120} /> },
    { title: 'Key', class: 'key', cell: ({ key }) => <Raw text={key} /> },
    {
      title: 'Validity',
      class: 'validity',
      cell: (certificate) => (
        <Validity certificate={certificate} renewal={renewals.get(certificate.fingerprint)} now={now} />
      ),
    },
    { title: 'Where', class: 'places-cell', cell: (certificate) => <Places certificate={certificate} /> },
  ];
}

function Names({ certificate }: { certificate: CertificateView }) {
  const names = namesOf(certificate);
  const [first = '', ...others] = names;
  return (
    <>
      <Raw text={first} limit={120} /> <Fingerprint certificate={certificate} />
      {others.length > 0 && (
        <details class="others">
          <summary>and {others.length} more</summary>
          <ul>
            {others.slice(0, 100).map((name) => (
              <li key={name}>
                <Raw text={name} limit={120} />
              </li>
            ))}
            {others.length > 100 && <li class="quiet">and {others.length - 100} that are not shown</li>}
          </ul>
        </details>
      )}
    </>
  );
}

/** It leads to the certificate itself, where the collector has it. */
function Fingerprint({ certificate: { fingerprint, basis } }: { certificate: CertificateView }) {
  const title = `SHA-256 ${fingerprint}`;
  const short = shortFingerprint(fingerprint);
  if (basis === 'der')
    return (
      <a class="quiet code" title={`${title} (PEM)`} href={`/api/v1/certificates/${fingerprint}/pem`} download>
        {short}
      </a>
    );
  return (
    <>
      <span class="quiet code" title={title}>
        {short}
      </span>{' '}
      <span class="quiet" title="The collector has not read this certificate itself: this is what an agent says of it.">
        as told
      </span>
    </>
  );
}

interface ValidityProps {
  readonly certificate: CertificateView;
  readonly renewal: string | undefined;
  readonly now: Now;
}

function Validity({ certificate, renewal, now }: ValidityProps) {
  return (
    <span class={certificate.endpoints.length > 0 ? '' : 'unserved'}>
      <LifeBar validity={certificate} now={now} brief />
      <span class="quiet below">
        <Day instant={certificate.notBefore} /> to <Day instant={certificate.notAfter} />
        {renewal !== undefined && (
          <>
            {' · '}renewal <Moment instant={renewal} now={now} />
          </>
        )}
      </span>
    </span>
  );
}
