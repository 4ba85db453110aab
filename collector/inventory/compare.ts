import type { LabelRule, ListedFacts } from '../store/facts.ts';

/** What an import would change. */
export interface ListChanges {
  added: ListedFacts[];
  gone: ListedFacts[];
  same: ListedFacts[];
  /** Of all names of the new list: what its rows for one name agree on. */
  labels: Pick<LabelRule, 'pattern' | 'key' | 'value'>[];
}

/** The list that is there and the one that takes its place, row by row; the order of rows means nothing. */
export function compareLists(before: readonly ListedFacts[], after: readonly ListedFacts[]): ListChanges {
  const left = new Map<string, ListedFacts[]>();
  for (const row of before) left.set(identityOf(row), [...(left.get(identityOf(row)) ?? []), row]);
  const added: ListedFacts[] = [];
  const same: ListedFacts[] = [];
  for (const row of after) (left.get(identityOf(row))?.pop() ? same : added).push(row);
  return { added, same, gone: [...left.values()].flat(), labels: agreedLabels(after) };
}

function identityOf({ name, expiration, issuer, labels }: ListedFacts): string {
  return JSON.stringify([
    name,
    expiration,
    issuer,
    Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)),
  ]);
}

/** Several rows may be of one name, since it has several certificates: a label that they disagree on is nobody's. */
function agreedLabels(rows: readonly ListedFacts[]): ListChanges['labels'] {
  const byName = Map.groupBy(rows, ({ name }) => name);
  return [...byName].flatMap(([pattern, [first, ...others]]) =>
    Object.entries(first?.labels ?? {})
      .filter(([key, value]) => others.every(({ labels }) => labels[key] === value))
      .map(([key, value]) => ({ pattern, key, value })),
  );
}
