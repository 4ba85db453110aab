import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Choice, Facet, Sifted } from '../../present/facets.ts';
import { printable, shortened } from '../../evaluate/printable.ts';
import type { Router } from '../route/router.ts';

interface FacetBarProps<Row> {
  readonly facets: readonly Facet<Row>[];
  readonly counts: Sifted<Row>['counts'];
  readonly choice: Choice;
  readonly router: Router;
  /** What else narrows the list. */
  readonly children?: ComponentChildren;
}

/** A choice for each facet that tells rows apart, with how many each value would leave. */
export function FacetBar<Row>({ facets, counts, choice, router, children }: FacetBarProps<Row>) {
  const [open, setOpen] = useState(() => matchMedia('(min-width: 701px)').matches);
  return (
    <details class="narrow-down" open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        Narrow down{choice.size > 0 && `: ${[...choice.values()].map((value) => printable(value)).join(', ')}`}
      </summary>
      <div class="facets" role="group" aria-label="Narrow down">
        {facets.map((facet) => (
          <FacetChoice
            key={facet.name}
            facet={facet}
            counts={counts.get(facet.name) ?? new Map()}
            chosen={choice.get(facet.name)}
            router={router}
          />
        ))}
        {choice.size > 0 && (
          <button type="button" onClick={() => router.look((view) => facets.forEach(({ name }) => view.delete(name)))}>
            Clear
          </button>
        )}
        {children}
      </div>
    </details>
  );
}

/** More values than this are for the search box. */
const most = 200;
const all = ' all';

interface FacetChoiceProps<Row> {
  readonly facet: Facet<Row>;
  readonly counts: ReadonlyMap<string, number>;
  readonly chosen: string | undefined;
  readonly router: Router;
}

function FacetChoice<Row>({ facet: { name, title, words }, counts, chosen, router }: FacetChoiceProps<Row>) {
  const values = [...counts].sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1)).slice(0, most);
  if (chosen !== undefined && !values.some(([value]) => value === chosen)) values.push([chosen, 0]);
  return (
    <label class={chosen === undefined ? '' : 'chosen'}>
      <span>{title}</span>
      <select
        value={chosen ?? all}
        onChange={({ currentTarget: { value } }) =>
          router.look((view) => (value === all ? view.delete(name) : view.set(name, value)))
        }
      >
        <option value={all}>all</option>
        {values.map(([value, count]) => (
          <option key={value} value={value}>
            {value === '' ? 'none' : printable(shortened(words?.(value) ?? value, 60))} ({count})
          </option>
        ))}
      </select>
    </label>
  );
}
