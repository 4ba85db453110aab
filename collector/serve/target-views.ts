import { type HostProof, type Outside } from '../evaluate/outside/outside.ts';
import { outsideFindings } from '../evaluate/outside/outside-findings.ts';
import type { TargetRow } from '../store/targets.ts';
import type { Certificate } from '@certherd/protocol/certificate';
import type { EndpointView, FindingView, TargetView } from './estate.ts';

/** A target as the API shows it. */
export function targetView({ id, target, everyMs, vantage, setBy, setAt, askedAt, seen }: TargetRow): TargetView {
  return {
    id,
    target,
    everySeconds: everyMs / 1000,
    vantage,
    setBy,
    setAt: instant(setAt),
    ...(askedAt !== undefined && { askedAt: instant(askedAt) }),
    places: (seen?.places ?? []).map(({ since, failure, ...place }) => ({
      ...place,
      since: instant(since),
      ...(failure && { failure: { ...failure, since: instant(failure.since) } }),
    })),
    leftOut: seen?.leftOut ?? 0,
    ...(seen?.failure && { failure: seen.failure }),
  };
}

/** What is seen from outside judged by what hosts prove, as of `now` (milliseconds since 1970). */
export function targetFindings(
  targets: readonly TargetRow[],
  endpoints: readonly EndpointView[],
  known: ReadonlyMap<string, Certificate>,
  now: number,
): FindingView[] {
  if (targets.length === 0) return [];
  const proofs = endpoints.flatMap((endpoint) => proofOf(endpoint, known));
  return targets.flatMap((row) =>
    outsideFindings(outsideOf(row), proofs, now).map(({ agentId, hostName, finding, stale }) => ({
      agentId,
      hostName,
      ...finding,
      stale,
    })),
  );
}

function proofOf(endpoint: EndpointView, known: ReadonlyMap<string, Certificate>): HostProof[] {
  const { agentId, hostName, id, serverName, algorithm, reachedAt, issued, configured, served, status } = endpoint;
  const certificate = known.get(served ?? '');
  // that a host fell silent takes nothing back of what it proved
  const agree = configured === served && (issued ?? served) === served;
  if (!certificate || !agree || (status !== 'proved' && status !== 'unknown')) return [];
  return [
    {
      agentId,
      hostName,
      id,
      serverName,
      algorithm,
      served: certificate.fingerprint,
      issuer: certificate.issuer,
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      stale: status === 'unknown',
      servedSince: reachedAt?.['served-everywhere'] ?? reachedAt?.served,
    },
  ];
}

/** As targetText writes it: "smtp://[2001:db8::1]:25". */
function outsideOf({ target, held, seen, askedAt, everyMs }: TargetRow): Outside {
  const [, host = '', port = ''] = /^(?:[a-z0-9]+:\/\/)?(.*):(\d+)$/.exec(target) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port), held, seen, askedAt, everyMs };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
