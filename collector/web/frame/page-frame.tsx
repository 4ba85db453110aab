import { useSignal } from '@preact/signals';
import type { ComponentType, RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Known } from '../facts/known.ts';
import type { PageEntry, PageProps } from '../pages.ts';

interface PageFrameProps extends Omit<PageProps, 'known'> {
  /** undefined: the address names no page. */
  readonly entry: PageEntry | undefined;
  /** undefined: the collector has not answered yet. */
  readonly known: Known | undefined;
}

/** The page that the address names, as soon as its script and the estate are there; focus follows from page to page. */
export function PageFrame({ entry, known, ...given }: PageFrameProps) {
  const loaded = useLoaded(entry);
  const main = useRef<HTMLElement>(null);
  const { page, item } = given.router.place.value;
  const shown = useRef<string>(undefined);
  const place = JSON.stringify([page, item]);
  const ready = known !== undefined && typeof loaded === 'object';
  useEffect(() => {
    if (!ready || shown.current === place) return;
    if (shown.current !== undefined) main.current?.focus({ preventScroll: true });
    shown.current = place;
  }, [ready, place]);
  useFocusKept(main);
  return (
    <main id="main" ref={main} tabIndex={-1} class={ready ? `page-${entry?.name || 'now'}` : 'waiting'}>
      {known !== undefined && typeof loaded === 'object' ? (
        <loaded.Page known={known} {...given} />
      ) : (
        <Waiting entry={entry} failed={loaded === 'failed'} connection={given.connection} />
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

/** The entry's page; undefined while it comes. A page that was shown once comes at once. */
function useLoaded(entry: PageEntry | undefined): { Page: ComponentType<PageProps> } | 'failed' | undefined {
  const loaded = useSignal<{ of: PageEntry; as: { Page: ComponentType<PageProps> } | 'failed' } | undefined>(undefined);
  useEffect(() => {
    let wanted = true;
    void entry?.load().then(
      (as) => {
        if (wanted) loaded.value = { of: entry, as };
      },
      () => {
        if (wanted) loaded.value = { of: entry, as: 'failed' };
      },
    );
    return () => {
      wanted = false;
    };
  }, [entry, loaded]);
  return loaded.value !== undefined && loaded.value.of === entry ? loaded.value.as : undefined;
}

type WaitingProps = Pick<PageFrameProps, 'entry' | 'connection'> & { readonly failed: boolean };

function Waiting({ entry, failed, connection }: WaitingProps) {
  if (entry === undefined)
    return (
      <p>
        There is no such page. <a href="/">What needs a person now</a>
      </p>
    );
  if (failed)
    return (
      <p>
        This page’s script did not come: the collector does not answer, or is another version by now.{' '}
        <button type="button" onClick={() => location.reload()}>
          Load again
        </button>
      </p>
    );
  return <p>{connection === 'lost' ? 'The collector does not answer. Trying again.' : 'Asking the collector…'}</p>;
}
