import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Known } from '../../present/known.ts';
import type { PageEntry, PageProps } from '../pages.ts';

interface PageFrameProps extends Omit<PageProps, 'known'> {
  /** undefined: the address names no page. */
  readonly entry: PageEntry | undefined;
  /** undefined: the collector has not answered yet. */
  readonly known: Known | undefined;
}

/** The page that the address names, as soon as the estate is there; focus follows from page to page. */
export function PageFrame({ entry, known, ...given }: PageFrameProps) {
  const main = useRef<HTMLElement>(null);
  const { page, item } = given.router.place.value;
  const shown = useRef<string>(undefined);
  const place = JSON.stringify([page, item]);
  const ready = known !== undefined && entry !== undefined;
  useEffect(() => {
    if (!ready || shown.current === place) return;
    if (shown.current !== undefined) main.current?.focus({ preventScroll: true });
    shown.current = place;
  }, [ready, place]);
  useFocusKept(main);
  return (
    <main id="main" ref={main} tabIndex={-1} class={ready ? `page-${entry?.name || 'now'}` : 'waiting'}>
      {known !== undefined && entry !== undefined ? (
        <entry.Page key={entry.name} known={known} {...given} />
      ) : (
        <Waiting entry={entry} connection={given.connection} />
      )}
    </main>
  );
}

/** What had the focus may be gone with a change: the page has it then, and not the top of the document. */
function useFocusKept(main: RefObject<HTMLElement | null>): void {
  const last = useRef<EventTarget | null>(null);
  useEffect(() => {
    const note = ({ target }: FocusEvent): void => {
      last.current = target;
    };
    document.addEventListener('focusin', note);
    return () => document.removeEventListener('focusin', note);
  }, []);
  useEffect(() => {
    const lost = last.current instanceof Element && !last.current.isConnected;
    if (lost && document.activeElement === document.body) main.current?.focus({ preventScroll: true });
  });
}

type WaitingProps = Pick<PageFrameProps, 'entry' | 'connection'>;

function Waiting({ entry, connection }: WaitingProps) {
  if (entry === undefined)
    return (
      <p>
        There is no such page. <a href="/">What needs a person now</a>
      </p>
    );
  return <p>{connection === 'lost' ? 'The collector does not answer. Trying again.' : 'Asking the collector…'}</p>;
}
