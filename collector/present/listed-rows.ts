import { seenNames } from '../inventory/seen.ts';
import { toldDate } from '../inventory/told-date.ts';
import type { Estate, ListedView } from '../serve/estate.ts';
import { labelWords, matches } from './estate-view.ts';

/** `unseen`: no agent looks where the name is served. `differs`: what is served ends on another day than the list says. */
export type ListedStatus = 'differs' | 'unseen' | 'served';

export interface ListedRow {
  /** Its place in the list: two rows may be equal. */
  readonly place: number;
  readonly listed: ListedView;
  readonly status: ListedStatus;
  readonly hostNames: readonly string[];
  /** What is served for the name and ends first. */
  readonly servedUntil?: string;
}

const order: readonly ListedStatus[] = ['differs', 'unseen', 'served'];

/** Rows of the imported list that pass the filter, those first about which list and hosts do not agree. */
export function listedRows(estate: Pick<Estate, 'endpoints' | 'certificates' | 'listed'>, filter: string): ListedRow[] {
  const seen = seenNames(estate);
  return estate.listed
    .map((listed, place): ListedRow => {
      const { hostNames = [], servedUntil } = seen(listed.name) ?? {};
      const until = servedUntil === undefined ? {} : { servedUntil };
      const isOther =
        servedUntil !== undefined &&
        listed.expiration !== '' &&
        toldDate(listed.expiration) !== servedUntil.slice(0, 10);
      const status = hostNames.length === 0 ? 'unseen' : isOther ? 'differs' : 'served';
      return { place, listed, status, hostNames, ...until };
    })
    .filter(({ listed: { name, expiration, issuer, labels }, status, hostNames }) =>
      matches(filter, [name, expiration, issuer, status, ...hostNames, ...labelWords(labels)]),
    )
    .sort((left, right) => order.indexOf(left.status) - order.indexOf(right.status) || left.place - right.place);
}
