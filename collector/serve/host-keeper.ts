import type { Certificate } from '@certherd/protocol/certificate';
import type { LabelBook } from '../evaluate/labels.ts';
import type { Clock } from '../ports.ts';
import type { CertificateFacts, HostFacts, HostMark, KeptFacts } from '../store/facts.ts';
import type { FindingView } from './estate.ts';
import type { TargetRow } from '../store/targets.ts';
import { assembleHost, heardAgain, type HostPresence } from './assemble-host.ts';
import { type HostChanges, noteChanges } from './changes-since.ts';
import { closePart, OpenedParts } from './closed-part.ts';
import { keepFleet, type ToldAgain } from './fleet-view.ts';
import { besidePart, type BesidePart, factsAgain, withKey } from './kept-facts.ts';
import { certificatePacker, type PackedCertificate } from './packed-certificate.ts';
import { keepOutside, type KeptOutside } from './outside-view.ts';
import type { EstateParts } from './estate-parts.ts';
import { createPartsDraft } from './parts-draft.ts';

/** What has to be done about a host: its view alone, its row and what hangs on that, or all that it told. */
export type Concern = 'view' | 'row' | 'whole';

/** All hosts with their views, and which of them has to be looked at again. It reads nothing itself. */
export interface HostKeeper {
  parts: () => EstateParts;
  facts: () => Omit<HostFacts, 'snapshot'>[];
  knows: (agentId: string) => boolean;
  concern: (agentId: string, concern: Concern) => void;
  concernAll: () => void;
  /** Hosts of which a certificate is known by an agent's word alone. */
  concernTold: () => void;
  /** Time passed: hosts whose verdicts may be others now. */
  passTime: () => void;
  isIdle: () => boolean;
  /** What there is to do now; it is done, or put back. */
  take: () => [agentId: string, concern: Concern][];
  /** A host's row. False: what hangs on it is not as it was read, so that the whole host has to be read. `only`: its view is made anew only if the row differs. */
  putMark: (mark: HostMark, book: LabelBook, only?: 'if-other') => boolean;
  putHost: (host: HostFacts, certificates: readonly CertificateFacts[], book: LabelBook) => void;
  putView: (agentId: string, book: LabelBook) => void;
  /** It was only heard again, or is connected, as far as is known. */
  putHeard: (agentId: string) => void;
  /** What changed since this was last asked, or forgotten; of hosts that were only heard again `withHeard` alone tells, and else the next time that does. */
  changes: (withHeard: boolean) => HostChanges;
  forgetChanges: () => void;
  /** All that is asked from outside, with what was seen. */
  putTargets: (rows: readonly TargetRow[]) => void;
  targets: KeptOutside['targets'];
  overtaken: () => ReturnType<KeptOutside['overtaken']>;
  putLogged: KeptOutside['putLogged'];
  /** Takes in the campaigns that wait for a person. */
  putHalted: (findings: readonly FindingView[]) => void;
  /** Findings of names that no host proves, and of campaigns, which from now on are among the parts' findings; the same list as before where nothing in it is other. */
  hostless: () => readonly FindingView[];
}

/** A wall clock that moved by more than this, against the one that never jumps, was set. */
const jumpMs = 1_000;
const strength: Readonly<Record<Concern, number>> = { view: 0, row: 1, whole: 2 };

