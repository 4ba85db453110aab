import { getDomain } from 'tldts';

/** What somebody registered of a name, by the Public Suffix List with its private part: CAs count by it. A name that has none stands for itself. */
export function registeredDomain(name: string): string {
  const plain = name.toLowerCase().replace(/^\*\./, '');
  return getDomain(plain, { allowPrivateDomains: true }) ?? plain;
}
