import type { Choice } from './facets.ts';

/** How a list is looked at, as its address says it. */
export interface ListView {
  readonly search: string;
  readonly choice: Choice;
  /** A column's name, and whether the other way round; absent: the list's own order. */
  readonly sort?: { readonly by: string; readonly descending: boolean };
  /** Columns that are shown, by name; absent: those that are shown unless somebody chooses. */
  readonly columns?: readonly string[];
}

/** Reads `q`, a facet's value by its name, `sort` ("name" or "-name") and `columns` (joined with "."). */
export function listViewOf(view: URLSearchParams, facetNames: readonly string[]): ListView {
  const sort = view.get('sort') ?? '';
  const columns = view.get('columns');
  const chosen = facetNames.flatMap((name): [string, string][] => {
    const value = view.get(name);
    return value === null ? [] : [[name, value]];
  });
  return {
    search: view.get('q') ?? '',
    choice: new Map(chosen),
    ...(sort !== '' && { sort: { by: sort.replace(/^-/, ''), descending: sort.startsWith('-') } }),
    ...(columns !== null && { columns: columns.split('.') }),
  };
}

/** The next order of a column whose head is pressed: up, down, and the list's own again. */
export function nextSort(sort: ListView['sort'], by: string): string | undefined {
  if (sort?.by !== by) return by;
  return sort.descending ? undefined : `-${by}`;
}
