import { day } from '../../test/collector/helpers/example-snapshot.ts';
import { randomBy, type Random } from './random.ts';
import {
  type Authority,
  firstWords,
  letsEncrypt,
  type Machine,
  machines,
  otherAcme,
  people,
  secondWords,
  sellers,
  services,
  shortLived,
} from './words.ts';

/** What the case study counted. A certificate is counted once, wherever it lies; authorities are not. */
export const caseStudy = { certificates: 237, domains: 89, authorities: 12, ended: 18, endingIn30Days: 42 } as const;

/** One place that a certificate is kept at: a lineage of certbot's, or a file that somebody put there. */
export interface Place {
  /** Of the certificate; the first one names the place. */
  names: readonly string[];
  authority: Authority;
  machine: Machine;
  /** By what it is renewed. */
  keeper: 'certbot' | 'hand';
  /** Validity of its newest certificate as of the estate's own instant, milliseconds since 1970. */
  notBefore: number;
  notAfter: number;
  served: boolean;
  /** Its newest certificate is on disk, and clients are shown the one before, which ends then (milliseconds since 1970). */
  servedUntil?: number;
  /** The last renewals failed, or nobody runs them. */
  stuck: boolean;
  labels: { owner: string; team: string; environment: string; platform: string };
}

/** How many places there are of each kind; `ends` is in days from now, never near a border that is counted. */
const kinds: readonly {
  count: number;
  keeper: Place['keeper'];
  ends: [number, number];
  change?: 'stuck' | 'old' | 'brief';
}[] = [
  { count: 120, keeper: 'certbot', ends: [31.5, 89] },
  // Two certificates each: the new one, and the one that is served.
  { count: 3, keeper: 'certbot', ends: [80, 88], change: 'old' },
  { count: 6, keeper: 'certbot', ends: [3.5, 6.5], change: 'brief' },
  { count: 7, keeper: 'certbot', ends: [4, 26], change: 'stuck' },
  { count: 4, keeper: 'certbot', ends: [-40, -1], change: 'stuck' },
  { count: 14, keeper: 'hand', ends: [-180, -1] },
  { count: 26, keeper: 'hand', ends: [0.6, 29] },
  { count: 54, keeper: 'hand', ends: [31.5, 165] },
];

/** The case study's estate at an instant. The same seed and instant give the same estate. */
export function planEstate(seed: number, now: number): Place[] {
  const random = randomBy(seed);
  const domains = random.shuffled(firstWords.flatMap((one) => secondWords.map((other) => `${one}${other}.example`)));
  const owned = domains.slice(0, caseStudy.domains).map((domain) => ({ domain, person: random.pick(people), used: 0 }));
  const count = kinds.reduce((sum, kind) => sum + kind.count, 0);
  // Each domain once, then some more often than others.
  const order = [...owned, ...Array.from({ length: count - owned.length }, () => owned[random.skewed(owned.length)])];
  const names = random.shuffled(order.flatMap((one) => (one ? [one] : []))).map((one) => {
    const service = services[one.used - 1];
    one.used += 1;
    const { domain, person } = one;
    if (one.used === 1) return { names: [domain, `www.${domain}`], person };
    return { names: [`${service ?? `app-${one.used}`}.${domain}`], person };
  });
  return kinds.flatMap((kind, at) => {
    const before = kinds.slice(0, at).reduce((sum, { count }) => sum + count, 0);
    return Array.from({ length: kind.count }, (_, index) => {
      const named = names[before + index];
      if (!named) throw new Error('more places than names');
      return placeOf(random, kind, before + index, named, now);
    });
  });
}

type Kind = (typeof kinds)[number];

function placeOf(
  random: Random,
  { keeper, ends: [from, to], change }: Kind,
  number: number,
  { names, person }: { names: string[]; person: { owner: string; team: string } },
  now: number,
): Place {
  const authority = authorityOf(keeper, change, number);
  const notAfter = now + Math.round(random.between(from, to) * day);
  const machine = machineOf(random, keeper, change);
  const isOld = change === 'old';
  return {
    names,
    authority,
    machine,
    keeper,
    notAfter,
    notBefore: notAfter - authority.lifeDays * day,
    // Of what ended, about half was forgotten where nobody serves it any more.
    served: to > 0 || number % 2 === 0,
    ...(isOld && { servedUntil: now + Math.round(random.between(9, 27) * day) }),
    stuck: change === 'stuck',
    labels: { ...person, environment: machine.environment, platform: machine.platform },
  };
}

function authorityOf(keeper: Place['keeper'], change: Kind['change'], number: number): Authority {
  if (change === 'brief') return shortLived;
  if (keeper === 'hand') return sellers[number % sellers.length] ?? letsEncrypt;
  return number % 5 === 4 ? (otherAcme[Math.floor(number / 5) % otherAcme.length] ?? letsEncrypt) : letsEncrypt;
}

/** Where an agent may not act, nothing heals by itself; where it renews, nothing is stuck. */
function machineOf(random: Random, keeper: Place['keeper'], change: Kind['change']): Machine {
  const needsPeople = change === 'old' || change === 'stuck';
  const fit = machines.filter(({ mode }) => (mode === 'observe') === needsPeople);
  return random.pick(keeper === 'hand' ? machines : fit);
}
