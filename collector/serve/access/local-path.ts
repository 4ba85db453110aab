/** A path of this collector, else "/": a link that signs in somebody leads to no other site. */
export function localPath(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])[^\\\s\p{C}]{0,2000}$/u.test(next) ? next : '/';
}
