import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

/**
 * All rows of a long table have one height: where rows are cards it is that of the tallest that was drawn, so that no card is cut. `what` names
 * what rows are made of: with other columns, and after another width, it is found anew.
 */
export function useRowHeight(body: RefObject<HTMLTableSectionElement | null>, what: string): void {
  const fitted = useRef(what);
  const fit = (): void => {
    const table = body.current?.closest('table');
    if (!body.current || !table) return;
    const rows = [...body.current.rows];
    const missing = rows.reduce((most, row) => Math.max(most, row.scrollHeight - row.clientHeight), 0);
    const [first] = rows;
    if (!first || missing === 0) return;
    table.style.setProperty('--row', `${first.offsetHeight + missing}px`);
  };
  const anew = (): void => {
    body.current?.closest('table')?.style.removeProperty('--row');
    fit();
  };
  useLayoutEffect(() => {
    if (fitted.current === what) fit();
    else anew();
    fitted.current = what;
  });
  useLayoutEffect(() => {
    addEventListener('resize', anew);
    return () => removeEventListener('resize', anew);
  }, [what]);
}
