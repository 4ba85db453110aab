import { type ReadonlySignal, signal } from '@preact/signals';
import { addressOf, type Place, placeAt } from './address.ts';

/** The page's place, and how it changes. */
export interface Router {
  readonly place: ReadonlySignal<Place>;
  /** Goes to an address of this page; the back button comes back. */
  readonly go: (address: string) => void;
  /** Changes the view of the same place. Typing and choosing leave no trail for the back button. */
  readonly look: (change: (view: URLSearchParams) => void) => void;
}

/**
 * Follows the address bar, and takes over links to the pages that `knows` knows. A link that a person wants elsewhere
 * (another tab, a download) stays the browser's.
 */
export function createRouter(window: Window, knows: (page: string) => boolean): Router {
  const { document, history, location } = window;
  const place = signal(placeAt(location));
  const go = (address: string): void => {
    history.pushState(null, '', address);
    place.value = placeAt(location);
    window.scrollTo(0, 0);
  };
  window.addEventListener('popstate', () => {
    place.value = placeAt(location);
  });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || !isPlain(event, link) || link.origin !== location.origin) return;
    if (link.hash !== '' || !knows(placeAt(link).page)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
  return {
    place,
    go,
    look(change) {
      const { page, item, view: before } = place.value;
      const view = new URLSearchParams(before);
      change(view);
      history.replaceState(null, '', addressOf(page, item, view));
      place.value = placeAt(location);
    },
  };
}

function isPlain(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const modified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  return event.button === 0 && !modified && !event.defaultPrevented && link.target === '' && !link.download;
}
