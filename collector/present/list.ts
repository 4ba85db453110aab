import type { Column } from './columns.ts';
import type { Facet, Search } from './facets.ts';

/** What can be asked of a list, by the page and by a command. */
export interface List<Row> {
  /** "certificates": what is listed. */
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  readonly facets: readonly Facet<Row>[];
  readonly holds: Search<Row>['holds'];
}
