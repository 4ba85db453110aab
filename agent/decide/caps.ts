import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { OutcomeReason } from './action.ts';
import { countsUntil } from './retry.ts';

/** One renewal that `act` began on this host. */
const Try = Type.Object(
  {
    /** When it began, milliseconds since 1970. */
    at: Type.Number(),
    lineage: Type.String(),
    /** Digest of the exact set of names (`nameSet`): by it the CA counts certificates. */
    set: Type.String(),
    /** The names themselves, for the hour in which failed authorisations count. */
    names: Type.Array(Type.String()),
    /** How it ended; 'internal' while it runs, and for ever where it was killed. */
    reason: OutcomeReason,
    /** Not before this instant again, as the CA asked for; milliseconds since 1970. */
    retryAt: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
);

/** What `act` remembers of the renewals of the last seven days. */
export const Ledger = Type.Object(
  {
    tries: Type.Array(Try, { maxItems: 20_000 }),
    /** When an earlier ledger was found damaged, milliseconds since 1970. */
    damagedAt: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
);
export type Ledger = Static<typeof Ledger>;

/** What is to be ordered: the lineage, the names of its certificate, and of that certificate the life and the end. */
export interface Order {
  lineage: string;
  names: string[];
  /** Milliseconds; Infinity where it cannot be read. */
  lifeMs: number;
  /** Milliseconds since 1970; Infinity where it cannot be read. */
  notAfter: number;
}

/** Why not now, and when again (milliseconds since 1970). */
export interface Cap {
  detail: string;
  retryAt: number;
}

const neverAsked: readonly OutcomeReason[] = ['busy', 'not-found', 'program-absent', 'config-broken', 'plugin-missing'];

/** Every authorisation went well, or none was asked for. */
const withoutFailure: readonly OutcomeReason[] = [
  'done',
  'unchanged',
  'preflight-failed',
  'rate-limited',
  'rejected-identifier',
];

const hour = 3_600_000;
const day = 24 * hour;

/**
 * Let's Encrypt's limit is 5 in seven days. The fifth is left to certbot's own timer, or to a person; and to the last twenty-fourth
 * of the certificate's life, since tries that were killed count too, and a lapse is no better than the CA's refusal.
 */
const certificatesPerSet = 4;
/** Its limit is 5 for each name in an hour. */
const failuresPerName = 4;
/** Its limit is 300 orders in three hours for each account, which several hosts may share. */
const ordersPerHost = 100;
/** Seven days without a renewal would be a lapse of their own for a shorter life: then the life is the window. */
const shortestForAWeekMs = 3 * day;

/**
 * This host's own limits, which stand just under the CA's whoever asks: certificates for one exact set of names, failed
 * authorisations for one name, orders of the host, and the CA's own Retry-After. The CA's limit for a registered domain
 * does not count renewals of the same names, and nothing else is ordered here. Undefined: the order may go.
 */
export function capOf({ tries, damagedAt }: Ledger, order: Order, now: number): Cap | undefined {
  const { lineage, names, lifeMs, notAfter } = order;
  const set = nameSet(names);
  const lastChance = Number.isFinite(notAfter) ? notAfter - lifeMs / 24 : Infinity;
  const window = lifeMs < shortestForAWeekMs ? lifeMs : 7 * day;
  const same = tries.filter((one) => one.set === set);
  const issued = same.map((one) => countsUntil(one, window, lifeMs));
  // Of a damaged ledger nothing is known: one renewal may go, so that neither a lapse nor a loop comes of it.
  const unknown =
    damagedAt === undefined ? [] : Array.from({ length: certificatesPerSet - 1 }, () => damagedAt + window);
  const failed = tries.filter(({ reason }) => mayHaveFailed(reason));
  const asked = Math.max(0, ...same.map(({ at, retryAt = 0 }) => Math.min(retryAt, at + 7 * day, lastChance)));
  const free = (most: number) => freeAt([...unknown, ...issued], most);
  const caps: Cap[] = [
    { detail: 'the CA asked to wait', retryAt: asked },
    {
      detail: `${certificatesPerSet} certificates for the names of ${lineage} in ${days(window)}`,
      retryAt: Math.min(free(certificatesPerSet), Math.max(lastChance, free(certificatesPerSet + 1))),
    },
    ...names.map((name) => ({
      detail: `${failuresPerName} failed tries for ${name} in an hour`,
      retryAt: freeAt(
        failed.filter((one) => one.names.includes(name)).map(({ at }) => at + hour),
        failuresPerName,
      ),
    })),
    {
      detail: `${ordersPerHost} renewals on this host in 3 hours`,
      retryAt: freeAt(
        tries.map(({ at }) => at + 3 * hour),
        ordersPerHost,
      ),
    },
  ];
  return caps.filter(({ retryAt }) => retryAt > now).sort((a, b) => b.retryAt - a.retryAt)[0];
}

/** The ledger with a try that begins now, as if it were to be killed. */
export function withTry(ledger: Ledger, { lineage, names }: Order, now: number): Ledger {
  const begun = { at: now, lineage, set: nameSet(names), names, reason: 'internal' as const };
  return { ...ledger, tries: [...ledger.tries, begun] };
}

/** How the newest try ended; one that never asked the CA is as if it had not been. */
export function withEnd(ledger: Ledger, reason: OutcomeReason, retryAt?: number): Ledger {
  const last = ledger.tries.at(-1);
  if (!last) return ledger;
  if (neverAsked.includes(reason)) return { ...ledger, tries: ledger.tries.slice(0, -1) };
  const ended = { ...last, reason, ...(retryAt !== undefined && { retryAt }) };
  return { ...ledger, tries: [...ledger.tries.slice(0, -1), ended] };
}

/**
 * The ledger without what no longer counts. An instant that lies ahead was written by a wrong clock, and would hold
 * renewals back for as long as the clock was wrong: it counts as now.
 */
export function settledLedger({ tries, damagedAt }: Ledger, now: number): Ledger {
  const isLate = damagedAt === undefined || now - damagedAt >= 7 * day;
  return {
    tries: tries
      .filter(({ at }) => now - at < 7 * day)
      .map((one) => ({ ...one, at: Math.min(one.at, now), names: now - one.at < hour ? one.names : [] })),
    ...(!isLate && { damagedAt: Math.min(damagedAt, now) }),
  };
}

/** One digest for one exact set of names: neither their order nor their case counts (RFC 8555 7.1.3, RFC 4343). */
function nameSet(names: string[]): string {
  const set = [...new Set(names.map((name) => name.toLowerCase()))].sort();
  return createHash('sha256').update(set.join('\n')).digest('hex');
}

/** When fewer than `most` still count, of which each counts until its instant; 0 where they are fewer by now. */
function freeAt(until: number[], most: number): number {
  return until.toSorted((a, b) => b - a)[most - 1] ?? 0;
}

/** The CA may have tried to reach the host, and not have got there. All the names of the order count. */
function mayHaveFailed(reason: OutcomeReason): boolean {
  return !withoutFailure.includes(reason);
}

function days(ms: number): string {
  if (ms >= day) return `${Math.round(ms / day)} days`;
  return ms >= hour ? `${Math.round(ms / hour)} hours` : `${Math.round(ms / 60_000)} minutes`;
}