export function createHostKeeper(
  presenceOf: (agentId: string) => HostPresence,
  clock: Clock,
  knownIssuers?: readonly string[],
  graceMs = 0,
): HostKeeper {
  const parts = createPartsDraft();
  const { index } = parts;
  const facts = new Map<string, BesidePart>();
  const fleet = keepFleet({ knownIssuers }, toldAgain);
  const outside = keepOutside({ knownIssuers, graceMs });
  const since = noteChanges();
  const lists = new OpenedParts();
  const pack = certificatePacker();
  let hostless: readonly FindingView[] = [];
  let halted: readonly FindingView[] = [];
  /** Of what `hostless` was made. */
  let joined: Record<'seen' | 'halted', readonly FindingView[]> = { seen: hostless, halted };
  let queue = new Map<string, Concern>();
  /** What they told, which could not be judged yet: it is read again. */
  const unjudged = new Map<string, KeptFacts>();
  /** What the fleet was last told of them, whose parts could not be made since. */
  const unmade = new Map<string, ToldAgain>();
  /** No verdict changes by time alone before that. */
  let standsUntil = Infinity;
  let offset = clock.now() - clock.monotonic();

  return {
    parts: parts.taken,
    facts: () => [...facts.values()],
    knows: (agentId) => facts.has(agentId),
    concern,
    concernAll,
    concernTold() {
      for (const [agentId, { certificates }] of index.hosts)
        if (certificates.some(({ fingerprint }) => factsOf(fingerprint)?.basis !== 'der')) concern(agentId, 'whole');
    },
    passTime() {
      const now = clock.now();
      if (Math.abs(now - clock.monotonic() - offset) > jumpMs) {
        offset = now - clock.monotonic();
        concernAll();
      }
      if (now <= standsUntil) return;
      standsUntil = Infinity;
      for (const [agentId, { part }] of index.hosts)
        if (part.standsUntil < now) concern(agentId, 'view');
        else standsUntil = Math.min(standsUntil, part.standsUntil);
    },
    isIdle: () => queue.size === 0,
    take() {
      const taken = [...queue];
      queue = new Map();
      return taken;
    },
    putMark({ row: _row, ...mark }, book, only) {
      const known = facts.get(mark.agentId);
      if (!known || unjudged.has(mark.agentId) || !isSameSnapshot(known, mark)) return false;
      const isOther = identifying(known) !== identifying(mark);
      const isHeard = known.heardAt !== mark.heardAt || known.snapshot?.observedAt !== mark.snapshot?.observedAt;
      facts.set(mark.agentId, { ...mark, snapshot: known.snapshot && { ...known.snapshot, ...mark.snapshot } });
      if (isOther) concernFleet(mark.agentId);
      if (isOther || !only) assemble(mark.agentId, book);
      else if (isHeard) putHeard(mark.agentId);
      return true;
    },
    putHost(host, read, book) {
      facts.set(host.agentId, besidePart(host, facts.get(host.agentId)));
      unjudged.set(host.agentId, host);
      const left = index.hosts.get(host.agentId)?.certificates ?? [];
      const before = read.map(({ certificate }) => factsOf(certificate.fingerprint));
      const certificates = read.map((one, at) => withKey(one, before[at]));
      // Those that many hosts have are kept once.
      const shared = certificates.map((one, at) => (before[at]?.basis === one.basis ? before[at] : pack(one)));
      const known = byFingerprint(certificates);
      concernFleet(host.agentId, known, host);
      unmade.set(host.agentId, { host, certificates: known });
      assemble(host.agentId, book, shared, known);
      unmade.delete(host.agentId);
      unjudged.delete(host.agentId);
      for (const [at, { certificate }] of certificates.entries())
        if (before[at] && hasOtherDates(before[at].certificate, certificate))
          concernHolders(certificate.fingerprint, host.agentId);
      concernLeft(left, shared);
    },
    putView: (agentId, book) => assemble(agentId, book),
    putHeard,
    changes: (withHeard) => since.take(index, withHeard),
    forgetChanges: since.forget,
    targets: outside.targets,
    overtaken: () => outside.overtaken(clock.now()),
    putLogged: outside.putLogged,
    putHalted(findings) {
      if (JSON.stringify(findings) !== JSON.stringify(halted)) halted = findings;
    },
    hostless() {
      const seen = outside.hostless(clock.now());
      if (seen === joined.seen && halted === joined.halted) return hostless;
      joined = { seen, halted };
      const found = [...seen, ...halted];
      parts.putHostless(hostless, found);
      return (hostless = found);
    },
    putTargets(rows) {
      const before = outside.presented();
      const touched = outside.putTargets(rows, () =>
        [...facts.keys()].flatMap((agentId) => {
          const host = toldBy(agentId);
          return host ? [[host, certificatesOf(agentId)] as const] : [];
        }),
      );
      for (const agentId of touched ?? []) concern(agentId, 'view');
      const shown = outside.presented();
      for (const fingerprint of new Set([...before, ...shown])) {
        if (before.has(fingerprint) === shown.has(fingerprint)) continue;
        for (const { agentId } of index.certificates.get(fingerprint)?.places ?? []) concern(agentId, 'view');
      }
    },
  };

  /** undefined: it is not known. */
  function toldBy(agentId: string): KeptFacts | undefined {
    const [row, kept] = [facts.get(agentId), index.hosts.get(agentId)];
    return unjudged.get(agentId) ?? (row && kept && factsAgain(row, kept.part));
  }

  function toldAgain(agentId: string): ToldAgain | undefined {
    const [row, kept] = [facts.get(agentId), index.hosts.get(agentId)];
    const made = row && kept && { host: factsAgain(row, kept.part), certificates: certificatesOf(agentId) };
    return unmade.get(agentId) ?? made;
  }

  /** Another host may have brought newer facts of them since it was made. */
  function certificatesOf(agentId: string): Map<string, CertificateFacts> {
    const list = index.hosts.get(agentId)?.certificates ?? [];
    return new Map(list.map((one) => [one.fingerprint, (factsOf(one.fingerprint) ?? one).opened]));
  }

  function concern(agentId: string, how: Concern): void {
    const before = queue.get(agentId);
    if (before === undefined || strength[before] < strength[how]) queue.set(agentId, how);
  }

  function concernAll(): void {
    for (const agentId of facts.keys()) concern(agentId, 'view');
  }

  function putHeard(agentId: string): void {
    const host = facts.get(agentId);
    const kept = index.hosts.get(agentId);
    if (!host || !kept) return;
    const heard = heardAgain(kept.part, host, presenceOf(agentId), clock.now());
    if (!heard) return concern(agentId, 'view');
    parts.putHeard({ ...kept, part: kept.part.heard(heard) });
    if (heard.host.connected === kept.part.host.connected) since.hear(agentId, kept.part);
    else since.touch(agentId, kept.part);
  }

  function concernHolders(fingerprint: string, but: string): void {
    for (const { agentId } of index.certificates.get(fingerprint)?.places ?? []) {
      if (agentId === but) continue;
      concern(agentId, 'view');
      const host = toldBy(agentId);
      if (!host) continue;
      const certificates = certificatesOf(agentId);
      for (const other of outside.put(host, certificates)) concern(other, 'view');
      // What a revoked host proved, too: the fleet does not hear of that from it.
      for (const other of fleet.putName(host, certificates)) concern(other, 'view');
    }
  }

  /** A host may have proved a certificate and named it no more at once: one that still has it is asked. */
  function concernLeft(left: readonly PackedCertificate[], named: readonly PackedCertificate[]): void {
    const still = new Set(named.map(({ fingerprint }) => fingerprint));
    for (const { fingerprint } of left) {
      const kept = index.certificates.get(fingerprint);
      if (!kept || kept.facts.basis === 'der' || still.has(kept.fingerprint)) continue;
      const [holder] = kept.places;
      if (holder) concern(holder.agentId, 'whole');
    }
  }

  /** What others hold may be judged by what this one holds. */
  function concernFleet(agentId: string, certificates = certificatesOf(agentId), told?: HostFacts): void {
    const host = toldBy(agentId);
    if (!host) return;
    const touched = told ? fleet.put(told, certificates) : fleet.putName(host, certificates);
    for (const other of touched) if (other !== agentId) concern(other, 'view');
    for (const other of outside.put(host, certificates)) concern(other, 'view');
  }

  function factsOf(fingerprint: string): PackedCertificate | undefined {
    return index.certificates.get(fingerprint)?.facts;
  }

  function assemble(
    agentId: string,
    book: LabelBook,
    read?: readonly PackedCertificate[],
    known?: ReadonlyMap<string, CertificateFacts>,
  ): void {
    const host = toldBy(agentId);
    if (!host) return;
    const before = index.hosts.get(agentId);
    // Another host may have brought newer facts of the same certificate.
    const certificates = read ?? (before?.certificates ?? []).map((one) => factsOf(one.fingerprint) ?? one);
    const opened = known ?? openedOf(certificates);
    const shared = { certificates: { get: (one: string) => opened.get(one)?.certificate }, book, fleet, outside };
    const made = assembleHost(host, presenceOf(agentId), shared, clock.now());
    const part = closePart(host, made, before?.part, certificates, lists);
    since.touch(agentId, before?.part);
    for (const { fingerprint } of [...(before?.certificates ?? []), ...certificates])
      since.touchCertificate(fingerprint, factsOf(fingerprint));
    parts.putHost({ name: host.name, agentId, part, certificates }, made);
    standsUntil = Math.min(standsUntil, part.standsUntil);
  }
}

