import type { EventView, Estate } from '../serve/estate.ts';
import { type AuthorityCost, costsOf, type Prices } from './cost.ts';
import { csvOf } from './csv.ts';
import { type Keeper, type Leaf, standingOf } from './leaves.ts';
import type { OwnerRow } from './owners.ts';
import { type Drift, lastedMs } from './prevented.ts';
import { type RenewalDurations, renewalDurations } from './renewal-times.ts';

/** What one incident would have cost, unless somebody says otherwise: the founding one, two hours of checkout. */
export const usualIncidentCost = 47_000;

/** The first line of the report. */
export interface ReportFigures {
  readonly certificates: number;
  /** What was registered of their names. */
  readonly domains: number;
  readonly authorities: number;
  readonly ended: number;
  /** Within 30 days. */
  readonly ending: number;
  readonly hosts: number;
  readonly endpoints: number;
}

/** Certificates by CA, and the figures above them. `now`: milliseconds since 1970. */
export function costReport(
  estate: Pick<Estate, 'listed' | 'hosts' | 'endpoints'>,
  leaves: readonly Leaf[],
  prices: Prices,
  now: number,
): { figures: ReportFigures; costs: AuthorityCost[] } {
  const costs = costsOf(leaves, estate.listed, prices, now);
  const domains = new Set(
    leaves.flatMap(({ certificate, name }) => (certificate.domains.length > 0 ? certificate.domains : [name])),
  );
  return {
    costs,
    figures: {
      certificates: leaves.length,
      domains: domains.size,
      authorities: costs.length,
      ...standingOf(leaves, now),
      hosts: estate.hosts.length,
      endpoints: estate.endpoints.length,
    },
  };
}

/** How much renews by itself, and how long that takes. */
export interface Automated {
  readonly certificates: number;
  readonly automatic: number;
  /** A lineage that somebody told not to renew. */
  readonly paused: number;
  readonly hand: number;
  /** Of all: 0 to 1. */
  readonly share: number;
  /** Automatic ones whose renewal window is over. */
  readonly overdue: number;
  /** Among these events; undefined: none, or they are not known. */
  readonly renewals: RenewalDurations | undefined;
}

export function automatedOf(
  leaves: readonly Leaf[],
  events: readonly Pick<EventView, 'kind' | 'ok' | 'steps'>[] | undefined,
  now: number,
): Automated {
  const count = (keeper: Keeper) => leaves.filter((leaf) => leaf.keeper === keeper).length;
  const automatic = count('automatic');
  const windowEnds = leaves.flatMap(({ keeper, lineage }) =>
    keeper === 'automatic' ? (lineage?.renewal?.windowEnd ?? []) : [],
  );
  return {
    certificates: leaves.length,
    automatic,
    paused: count('paused'),
    hand: count('hand'),
    share: leaves.length === 0 ? 0 : automatic / leaves.length,
    overdue: windowEnds.filter((end) => Date.parse(end) < now).length,
    renewals: events && renewalDurations(events),
  };
}

/** The report's tables as files. */
export function costSheet(costs: readonly AuthorityCost[]): string {
  return csvOf(
    ['ca', 'certificates', 'ended', 'within_30_days', 'automatic', 'price', 'yearly_cost', 'saved_with_lets_encrypt'],
    costs.map(({ authority, certificates, ended, ending, automatic, price, yearly, saved }) =>
      [authority, certificates, ended, ending, automatic, price ?? '', yearly, saved].map(String),
    ),
  );
}

export function ownerSheet(rows: readonly OwnerRow[]): string {
  return csvOf(
    ['owner', 'team', 'certificates', 'ended', 'within_30_days', 'automatic'],
    rows.map(({ owner, team, certificates, ended, ending, automatic }) =>
      [owner, team, certificates, ended, ending, automatic].map(String),
    ),
  );
}

/** Those that do not renew by themselves, what ends first at the top. */
export function byHandSheet(leaves: readonly Leaf[]): string {
  const rows = leaves.filter(({ keeper }) => keeper !== 'automatic').sort((one, other) => one.endsAt - other.endsAt);
  return csvOf(
    ['name', 'ca', 'ends', 'owner', 'team', 'hosts', 'fingerprint'],
    rows.map(({ name, authority, certificate, labels }) => [
      name,
      authority,
      certificate.notAfter,
      labels['owner'] ?? '',
      labels['team'] ?? '',
      [...new Set([...certificate.endpoints, ...certificate.files].map(({ hostName }) => hostName))].join(' '),
      certificate.fingerprint,
    ]),
  );
}

export function driftSheet(drifts: readonly Drift[]): string {
  return csvOf(
    ['host', 'subject', 'endpoints', 'from', 'until', 'seconds'],
    drifts.map((drift) => [
      drift.hostName,
      drift.subject,
      String(drift.endpoints),
      drift.from,
      drift.until ?? '',
      drift.until === undefined ? '' : String(Math.round(lastedMs(drift) / 1000)),
    ]),
  );
}
