import type { ListedView } from '../serve/estate.ts';
import { type Leaf, standingOf } from './leaves.ts';

/** What a year of one certificate costs, by CA, as somebody wrote it into the report. */
export type Prices = Readonly<Record<string, number>>;

export interface AuthorityCost {
  readonly authority: string;
  readonly certificates: number;
  readonly ended: number;
  readonly ending: number;
  readonly automatic: number;
  /** Of one certificate in a year; undefined: neither written down nor in the list. */
  readonly price: number | undefined;
  /** Where the price is from. */
  readonly basis: 'written' | 'list' | 'free' | 'none';
  readonly yearly: number;
  /** What Let's Encrypt would save: all of it where the certificate names nobody. */
  readonly saved: number;
  /** Certificates whose subject names an organisation (OV, EV): Let's Encrypt issues none. */
  readonly named: number;
}

export const letsEncrypt = "Let's Encrypt";

/** One row for each CA, the dearest first. A price that was written counts, else the mean of what the list says of its certificates' names. */
export function costsOf(
  leaves: readonly Leaf[],
  listed: readonly ListedView[],
  prices: Prices,
  now: number,
): AuthorityCost[] {
  const told = new Map(listed.map(({ name, labels }) => [name, costOf(labels)]));
  return [...Map.groupBy(leaves, ({ authority }) => authority)]
    .map(([authority, members]): AuthorityCost => {
      const listedCosts = members.flatMap(({ name }) => told.get(name.toLowerCase()) ?? []);
      const written = Object.hasOwn(prices, authority) ? prices[authority] : undefined;
      const price = written ?? (authority === letsEncrypt ? 0 : mean(listedCosts));
      const basis =
        written !== undefined ? 'written' : authority === letsEncrypt ? 'free' : price === undefined ? 'none' : 'list';
      const named = members.filter(({ certificate }) => /(?:^|, )O=/.test(certificate.subject)).length;
      const each = price ?? 0;
      return {
        authority,
        certificates: members.length,
        ...standingOf(members, now),
        automatic: members.filter(({ keeper }) => keeper === 'automatic').length,
        price,
        basis,
        yearly: each * members.length,
        saved: authority === letsEncrypt ? 0 : each * (members.length - named),
        named,
      };
    })
    .sort(
      (one, other) =>
        other.yearly - one.yearly ||
        other.certificates - one.certificates ||
        (one.authority < other.authority ? -1 : 1),
    );
}

/** "199", "199.00 €", "$ 1,299": the number that a list's `cost`, `price` or `yearly_cost` means; undefined: none. */
export function costOf(labels: Readonly<Record<string, string>>): number | undefined {
  const text = labels['cost'] ?? labels['price'] ?? labels['yearly_cost'];
  const found =
    text === undefined
      ? undefined
      : /^\D{0,4}(\d{1,3}(?:[,' ]\d{3})+|\d{1,9})(?:[.,](\d{1,2}))?\D{0,10}$/.exec(text.trim());
  if (!found) return undefined;
  return Number(`${found[1]?.replaceAll(/[,' ]/g, '')}.${found[2] ?? '0'}`);
}

function mean(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return Math.round((values.reduce((sum, value) => sum + value, 0) / values.length) * 100) / 100;
}
