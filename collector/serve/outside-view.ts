import type { HostProof, Outside, OutsideFinding } from '../evaluate/outside/outside.ts';
import { everywhereSince } from '../evaluate/outside/everywhere.ts';
import { overtakenAt } from '../evaluate/outside/heard.ts';
import { type Logged, loggedFindings, type LoggedPolicy, loggedStands } from '../evaluate/outside/logged-findings.ts';
import { isNameOf } from '../evaluate/outside/name-of.ts';
import { outsideFindings, outsideStands } from '../evaluate/outside/outside-findings.ts';
import type { CertificateFacts, KeptFacts } from '../store/facts.ts';
import { servedBy, type TargetRow } from '../store/targets.ts';
import type { OutsideView } from './assemble-host.ts';
import { outsideOf, targetView } from './target-views.ts';
import type { FindingView, TargetView } from './estate.ts';

type Certificates = Pick<ReadonlyMap<string, Pick<CertificateFacts, 'certificate' | 'firstSeenAt'>>, 'get'>;

/** What is seen from outside, judged by what hosts prove, kept as both change. */
export interface KeptOutside extends OutsideView {
  /** Takes in what a host last told. Returns the other agents of which something else may be said now. */
  put: (host: KeptFacts, certificates: Certificates) => ReadonlySet<string>;
  /** Takes in all targets; `hosts` with their certificates are looked through where other targets are there than before. Returns the agents concerned; undefined: nothing is other. */
  putTargets: (
    rows: readonly TargetRow[],
    hosts: () => Iterable<readonly [KeptFacts, Certificates]>,
  ) => ReadonlySet<string> | undefined;
  targets: () => readonly TargetView[];
  /** Ids of targets that a host's proof has overtaken since they were asked, with since when: milliseconds since 1970. */
  overtaken: (now: number) => ReadonlyMap<number, number>;
  /** Takes in what was read in transparency logs. */
  putLogged: (read: Logged) => void;
  /** Findings of no host; the same list as before where nothing in it is other. */
  hostless: (now: number) => readonly FindingView[];
}

interface KeptTarget {
  id: number;
  /** As it is written. */
  target: string;
  /** All of it, to tell it from another. */
  text: string;
  outside: Outside;
  /** What other vantages see of it: with the first one alone. */
  beside: readonly KeptTarget[] | undefined;
  proofs: Map<string, HostProof[]>;
}

