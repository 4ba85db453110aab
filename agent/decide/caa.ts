import type { CaaRecord } from '../ports.ts';

/** Who asks for a certificate, and how. */
export interface Asking {
  /** The names by which the CA knows itself in CAA records: "letsencrypt.org". */
  identities: readonly string[];
  isWildcard: boolean;
  /** RFC 8657: the account's address at the CA, and the validation method, where they are known. */
  account?: string;
  method?: string;
}

/** Names whose CAA records count, the nearest first: the name itself and all above it (RFC 8659 section 3). */
export function caaClimb(name: string): string[] {
  const labels = name.replace(/^\*\./, '').replace(/\.$/, '').split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}

/**
 * Do these records, of the first name on the climb that has any, let this CA issue? RFC 8659 section 4: `issuewild` takes
 * the place of `issue` for wildcards, no such record forbids nothing, and a critical record of unknown tag forbids all.
 */
export function caaAllows(records: readonly CaaRecord[], asking: Asking): boolean {
  const known = new Set(['issue', 'issuewild', 'issuemail', 'iodef', 'contactemail', 'contactphone']);
  if (records.some(({ critical, tag }) => critical && !known.has(tag.toLowerCase()))) return false;
  const of = (wanted: string) => records.filter(({ tag }) => tag.toLowerCase() === wanted);
  const wild = asking.isWildcard ? of('issuewild') : [];
  const counting = wild.length > 0 ? wild : of('issue');
  return counting.length === 0 || counting.some(({ value }) => names(value, asking));
}

/** `letsencrypt.org; validationmethods=http-01,dns-01; accounturi=https://…` (RFC 8659 4.2, RFC 8657). */
function names(value: string, { identities, account, method }: Asking): boolean {
  const [domain = '', ...parameters] = value.split(';').map((part) => part.trim());
  if (!identities.some((identity) => identity.toLowerCase() === domain.toLowerCase().replace(/\.$/, ''))) return false;
  return parameters.every((parameter) => {
    const equals = parameter.indexOf('=');
    const tag = parameter.slice(0, equals).trim().toLowerCase();
    const wanted = parameter.slice(equals + 1).trim();
    if (tag === 'accounturi') return account === undefined || wanted === account;
    if (tag === 'validationmethods') return method === undefined || wanted.split(',').includes(method);
    return true;
  });
}
