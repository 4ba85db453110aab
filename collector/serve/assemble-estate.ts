import { bySeverity } from '../evaluate/host-status.ts';
import { haltedConcern, haltedFinding } from '../evaluate/campaign/halted-concern.ts';
import { labelBook } from '../evaluate/labels.ts';
import type { Logged } from '../evaluate/outside/logged-findings.ts';
import type { HaltedCampaign } from '../store/campaigns.ts';
import type { EventFacts, Facts } from '../store/facts.ts';
import { assembleHost, type HostPresence } from './assemble-host.ts';
import { certificateAlone } from './certificate-alone.ts';
import { keepFleet } from './fleet-view.ts';
import { keepOutside } from './outside-view.ts';
import { labelledTargets } from './target-views.ts';
import type { CertificateView, Estate, EventView } from './estate.ts';

export interface EstateFacts extends Facts {
  /** As in LoggedPolicy. */
  knownIssuers?: readonly string[] | undefined;
  graceMs?: number;
  /** What transparency logs told, and which campaigns wait; without them nothing is said of these. */
  logged?: Logged;
  halted?: readonly HaltedCampaign[];
  presenceOf(agentId: string): HostPresence;
  collectorVersion: string;
  startedAt: number;
}

/** The whole estate as of `now` (milliseconds since 1970), at once: pure. What serves keeps it in parts instead (estate-parts.ts), which come to the same. */
export function assembleEstate(facts: EstateFacts, now: number): Estate {
  const known = new Map(facts.certificates.map(({ certificate }) => [certificate.fingerprint, certificate]));
  const whole = new Map(facts.certificates.map((one) => [one.certificate.fingerprint, one]));
  const fleet = keepFleet({ knownIssuers: facts.knownIssuers });
  for (const host of facts.hosts) fleet.put(host, whole);
  const outside = keepOutside({ knownIssuers: facts.knownIssuers, graceMs: facts.graceMs ?? 0 });
  if (facts.logged) outside.putLogged(facts.logged);
  const book = labelBook(facts.labels);
  outside.putTargets(labelledTargets(facts.targets, book), () => facts.hosts.map((host) => [host, whole] as const));
  const shared = { certificates: known, book, fleet, outside };
  const parts = facts.hosts.map((host) => assembleHost(host, facts.presenceOf(host.agentId), shared, now));
  const partOf = new Map(parts.map((part) => [part.host.agentId, part]));
  const halted = (facts.halted ?? []).map((one) =>
    haltedFinding(haltedConcern(one, partOf.get(one.member.agentId)), one.campaign),
  );
  const held = new Map<string, Pick<CertificateView, 'files' | 'endpoints'>>();
  for (const fingerprint of known.keys()) held.set(fingerprint, { files: [], endpoints: [] });
  for (const { host, endpoints, files } of parts) {
    const on = { agentId: host.agentId, hostName: host.name };
    for (const { path, fingerprint } of files) held.get(fingerprint)?.files.push({ ...on, path });
    for (const { id, served } of endpoints) held.get(served ?? '')?.endpoints.push({ ...on, id });
  }
  return {
    version: 1,
    at: instant(now),
    collector: { version: facts.collectorVersion, startedAt: instant(facts.startedAt) },
    hosts: parts.map(({ host }) => host),
    certificates: facts.certificates.map((one) => ({
      ...certificateAlone(one),
      ...(held.get(one.certificate.fingerprint) ?? { files: [], endpoints: [] }),
    })),
    endpoints: parts.flatMap(({ endpoints }) => endpoints),
    lineages: parts.flatMap(({ lineages }) => lineages),
    findings: [...parts.flatMap(({ findings }) => findings), ...outside.hostless(now), ...halted].sort(
      (a, b) =>
        bySeverity(a, b) || order(a.since, b.since) || order(a.hostName, b.hostName) || order(a.agentId, b.agentId),
    ),
    events: facts.events.map(eventView),
    listed: facts.listed,
    targets: [...outside.targets()],
  };
}

/** An event as the API shows it. */
export function eventView({ agentId, hostName, epoch, receivedAt, event }: EventFacts): EventView {
  return { agentId, hostName, epoch, ...event, receivedAt: instant(receivedAt) };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
