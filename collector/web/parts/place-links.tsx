import { endpointItem } from '../../present/endpoint-story.ts';
import type { EndpointView } from '../../serve/estate.ts';
import { addressOf } from '../route/address.ts';
import { shortFingerprint } from '../../wording/names.ts';
import { Raw } from './raw.tsx';

/** A host's name that leads to it. */
export function HostLink({ agentId, hostName }: { agentId: string; hostName: string }) {
  return (
    <a href={addressOf('hosts', agentId)}>
      <Raw text={hostName} limit={120} />
    </a>
  );
}

/** An endpoint's name that leads to all that is known of it. */
export function EndpointLink({ endpoint }: { endpoint: Pick<EndpointView, 'agentId' | 'id' | 'serverName'> }) {
  const { serverName } = endpoint;
  return (
    <a href={addressOf('endpoints', endpointItem(endpoint))}>
      <Raw text={serverName === '' ? '(no name)' : serverName} limit={200} />
    </a>
  );
}

/** The beginning of a fingerprint that leads to its certificate. */
export function CertificateLink({ fingerprint }: { fingerprint: string }) {
  return (
    <a class="code" href={addressOf('certificates', fingerprint)} title={`SHA-256 ${fingerprint}`}>
      {shortFingerprint(fingerprint)}
    </a>
  );
}
