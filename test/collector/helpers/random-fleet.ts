import type { Certificate } from '@certherd/protocol/certificate';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import { assembleEstate } from '../../../collector/serve/assemble-estate.ts';
import type { HostPresence } from '../../../collector/serve/assemble-host.ts';
import type { Estate } from '../../../collector/serve/estate.ts';
import { estateLists } from '../../../collector/serve/estate-parts.ts';
import { createHostKeeper } from '../../../collector/serve/host-keeper.ts';
import { labelledTargets } from '../../../collector/serve/target-views.ts';
import type { CertificateFacts, HostFacts, LabelRule } from '../../../collector/store/facts.ts';
import type { TargetRow } from '../../../collector/store/targets.ts';
import fc from '../../helpers/properties.ts';
import { certificate, day, endpoint, finding, snapshot as oneServed } from './example-snapshot.ts';
import { handClock } from './hand-clock.ts';

/** One thing that happens in a fleet. */
export type Happening =
  | { what: 'told'; host: number; certificates: number[]; findings: number }
  | { what: 'heard' | 'silent' | 'connected' | 'gone' | 'revoked' | 'trusted' | 'conflict' | 'renamed'; host: number }
  | { what: 'proved'; certificate: number; days: number }
  | { what: 'labelled'; key: string }
  | { what: 'seen'; names: number[]; certificates: number[]; hours: number }
  | { what: 'passed' | 'jumped'; hours: number };

const host = fc.nat(4);
const single = ['heard', 'silent', 'connected', 'gone', 'revoked', 'trusted', 'conflict', 'renamed'] as const;
export const happenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        what: fc.constant('told' as const),
        host,
        certificates: fc.uniqueArray(fc.nat(5)),
        findings: fc.nat(2),
      }),
    },
    { weight: 6, arbitrary: fc.record({ what: fc.constantFrom(...single), host }) },
    fc.record({ what: fc.constant('proved' as const), certificate: fc.nat(5), days: fc.integer({ min: -3, max: 3 }) }),
    {
      weight: 2,
      arbitrary: fc.record({
        what: fc.constant('seen' as const),
        names: fc.uniqueArray(fc.nat(3)),
        certificates: fc.array(fc.nat(6), { maxLength: 3 }),
        hours: fc.nat(5),
      }),
    },
    fc.record({ what: fc.constant('labelled' as const), key: fc.constantFrom('owner', 'team') }),
    fc.record({ what: fc.constantFrom('passed' as const, 'jumped' as const), hours: fc.nat(60) }),
  ),
  { maxLength: 40 },
);

