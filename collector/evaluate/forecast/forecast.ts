import { type LifetimeStep, longestLife, stepsFor } from './lifetimes.ts';
import { type InUse, type Renewer, renewers } from './renewers.ts';

/** What a stretch of time asks of the fleet. Instants are milliseconds since 1970. */
export interface Stretch {
  from: number;
  to: number;
  /** What began with it; undefined: the first one, which is as today. */
  began: LifetimeStep | undefined;
  /** By whom. */
  renewals: Record<Renewer, number>;
  /** Of the busiest day. */
  mostInADay: number;
  /** Names without a valid certificate for some time, with the longest such time in milliseconds; the longest first. */
  lapses: Lapse[];
  /** The most certificates that Let's Encrypt would have to issue below one registered domain in seven days: it issues 50. */
  busiest: { domain: string; inSevenDays: number } | undefined;
  /** The same for certificates with exactly the same names: it issues 5. */
  sameNames: { names: readonly string[]; inSevenDays: number } | undefined;
}

export interface Lapse {
  hostName: string;
  name: string;
  renewer: Renewer;
  /** Milliseconds. */
  longest: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const letsEncrypt = "Let's Encrypt";

/**
 * Replays the fleet from `now` to `until` under the lifetimes to come: every certificate is renewed as it is today, by whoever does it, and
 * what that leads to is counted. A person comes as often as today's lifetime asks. Pure.
 */
export function forecast(
  inUse: readonly InUse[],
  steps: readonly LifetimeStep[],
  { now, until, domainOf }: { now: number; until: number; domainOf: (name: string) => string },
): Stretch[] {
  const ahead = steps.filter(({ from }) => from > now && from < until);
  const stretches = [undefined, ...ahead].map((began, at) => ({
    from: began?.from ?? now,
    to: ahead[at]?.from ?? until,
    began,
    days: new Map<number, number>(),
    domains: new Map<string, Orders<string>>(),
    names: new Map<string, Orders<readonly string[]>>(),
    renewals: { agent: 0, certbot: 0, 'other-client': 0, hand: 0, nobody: 0 } satisfies Record<Renewer, number>,
    lapses: new Map<string, Lapse>(),
  }));
  const orderers = orderersOf(inUse);
  const stretchAt = (at: number) => stretches.findLast(({ from }) => from <= at);
  for (const one of inUse) {
    const domains = one.authority === letsEncrypt && orderers.has(one) ? new Set(one.names.map(domainOf)) : noDomains;
    for (const { at, lapsedFor } of replay(one, steps, now, until)) {
      const stretch = stretchAt(Math.min(at, until - 1));
      if (!stretch) continue;
      if (lapsedFor > 0) noteLapse(stretch.lapses, one, lapsedFor);
      if (at >= until) continue;
      stretch.renewals[one.renewer]++;
      const day = Math.floor(at / dayMs);
      stretch.days.set(day, (stretch.days.get(day) ?? 0) + 1);
      for (const domain of domains) note(stretch.domains, domain, domain, at);
      if (domains !== noDomains) note(stretch.names, one.names.join(' '), one.names, at);
    }
  }
  return stretches.map(({ days, domains, names, lapses, ...stretch }) => {
    const [busiest, same] = [fullestOf(domains), fullestOf(names)];
    return {
      ...stretch,
      mostInADay: Math.max(0, ...days.values()),
      lapses: [...lapses.values()].sort((a, b) => b.longest - a.longest || (a.name < b.name ? -1 : 1)),
      busiest: busiest && { domain: busiest.of, inSevenDays: busiest.inSevenDays },
      sameNames: same && { names: same.of, inSevenDays: same.inSevenDays },
    };
  });
}

/** When certificates of something are ordered: milliseconds since 1970. */
interface Orders<Of> {
  of: Of;
  instants: number[];
}

const noDomains: ReadonlySet<string> = new Set();

/** However many hosts hold a certificate, one of them orders the next one: whoever needs no person for it. */
function orderersOf(inUse: readonly InUse[]): ReadonlySet<InUse> {
  const found = new Map<string, InUse>();
  const rank = ({ renewer }: InUse) => renewers.indexOf(renewer);
  for (const one of inUse) {
    const known = found.get(one.fingerprint);
    if (!known || rank(one) < rank(known)) found.set(one.fingerprint, one);
  }
  return new Set(found.values());
}

function note<Of>(orders: Map<string, Orders<Of>>, key: string, of: Of, at: number): void {
  const known = orders.get(key);
  if (known) known.instants.push(at);
  else orders.set(key, { of, instants: [at] });
}

/**
 * When a certificate is renewed, and for how long there was no valid one before that. The last one may lie after `until`. Nobody renews what
 * ends no later than it begins, and nothing is renewed more than once in an hour.
 */
export function* replay(
  issued: Pick<InUse, 'renewer' | 'authority' | 'notBefore' | 'notAfter'>,
  all: readonly LifetimeStep[],
  now: number,
  until: number,
): Generator<{ at: number; lapsedFor: number }> {
  const { renewer, authority, notBefore, notAfter } = issued;
  const steps = stepsFor(all, issued);
  const habit = notAfter - notBefore;
  let issuedAt = notBefore;
  let endsAt = notAfter;
  while (issuedAt < until) {
    const next = renewer === 'nobody' || habit <= 0 ? Infinity : renewedAt(renewer, { issuedAt, endsAt, habit });
    const at = Math.max(now, next, issuedAt + hourMs);
    if (at >= until) {
      if (endsAt < until) yield { at: until, lapsedFor: until - Math.max(now, endsAt) };
      return;
    }
    yield { at, lapsedFor: Math.max(0, at - Math.max(now, endsAt)) };
    issuedAt = at;
    endsAt = at + Math.min(habit, longestLife(steps, authority, at));
  }
}

/**
 * The agent and other clients: a third of the life left, half under ten days. certbot before 4.1, which every Debian and Ubuntu LTS of today has: 30 days
 * before the end, tried twice a day. A person: after eleven twelfths of the life that he is used to.
 */
function renewedAt(
  renewer: Exclude<Renewer, 'nobody'>,
  { issuedAt, endsAt, habit }: { issuedAt: number; endsAt: number; habit: number },
): number {
  const life = endsAt - issuedAt;
  if (renewer === 'hand') return issuedAt + (habit * 11) / 12;
  if (renewer === 'certbot') return Math.max(issuedAt + dayMs / 2, endsAt - 30 * dayMs);
  return issuedAt + life * (life < 10 * dayMs ? 1 / 2 : 2 / 3);
}

function noteLapse(lapses: Map<string, Lapse>, { hostName, names, renewer }: InUse, longest: number): void {
  const name = names[0] ?? '';
  const key = `${hostName}\n${name}`;
  if ((lapses.get(key)?.longest ?? 0) < longest) lapses.set(key, { hostName, name, renewer, longest });
}

function fullestOf<Of>(orders: ReadonlyMap<string, Orders<Of>>): { of: Of; inSevenDays: number } | undefined {
  let fullest: { of: Of; inSevenDays: number } | undefined;
  for (const { of, instants } of orders.values()) {
    const sorted = instants.toSorted((a, b) => a - b);
    let first = 0;
    for (const [last, at] of sorted.entries()) {
      while ((sorted[first] ?? at) <= at - 7 * dayMs) first++;
      const inSevenDays = last - first + 1;
      if (inSevenDays > (fullest?.inSevenDays ?? 0)) fullest = { of, inSevenDays };
    }
  }
  return fullest;
}
