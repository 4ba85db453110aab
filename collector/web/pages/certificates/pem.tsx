import { useSignal } from '@preact/signals';
import type { CertificateView } from '../../../serve/estate.ts';
import { useFetched } from '../../live/fetched.ts';

/** The certificate itself, for whoever wants to look at it with a tool of their own. */
export function Pem({ certificate: { fingerprint, basis } }: { certificate: CertificateView }) {
  const open = useSignal(false);
  if (basis !== 'der')
    return <p class="quiet">The collector does not have the certificate itself: this is what an agent says of it.</p>;
  const address = `/api/v1/certificates/${encodeURIComponent(fingerprint)}/pem`;
  return (
    <details
      class="pem"
      onToggle={({ currentTarget }) => {
        open.value = currentTarget.open;
      }}
    >
      <summary>PEM</summary>
      <p>
        <a href={address} download>
          Save as a file
        </a>
      </p>
      {open.value && <PemText address={address} />}
    </details>
  );
}

function PemText({ address }: { address: string }) {
  const fetched = useFetched(address, (response) => response.text());
  if (fetched === undefined) return <p class="quiet">Asking the collector…</p>;
  return fetched.ok ? <pre class="raw">{fetched.value}</pre> : <p>It did not come: close this and open it again.</p>;
}