/** Facts of a small fleet, whole and kept in parts beside it; both are told the same. */
export function randomFleet() {
  const start = Date.parse('2026-11-23T12:00:00.000Z');
  const clock = handClock(start);
  const hosts = new Map<string, HostFacts>();
  const named = new Map<string, string[]>();
  const presences = new Map<string, Seen>();
  const certificates = new Map<string, CertificateFacts>();
  const rules: LabelRule[] = [];
  let rows: TargetRow[] = [];
  let book = labelBook(rules);
  let heard: string[] = [];
  const presenceOf = (agentId: string): HostPresence => {
    const { lookedAt, ...presence }: Seen = presences.get(agentId) ?? nobody;
    return { ...presence, lookAgeMs: lookedAt === undefined ? undefined : clock.monotonic() - lookedAt };
  };
  const keeper = createHostKeeper(presenceOf, clock);

  return {
    keeper,
    happen(one: Happening): void {
      if ('host' in one) happenTo(one);
      else if (one.what === 'labelled') label(one.key);
      else if (one.what === 'seen') see(one);
      else if (one.what === 'proved') prove(one.certificate, one.days);
      else if (one.what === 'passed') clock.advance(one.hours * 3_600_000);
      else clock.jump((one.hours - 30) * 3_600_000);
    },
    /** The kept one takes in all that happened. */
    settle(): void {
      keeper.passTime();
      for (const agentId of heard.splice(0)) keeper.putHeard(agentId);
      while (!keeper.isIdle())
        for (const [agentId, concern] of keeper.take()) {
          const facts = hosts.get(agentId);
          if (!facts) continue;
          const { snapshot, ...row } = facts;
          const isKnown = concern === 'row' && keeper.putMark({ row: 1, ...row, snapshot }, book);
          if (concern === 'view') keeper.putView(agentId, book);
          else if (!isKnown) keeper.putHost(facts, certificatesOf(agentId), book);
        }
    },
    whole(): Estate {
      const current = new Set([...named.values()].flat());
      return assembleEstate(
        {
          hosts: [...hosts.values()].sort((a, b) => order(a.name, b.name) || order(a.agentId, b.agentId)),
          certificates: [...certificates.values()]
            .filter((one) => current.has(one.certificate.fingerprint))
            .sort(
              (a, b) =>
                order(a.certificate.notAfter, b.certificate.notAfter) ||
                order(a.certificate.fingerprint, b.certificate.fingerprint),
            ),
          events: [],
          eventsTotal: 0,
          labels: rules,
          listed: [],
          targets: rows,
          presenceOf,
          collectorVersion: '0',
          startedAt: start,
        },
        clock.now(),
      );
    },
    kept(): Estate {
      keeper.hostless();
      const now = { parts: keeper.parts(), events: [], listed: [], targets: keeper.targets() };
      const lists = estateLists(now, { version: '0', startedAt: new Date(start).toISOString() }, clock.now());
      const { hosts, certificates, endpoints, lineages, findings } = lists;
      return {
        ...lists,
        hosts: [...hosts],
        certificates: [...certificates],
        endpoints: [...endpoints],
        lineages: [...lineages],
        findings: [...findings],
        events: [],
        listed: [],
        targets: [...lists.targets],
      };
    },
  };

  function happenTo(one: Extract<Happening, { host: number }>): void {
    const agentId = `agent-${one.host}`;
    const known = hosts.get(agentId) ?? fresh(agentId, one.host, clock.now());
    const presence = presences.get(agentId) ?? nobody;
    let concern: 'row' | 'whole' = 'row';
    if (one.what === 'told') {
      concern = 'whole';
      hosts.set(agentId, tell(known, one.certificates, one.findings));
      presences.set(agentId, { ...presence, ...now(), observedAt: clock.now(), lookedAt: clock.monotonic() });
    } else {
      hosts.set(agentId, {
        ...known,
        ...(one.what === 'revoked' && { revokedAt: clock.now() }),
        ...(one.what === 'trusted' && { revokedAt: undefined }),
        ...(one.what === 'conflict' && { conflictAt: clock.now() }),
        ...(one.what === 'renamed' && { name: `web-${(one.host + known.name.length) % 5}${known.name.slice(4)}x` }),
      });
      if (one.what === 'silent') presences.set(agentId, { ...presence, silent: true });
      if (one.what === 'connected') presences.set(agentId, { ...presence, ...now(), connected: true });
      if (one.what === 'gone') presences.set(agentId, { ...presence, connected: false });
      if (one.what === 'heard' && !presence.silent)
        presences.set(agentId, { ...presence, ...now(), observedAt: clock.now(), lookedAt: clock.monotonic() });
    }
    const isOnlyHeard = one.what === 'heard' || one.what === 'connected' || one.what === 'gone';
    if (isOnlyHeard && keeper.knows(agentId)) heard.push(agentId);
    else keeper.concern(agentId, concern);
  }

  function tell(facts: HostFacts, numbers: number[], findings: number): HostFacts {
    const list = numbers.map((number) => one(number));
    named.set(
      facts.agentId,
      list.map(({ fingerprint }) => fingerprint),
    );
    const [first] = list;
    const snapshot: Omit<Snapshot, 'certificates'> = {
      host: { name: facts.name, agentVersion: '1', platform: 'Debian', mode: 'observe', lookSeconds: 3_600 },
      files: list.slice(1).map(({ fingerprint }, index) => ({ path: `/tls/${index}`, fingerprints: [fingerprint] })),
      lineages: first
        ? [{ name: 'shop', renewalConfig: '', certificatePath: '', keyPath: '', issued: first.fingerprint }]
        : [],
      servers: [],
      deployments: list.slice(2, 4).flatMap((each) => oneServed(each).deployments),
      endpoints: list
        .slice(0, 3)
        .map((each, index) => endpoint(each, { id: `shop-${index}`, serverName: `s${index}` })),
      findings: Array.from({ length: findings }, (_, index) => finding(index === 0 ? { severity: 'warning' } : {})),
    };
    const at = clock.now();
    return {
      ...facts,
      heardAt: at,
      snapshot: {
        digest: `${at} ${JSON.stringify(numbers)} ${findings}`,
        observedAt: at,
        receivedAt: clock.monotonic(),
        ...snapshot,
      },
    };
  }

  function one(number: number): Certificate {
    const made = certificate(`c${number}`, {
      // Some stand for each other, some share a name, and some are alone with theirs.
      ...(number > 1 && {
        subjectAltNames: [`c${number >> 1}.example.test`, ...(number > 3 ? ['c1.example.test'] : [])],
      }),
      notBefore: new Date(start + (number - 3) * day).toISOString(),
      notAfter: new Date(start + number * day).toISOString(),
    });
    const known = certificates.get(made.fingerprint) ?? {
      certificate: made,
      firstSeenAt: clock.now(),
      basis: 'told' as const,
    };
    certificates.set(made.fingerprint, known);
    return made;
  }

  /** One of its hosts proves it, as its agent would; its dates may be others than were told, and another one may have its key. */
  function prove(number: number, days: number): void {
    const { fingerprint, notAfter } = one(number);
    const known = certificates.get(fingerprint);
    const holder = [...named].find(([, list]) => list.includes(fingerprint))?.[0];
    if (!known || !holder || known.basis === 'der') return;
    const moved = { ...known.certificate, notAfter: new Date(Date.parse(notAfter) + days * day).toISOString() };
    certificates.set(fingerprint, { ...known, certificate: moved, basis: 'der', keyDigest: `key ${number % 4}` });
    keeper.concern(holder, 'whole');
  }

  /** Names of endpoints, and one that no host has; addresses that present what hosts hold, and one that none does. */
  function see({ names, certificates: numbers, hours }: Extract<Happening, { what: 'seen' }>): void {
    rows = names.map((name): TargetRow => {
      const places = numbers.map((number, index) => {
        const { fingerprint, notBefore, notAfter, issuer } = one(number);
        const served = { served: fingerprint, notBefore, notAfter, issuer, algorithm: 'ecdsa' as const };
        return { address: `192.0.2.${index}`, ...served, chain: [], since: clock.now() };
      });
      return {
        id: name,
        target: `s${name}:443`,
        everyMs: hours * 3_600_000,
        vantage: 'collector',
        setBy: '',
        setAt: start,
        askedAt: clock.now(),
        wanted: 0,
        seen: { places, leftOut: 0 },
        held: places.map(({ served }) => served),
      };
    });
    keeper.putTargets(labelledTargets(rows, book));
  }

  function label(key: string): void {
    const id = rules.length + 1;
    const scope = id % 2 === 0 ? ('host' as const) : ('name' as const);
    rules.push({
      id,
      scope,
      pattern: scope === 'host' ? 'web-*' : 's1',
      key,
      value: `v${id}`,
      source: 'command',
      setBy: '',
      setAt: id,
    });
    book = labelBook(rules);
    keeper.putTargets(labelledTargets(rows, book));
    keeper.concernAll();
  }

  function certificatesOf(agentId: string): CertificateFacts[] {
    return (named.get(agentId) ?? []).flatMap((fingerprint) => certificates.get(fingerprint) ?? []);
  }

  function now() {
    const clockSkewSeconds = [undefined, 0, -180][Math.floor(clock.monotonic() / 3_600_000) % 3];
    return { heardAt: clock.now(), silent: false, clockSkewSeconds };
  }
}

/** With the instant of the last look, on the monotonic clock. */
type Seen = HostPresence & { lookedAt?: number };

const nobody: HostPresence = { connected: false, silent: true, heardAt: undefined, observedAt: undefined };

function fresh(agentId: string, number: number, at: number): HostFacts {
  const unset = { heardAt: undefined, conflictAt: undefined, revokedAt: undefined, snapshot: undefined };
  return { agentId, name: `web-${number % 3}`, agentVersion: '1', enrolledAt: at, ...unset };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