/** Without a policy anybody may issue, and is expected to have installed at once. */
export function keepOutside(policy: LoggedPolicy = { knownIssuers: undefined, graceMs: 0 }): KeptOutside {
  let logged: Logged = { certificates: [], logs: [] };
  let kept: KeptTarget[] = [];
  let views: readonly TargetView[] = [];
  let hostless: readonly FindingView[] = [];
  let presented: ReadonlySet<string> = new Set();
  let written = '';
  /** Nothing was put since the hostless ones were judged, and they stand within this time. */
  let standing: { from: number; until: number } | undefined;
  const byAgent = new Map<string, Set<KeptTarget>>();

  return {
    put(host, certificates) {
      const touched = enter(host, certificates);
      touched.delete(host.agentId);
      return touched;
    },
    putTargets(rows, hosts) {
      const before = new Map(kept.map((one) => [one.id, one]));
      const texts = rows.map((row) => JSON.stringify(row));
      if (texts.join('\n') === kept.map(({ text }) => text).join('\n')) return undefined;
      const touched = new Set<string>();
      const next = rows.map((row, index): KeptTarget => {
        const outside = outsideOf(row);
        const old = before.get(row.id);
        const one = {
          id: row.id,
          target: row.target,
          text: texts[index] ?? '',
          outside,
          beside: undefined,
          proofs: old?.proofs ?? new Map<string, HostProof[]>(),
        };
        if (old?.text !== one.text) for (const agentId of one.proofs.keys()) touched.add(agentId);
        return one;
      });
      for (const [first, ...others] of Map.groupBy(next, ({ target }) => target).values())
        if (first) first.beside = others;
      const still = new Set(texts);
      for (const old of kept) if (!still.has(old.text)) touchAll(old, touched);
      const shown = new Map(kept.map(({ text }, index) => [text, views[index]]));
      kept = next;
      presented = new Set(next.flatMap(({ outside }) => servedBy(outside.seen)));
      standing = undefined;
      views = rows.map((row, index) => shown.get(texts[index] ?? '') ?? targetView(row));
      byAgent.clear();
      for (const one of kept) for (const agentId of one.proofs.keys()) relate(agentId, one);
      const asked = JSON.stringify(kept.map(({ id, target }) => [id, target]));
      if (asked !== written)
        for (const [host, certificates] of hosts())
          for (const agentId of enter(host, certificates)) touched.add(agentId);
      written = asked;
      return touched;
    },
    targets: () => views,
    presented: () => presented,
    overtaken: (now) =>
      new Map(
        kept.flatMap(({ id, outside, proofs }) => {
          const at = proofs.size > 0 ? overtakenAt(outside, [...proofs.values()].flat(), now) : undefined;
          return at === undefined ? [] : [[id, at] as const];
        }),
      ),
    putLogged(read) {
      if (JSON.stringify(read) !== JSON.stringify(logged)) standing = undefined;
      logged = read;
    },
    findingsOf: (agentId, now) =>
      relatedTo(agentId).flatMap((one) => judged(one, now).filter((found) => found.agentId === agentId)),
    everywhereOf(agentId, now) {
      const looked = new Map<string, { proof: HostProof; targets: Outside[] }>();
      for (const { outside, proofs } of relatedTo(agentId))
        for (const proof of proofs.get(agentId) ?? []) {
          const one = looked.get(proof.id) ?? { proof, targets: [] };
          one.targets.push(outside);
          looked.set(proof.id, one);
        }
      return new Map(
        [...looked].flatMap(([id, { proof, targets }]) => {
          const since = everywhereSince(proof, targets, now);
          return since === undefined ? [] : [[id, since] as const];
        }),
      );
    },
    standUntil: (agentId, now) =>
      relatedTo(agentId).reduce((first, { outside }) => Math.min(first, outsideStands(outside, now)), Infinity),
    hostless(now) {
      if (standing && now >= standing.from && now <= standing.until) return hostless;
      standing = {
        from: now,
        until: kept.reduce(
          (first, { outside }) => Math.min(first, outsideStands(outside, now)),
          loggedStands(logged, policy, now),
        ),
      };
      const ofLogs = loggedFindings(
        logged,
        kept.map(({ outside }) => outside),
        policy,
        now,
      );
      const found = [...kept.flatMap((one) => judged(one, now)), ...ofLogs]
        .filter(({ agentId }) => agentId === '')
        .map(
          ({ finding, labels, names, ...rest }): FindingView => ({
            ...finding,
            ...rest,
            names: [...names],
            ...(labels && { labels: { ...labels } }),
          }),
        );
      if (JSON.stringify(found) !== JSON.stringify(hostless)) hostless = found;
      return hostless;
    },
  };

  /** The agents concerned, this one among them. */
  function enter(host: KeptFacts, certificates: Certificates): Set<string> {
    const touched = new Set<string>();
    const { agentId } = host;
    for (const one of kept) {
      const known = newlyHeld(one.outside, certificates);
      if (known.length > 0) {
        one.outside = { ...one.outside, held: [...one.outside.held, ...known] };
        touchAll(one, touched);
        standing = undefined;
      }
      const proofs = proofsOf(host, one.outside.host, certificates);
      if (JSON.stringify(proofs) === JSON.stringify(one.proofs.get(agentId) ?? [])) continue;
      standing = undefined;
      touchAll(one, touched);
      if (proofs.length > 0) one.proofs.set(agentId, proofs);
      else one.proofs.delete(agentId);
      if (proofs.length > 0) relate(agentId, one);
      else byAgent.get(agentId)?.delete(one);
      touchAll(one, touched);
      touched.add(agentId);
    }
    return touched;
  }

  /** In the order of the targets. */
  function relatedTo(agentId: string): KeptTarget[] {
    const related = byAgent.get(agentId);
    return related && related.size > 0 ? kept.filter((one) => related.has(one)) : [];
  }

  function relate(agentId: string, one: KeptTarget): void {
    const related = byAgent.get(agentId) ?? new Set();
    byAgent.set(agentId, related.add(one));
  }
}

/** The database told of each target when that was read: a host may have come to hold what it presents since. */
function newlyHeld({ seen, held }: Outside, certificates: Certificates): string[] {
  return servedBy(seen).filter((served) => !held.includes(served) && certificates.get(served) !== undefined);
}

function touchAll({ proofs }: KeptTarget, touched: Set<string>): void {
  for (const agentId of proofs.keys()) touched.add(agentId);
}

function judged({ outside, beside, proofs }: KeptTarget, now: number): OutsideFinding[] {
  const others = beside?.map((one) => one.outside) ?? 'told-elsewhere';
  return outsideFindings(outside, [...proofs.values()].flat(), now, others);
}

/** What a host proves of one name: that it fell silent takes nothing back. */
function proofsOf(
  { agentId, name, snapshot, revokedAt }: KeptFacts,
  host: string,
  certificates: Certificates,
): HostProof[] {
  if (revokedAt !== undefined) return [];
  return (snapshot?.endpoints ?? []).flatMap((endpoint): HostProof[] => {
    const { id, serverName, algorithm, issued, configured, served, reachedAt } = endpoint;
    if (served === undefined || configured !== served || (issued ?? served) !== served) return [];
    const known = isNameOf(serverName, host) ? certificates.get(served) : undefined;
    if (!known) return [];
    const { issuer, notBefore, notAfter } = known.certificate;
    const servedSince = byThisClock(reachedAt?.served, snapshot, known.firstSeenAt);
    return [{ agentId, hostName: name, id, serverName, algorithm, served, issuer, notBefore, notAfter, servedSince }];
  });
}

/**
 * Since when a host serves it, as the collector's own clock has it, by which looks from outside are told: less what the host's clock was ahead, never after
 * it was told, which a clock that was set back since has written, and never before the certificate was first heard of, which one that is behind would say.
 */
function byThisClock(
  instant: string | undefined,
  snapshot: KeptFacts['snapshot'],
  firstSeenAt: number,
): string | undefined {
  const at = Date.parse(instant ?? '');
  if (Number.isNaN(at) || !snapshot) return instant;
  return new Date(Math.max(firstSeenAt, Math.min(at - (snapshot.aheadMs ?? 0), snapshot.receivedAt))).toISOString();
}
