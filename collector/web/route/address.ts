/** Where the page stands, as its URL says it: /PAGE/ITEM?VIEW. */
export interface Place {
  /** Its first part, undecoded; "" is Now. */
  readonly page: string;
  /** One item of the page, decoded; absent: all of them. */
  readonly item?: string;
  /** What is searched, chosen and sorted. */
  readonly view: URLSearchParams;
}

/** Reads an address of this origin. What cannot be decoded (RFC 3986 2.1) stays as it is. */
export function placeAt({ pathname, search }: Pick<URL, 'pathname' | 'search'>): Place {
  const [, page = '', ...rest] = pathname.split('/');
  const item = rest.join('/');
  return { page, view: new URLSearchParams(search), ...(item !== '' && { item: decoded(item) }) };
}

/** The address of a place, path and query: the counterpart of `placeAt`. */
export function addressOf(page: string, item?: string, view?: URLSearchParams): string {
  const path = item === undefined ? `/${page}` : `/${page}/${encodeURIComponent(item)}`;
  const query = view?.toString() ?? '';
  return query === '' ? path : `${path}?${query}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
