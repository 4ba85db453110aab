/** What a page says while it is not told what changes. `crowded`: the collector has no place for it. */
export function lostWords(crowded: string | undefined): string {
  return crowded === undefined ? 'connection lost, trying again' : 'too many pages are open, trying again';
}
