import type { PartLists } from './assemble-host.ts';
import type { FindingView } from './estate.ts';
import { byEnd, byFinding, byHost, type CertificateKey, type FindingKey, type HostKey } from './estate-order.ts';
import type { EstateParts, KeptCertificate, KeptFinding, KeptHost } from './estate-parts.ts';
import { noPlaces, Place, placesOf } from './place.ts';
import { SortedDraft } from './sorted-draft.ts';

/** What of the estate has one place: a host by its agent id, a certificate by its fingerprint. */
export interface EstateIndex {
  hosts: ReadonlyMap<string, KeptHost>;
  certificates: ReadonlyMap<string, KeptCertificate>;
}

/** The estate as it is changed, a host at a time. */
export interface PartsDraft {
  index: EstateIndex;
  /** Puts a host in the place of what it was before, if it was there: costs what that host has, and not what the fleet has. `lists`: those of its part, where they are at hand. */
  putHost: (host: KeptHost, lists?: Pick<PartLists, 'files' | 'endpoints'>) => void;
  /** The same host, of which nothing is other but its part's instants. */
  putHeard: (host: KeptHost) => void;
  /** Puts findings that are of no host in the place of those before: each stands where a host of that name would. */
  putHostless: (before: readonly FindingView[], after: readonly FindingView[]) => void;
  /** As it is now, whatever is changed later. */
  taken: () => EstateParts;
}

export function createPartsDraft(): PartsDraft {
  const index = { hosts: new Map<string, KeptHost>(), certificates: new Map<string, KeptCertificate>() };
  const hosts = new SortedDraft<HostKey, KeptHost>(byHost);
  const certificates = new SortedDraft<CertificateKey, KeptCertificate>(byEnd);
  const findings = new SortedDraft<FindingKey, KeptFinding>(byFinding);

  return {
    index,
    putHost(host, lists = host.part) {
      const before = index.hosts.get(host.agentId);
      if (before && byHost(before, host) !== 0) hosts.remove(before);
      if (before?.part.findings !== host.part.findings || before.name !== host.name) {
        for (const one of before ? findingsOf(before) : []) findings.remove(one);
        for (const one of findingsOf(host)) findings.put(one);
      }
      // Without what else is known of the host now: a place stays when that is another.
      const key: HostKey = { name: host.name, agentId: host.agentId };
      const places = placesOf(key, lists);
      if (before) leave(before, host);
      for (const facts of host.certificates) {
        const { fingerprint } = facts;
        const kept = index.certificates.get(fingerprint);
        const place = places.get(fingerprint) ?? new Place(key, [], []);
        if (kept?.facts === facts && kept.places.get(host)?.text === place.text) continue;
        const notAfter = facts.notAfter;
        if (kept && kept.notAfter !== notAfter) certificates.remove(kept);
        put({ notAfter, fingerprint, facts, places: (kept?.places ?? noPlaces).with(place) });
      }
      index.hosts.set(host.agentId, host);
      hosts.put(host);
    },
    putHeard(host) {
      index.hosts.set(host.agentId, host);
      hosts.put(host);
    },
    putHostless(before, after) {
      for (const one of before.map(hostless)) findings.remove(one);
      for (const one of after.map(hostless)) findings.put(one);
    },
    taken: () => ({ hosts: hosts.taken(), certificates: certificates.taken(), findings: findings.taken() }),
  };

  /** Its places go with its old name, or as it names a certificate no more. */
  function leave(before: KeptHost, host: KeptHost): void {
    const named = new Set(host.certificates.map(({ fingerprint }) => fingerprint));
    for (const { fingerprint } of before.certificates) {
      const kept = index.certificates.get(fingerprint);
      if (!kept || (named.has(kept.fingerprint) && byHost(before, host) === 0)) continue;
      put({ ...kept, places: kept.places.without(before) });
    }
  }

  function put(one: KeptCertificate): void {
    if (one.places.size > 0) index.certificates.set(one.fingerprint, one);
    else index.certificates.delete(one.fingerprint);
    if (one.places.size > 0) certificates.put(one);
    else certificates.remove(one);
  }
}

function findingsOf({ name, agentId, part }: KeptHost): KeptFinding[] {
  return part.findings.map((finding, index) => ({ name, agentId, urgency: finding, finding, index }));
}

function hostless(finding: FindingView, index: number): KeptFinding {
  return { name: finding.hostName, agentId: finding.agentId, urgency: finding, finding, index };
}