function isSameSnapshot(one: BesidePart, other: Pick<HostMark, 'snapshot' | 'revokedAt'>): boolean {
  // What a revoked host holds is not kept: it is read again where it is trusted again.
  if (one.revokedAt !== undefined && other.revokedAt === undefined) return false;
  return one.snapshot?.digest === other.snapshot?.digest && one.snapshot?.receivedAt === other.snapshot?.receivedAt;
}

function byFingerprint(list: readonly CertificateFacts[]): Map<string, CertificateFacts> {
  const found = new Map<string, CertificateFacts>();
  for (const one of list) found.set(one.certificate.fingerprint, one);
  return found;
}

function openedOf(list: readonly PackedCertificate[]): Map<string, CertificateFacts> {
  return new Map(list.map((one) => [one.fingerprint, one.opened]));
}

/** Of a host's row all that is not told again and again. */
function identifying(host: Omit<HostFacts, 'snapshot' | 'heardAt'>): string {
  const { name, agentVersion, enrolledAt, conflictAt, revokedAt } = host;
  return JSON.stringify([name, agentVersion, enrolledAt, conflictAt, revokedAt]);
}

function hasOtherDates(one: Certificate, other: Certificate): boolean {
  return one.notBefore !== other.notBefore || one.notAfter !== other.notAfter;
}
