import { useSignal } from '@preact/signals';
import type { CertificateView } from '../../serve/estate.ts';
import { printable } from '../printable.ts';
import { Raw } from './raw.tsx';

interface Place {
  readonly how: 'served' | 'in file';
  readonly hostName: string;
  /** An endpoint's id or a file's path, raw. */
  readonly place: string;
}

const few = 3;
const many = 200;

/** Where a certificate is served and in which files it was found: the first few, the others when asked for. */
export function Places({ certificate }: { certificate: Pick<CertificateView, 'endpoints' | 'files'> }) {
  const open = useSignal(false);
  const places = placesOf(certificate);
  const shown = places.slice(0, open.value ? many : few);
  const hidden = places.length - shown.length;
  return (
    <ul class={open.value ? 'places' : 'places brief'}>
      {certificate.endpoints.length === 0 && <li class="quiet">served nowhere</li>}
      {shown.map(({ how, hostName, place }) => (
        <li key={JSON.stringify([how, hostName, place])} title={printable(`${hostName}: ${place}`)}>
          <span class="quiet">{how}</span> <Raw text={hostName} limit={80} />: <Raw text={place} limit={200} />
        </li>
      ))}
      {hidden > 0 && (
        <li>
          {open.value ? (
            <span class="quiet">and {hidden} that are not shown</span>
          ) : (
            <button
              type="button"
              class="plain"
              onClick={() => {
                open.value = true;
              }}
            >
              and {hidden} more
            </button>
          )}
        </li>
      )}
    </ul>
  );
}

/** One place of each kind comes first, so that the few that are shown tell both. */
function placesOf({ endpoints, files }: Pick<CertificateView, 'endpoints' | 'files'>): Place[] {
  const served = endpoints.map(({ hostName, id }): Place => ({ how: 'served', hostName, place: id }));
  const found = files.map(({ hostName, path }): Place => ({ how: 'in file', hostName, place: path }));
  return [...served.slice(0, 1), ...found.slice(0, 1), ...served.slice(1), ...found.slice(1)];
}
