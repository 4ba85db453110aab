/** What a browser says of where a request comes from. */
export interface Origin {
  /** Sec-Fetch-Site (W3C Fetch Metadata), which no script can set. */
  fetchSite: string | undefined;
  /** RFC 6454 7. */
  origin: string | undefined;
}

/**
 * Does a request that changes something come from a page of this very origin? A page of another site can have a browser send one, with its cookies, but
 * not say this of it. Neither header: no browser of today.
 */
export function isOwnOrigin({ fetchSite, origin }: Origin, own: { protocol: string; host: string }): boolean {
  if (fetchSite !== undefined) return fetchSite === 'same-origin';
  return origin !== undefined && origin.toLowerCase() === `${own.protocol}://${own.host}`.toLowerCase();
}
