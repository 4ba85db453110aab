import { getDomain } from 'tldts';

/** Is this name, in lower case, one of the domains that are watched, or below one? */
export type IsWatched = (name: string) => boolean;

/** `domains`: in lower case, "example.com". Wildcards stand for their domain. */
export function watching(domains: Iterable<string>): IsWatched {
  const wanted = new Set(domains);
  return (name) => {
    let rest = name.replace(/^\*\./, '').replace(/\.$/, '');
    // A name has 127 labels at most; what is longer is none.
    for (let labels = 0; labels < 128; labels++) {
      if (wanted.has(rest)) return true;
      const dot = rest.indexOf('.');
      if (dot < 0) return false;
      rest = rest.slice(dot + 1);
    }
    return false;
  };
}

/**
 * What somebody registered of each name (by the Public Suffix List, with suffixes that are private). A name without, as a suffix itself, is passed over: whoever
 * names "co.uk" has not got all that is below it.
 */
export function registeredDomains(names: Iterable<string>): Set<string> {
  const domains = new Set<string>();
  for (const name of names) {
    const plain = name.toLowerCase().replace(/^\*?\./, '');
    // A name of one label is a word on this network: the world has it too.
    const domain = plain.includes('.') ? getDomain(plain, { allowPrivateDomains: true }) : null;
    if (domain !== null) domains.add(domain);
  }
  return domains;
}
