import type { RefObject } from 'preact';
import { useRef } from 'preact/hooks';

/**
 * All rows of a long table have one height: where rows are cards it is that of the tallest that was drawn, so that no card is cut. `what` names
 * what rows are made of: with other columns, and on another width, it is found anew. Returns what finds it, for after each draw.
 */
export function useRowHeight(body: RefObject<HTMLTableSectionElement | null>, what: string): () => void {
  const fitted = useRef('');
  return () => {
    const table = body.current?.closest('table');
    const [first] = body.current?.rows ?? [];
    if (!body.current || !table || !first) return;
    // A phone resizes the window whenever its address bar comes or goes: that changes the height alone.
    const made = `${innerWidth} ${what}`;
    if (fitted.current !== made) table.style.removeProperty('--row');
    fitted.current = made;
    if (getComputedStyle(first).display === 'table-row') return;
    const rows = [...body.current.rows];
    const missing = rows.reduce((most, row) => Math.max(most, row.scrollHeight - row.clientHeight), 0);
    if (missing > 0) table.style.setProperty('--row', `${first.offsetHeight + missing}px`);
  };
}
