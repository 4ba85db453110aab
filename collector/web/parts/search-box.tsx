import type { Router } from '../route/router.ts';

interface SearchBoxProps {
  readonly router: Router;
  readonly label: string;
  readonly placeholder: string;
}

/** What a list is filtered by, kept in the address as `q`. */
export function SearchBox({ router, label, placeholder }: SearchBoxProps) {
  return (
    <search>
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        title="Press / to come here"
        autocomplete="off"
        spellcheck={false}
        value={searched(router)}
        onInput={({ currentTarget: { value } }) =>
          router.look((view) => (value === '' ? view.delete('q') : view.set('q', value)))
        }
      />
    </search>
  );
}

/** What is searched for. */
export function searched({ place }: Router): string {
  return place.value.view.get('q') ?? '';
}
