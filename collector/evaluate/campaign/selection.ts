import type { Certificate } from '@certherd/protocol/certificate';
import type { Selection } from '../../store/campaigns.ts';
import { attributeValues } from '../distinguished-name.ts';
import { globbed } from '../labels.ts';

/** What a certificate is judged by. */
export type Judged = Pick<Certificate, 'issuer' | 'key' | 'notBefore' | 'notAfter'>;

/** Whose something is: its labels by key. */
export interface Whose {
  agentId: string;
  hostName: string;
  names: readonly string[];
  labels: Readonly<Record<string, string>>;
}

/** Does what is given of issuer, key and dates fit? Where none of them is given everything does. */
export function certificateFilter(selection: Selection): (certificate: Judged) => boolean {
  const { issuer, key, issuedBefore, endsBefore } = selection;
  const isIssuer = patternOf(issuer);
  const isKey = patternOf(key);
  return ({ issuer: by, key: has, notBefore, notAfter }) =>
    (!isIssuer || [by, ...attributeValues(by, 'O'), ...attributeValues(by, 'CN')].some(isIssuer)) &&
    // "RSA" stands for every size of it.
    (!isKey || isKey(has) || isKey(has.split(' ')[0] ?? '')) &&
    (issuedBefore === undefined || Date.parse(notBefore) < Date.parse(issuedBefore)) &&
    (endsBefore === undefined || Date.parse(notAfter) < Date.parse(endsBefore));
}

/** Does what is given of name, host and labels fit? */
export function whoseFilter({ name, host, owner, team, environment }: Selection): (whose: Whose) => boolean {
  const isName = patternOf(name);
  const isHost = patternOf(host);
  const labels = Object.entries({ owner, team, environment }).flatMap(([label, value]) => {
    const fits = patternOf(value);
    return fits ? [{ label, fits }] : [];
  });
  return (whose) =>
    (!isName || whose.names.some(isName)) &&
    (!isHost || isHost(whose.hostName) || isHost(whose.agentId)) &&
    labels.every(({ label, fits }) => fits(whose.labels[label] ?? ''));
}

/** Does a certificate that came in the place of one that fitted fulfil what the campaign is for? */
export function fulfils(selection: Selection, certificate: Judged): boolean {
  return !hasCertificatePart(selection) || !certificateFilter(selection)(certificate);
}

/** Why nothing can be planned with it; undefined: it can. */
export function mistakeInSelection(selection: Selection, now: number): string | undefined {
  if (Object.values(selection).every((value) => value === undefined))
    return 'nothing is selected: give an issuer, a kind of key, a date, a name, a host, an owner, a team or an environment';
  for (const [word, value] of Object.entries({
    'issued-before': selection.issuedBefore,
    'ends-before': selection.endsBefore,
  }))
    if (value !== undefined && Number.isNaN(Date.parse(value)))
      return `${word}: expected a day or an instant, as 2026-11-01, found ${JSON.stringify(value)}`;
  if (selection.issuedBefore !== undefined && Date.parse(selection.issuedBefore) > now)
    return 'issued-before: it lies ahead, and what is renewed until then would have to go as well';
  return undefined;
}

/** What a renewal may not be able to bring about: a sentence each. */
export function cautionsOf({ issuer, key, issuedBefore, endsBefore }: Selection): string[] {
  if (issuedBefore !== undefined) return [];
  return [
    ...(key === undefined
      ? []
      : [
          "A renewal keeps the lineage's kind of key: where renewal/NAME.conf does not name another (key_type, rsa_key_size), the new certificate still fits, and the campaign pauses on the first one. To be content with newer ones, give the day up to which they were issued too.",
        ]),
    ...(issuer === undefined
      ? []
      : [
          'A renewal asks the CA that the lineage names: unless that one signs with another issuer by now, the new certificate still fits, and the campaign pauses on the first one. To be content with newer ones, give the day up to which they were issued too.',
        ]),
    ...(endsBefore === undefined
      ? []
      : ['The CA decides how long a certificate lives: a new one that ends before that day too still fits.']),
  ];
}

function hasCertificatePart({ issuer, key, issuedBefore, endsBefore }: Selection): boolean {
  return [issuer, key, issuedBefore, endsBefore].some((value) => value !== undefined);
}

function patternOf(pattern: string | undefined): ((text: string) => boolean) | undefined {
  if (pattern === undefined) return undefined;
  const fits = globbed(pattern.toLowerCase());
  return (text) => fits(text.toLowerCase());
}
