import type { Finding } from '@certherd/protocol/finding';
import { ownCommand, typed } from './command-line.ts';
import type { Facts, Policy } from './facts.ts';
import { lifeLeft } from './renewal-time.ts';

/** A verdict older than this says nothing of today, where nobody rehearses any more. */
const outdatedMs = 60 * 86_400_000;

/** The last rehearsal of a lineage failed, and it was not renewed since: its renewal would fail. */
export const renewalWouldFail: Policy = (facts, earlier) =>
  facts.observations.lineages.flatMap((lineage) => {
    const { name, live, changedAt } = lineage;
    const rehearsal = facts.observations.rehearsals?.get(name);
    if (rehearsal?.ok !== false || facts.now - Date.parse(rehearsal.at) > outdatedMs) return [];
    const isOvertaken = Date.parse(changedAt ?? '') > Date.parse(rehearsal.at);
    const isTold = earlier.some(
      ({ code, subject }) => ['renewal-failing', 'lineage-broken'].includes(code) && subject.id === name,
    );
    if (isOvertaken || isTold) return [];
    const certificate = facts.certificates.get(live ?? '');
    const left = certificate ? lifeLeft(certificate, facts.now) : 0;
    const [first] = rehearsal.reasons;
    const finding: Finding = {
      code: 'renewal-would-fail',
      severity: left < 1 / 6 ? 'critical' : 'warning',
      subject: { kind: 'lineage', id: name },
      since: rehearsal.at,
      cause: `a renewal of ${name} would fail: ${rehearsal.reasons.map(({ detail }) => detail).join('; ')}`,
      evidence: {
        'rehearsed at': rehearsal.at,
        ...Object.fromEntries(rehearsal.reasons.map(({ check, detail }) => [check, detail])),
      },
      remedy: `${mending(first?.check ?? '', facts, name)}, then: ${rehearse(facts, name)}`,
    };
    return [finding];
  });

/** What a person does about the first check that failed, as a sentence without its full stop. */
function mending(check: string, facts: Facts, name: string): string {
  const lineage = facts.observations.lineages.find((one) => one.name === name);
  switch (check) {
    case 'authenticator':
      return `Install what is missing (Debian: ${typed(['apt-get', 'install', packageOf(lineage?.authenticator ?? '')])})`;
    case 'DNS':
      return 'Have every name of the certificate lead to this host, or take the name out of the certificate';
    case 'CAA':
      return `Let the CA of ${lineage?.acmeDirectory ?? 'the lineage'} issue in the CAA record that is named, or take the record away`;
    case 'challenge path':
      return 'Have port 80 of every name lead to a webroot that is there and can be written to';
    case 'config test':
      return "Mend what the server's own config test names";
    default:
      return `Mend what "${check}" names`;
  }
}

/** Debian's names: python3-certbot-nginx, python3-certbot-dns-cloudflare; webroot and standalone come with certbot. */
export function packageOf(authenticator: string): string {
  return /^(?:nginx|apache|dns-[a-z0-9-]+)$/.test(authenticator) ? `python3-certbot-${authenticator}` : 'certbot';
}

function rehearse({ config }: Facts, name: string): string {
  return ownCommand(['rehearse', name], config);
}
