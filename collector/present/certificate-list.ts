import { automationName, stateName } from '../wording/certificate-words.ts';
import { coarse } from '../wording/duration.ts';
import { namesOf, shortFingerprint } from '../wording/names.ts';
import { endpointStatuses } from '../wording/words.ts';
import { type CertificateRow, certificateSearch, ownLabels } from './certificate-rows.ts';
import { type Column, textColumn } from './columns.ts';
import type { Facet } from './facets.ts';
import { labelTitles } from './label-titles.ts';
import type { List } from './list.ts';

export const certificateFacets: readonly Facet<CertificateRow>[] = [
  { name: 'state', title: 'State', valuesOf: ({ state }) => [state], words: stateName },
  ...ownLabels.map((key) => ({ name: key, title: labelTitles[key], valuesOf: (row: CertificateRow) => row[key] })),
  { name: 'issuer', title: 'Issuer', valuesOf: ({ issuer }) => [issuer] },
  { name: 'key', title: 'Key', valuesOf: ({ certificate }) => [certificate.key] },
  { name: 'automation', title: 'Renewed by', valuesOf: ({ automation }) => [automation], words: automationName },
];

const urgency = [...endpointStatuses.slice(0, -1), 'awaited', 'proved', 'unserved'];

/** Every column of the list of certificates, in their order. */
export const certificateColumns: readonly Column<CertificateRow>[] = [
  {
    name: 'name',
    title: 'Names',
    names: true,
    usual: true,
    sort: ({ name }) => name.toLowerCase(),
    csv: [['names', ({ certificate }) => namesOf(certificate).join(' ')]],
    brief: ({ name, others }) => `${name === '' ? 'no name' : name}${others > 0 ? ` +${others}` : ''}`,
  },
  {
    name: 'state',
    title: 'State',
    usual: true,
    sort: ({ state }) => urgency.indexOf(state),
    csv: [['state', ({ state }) => stateName(state)]],
  },
  {
    name: 'validity',
    title: 'Validity',
    usual: true,
    sort: ({ certificate }) => certificate.notAfter,
    csv: [
      ['notBefore', ({ certificate }) => certificate.notBefore],
      ['notAfter', ({ certificate }) => certificate.notAfter],
    ],
    brief: ({ certificate }, now) => untilWords(certificate.notAfter, now),
  },
  textColumn('issuer', 'Issuer', true, ({ issuer }) => issuer),
  textColumn('key', 'Key', true, ({ certificate }) => certificate.key),
  ...ownLabels.map((key) =>
    textColumn(key, labelTitles[key], key === 'owner', (row: CertificateRow) => row[key].join(', ')),
  ),
  textColumn('automation', 'Renewed by', true, ({ automation }) => automationName(automation)),
  {
    name: 'renewal',
    title: 'Renewal',
    usual: false,
    sort: ({ renewal = '' }) => renewal,
    csv: [['renewal', ({ renewal = '' }) => renewal]],
  },
  {
    name: 'places',
    title: 'Endpoints, files',
    usual: true,
    sort: ({ certificate: { endpoints } }) => endpoints.length,
    csv: [
      ['endpoints', ({ certificate }) => String(certificate.endpoints.length)],
      ['files', ({ certificate }) => String(certificate.files.length)],
    ],
    brief: ({ certificate: { endpoints, files } }) => `${endpoints.length}, ${files.length}`,
  },
  textColumn('serial', 'Serial number', false, ({ certificate }) => certificate.serialNumber),
  {
    name: 'fingerprint',
    title: 'Fingerprint',
    usual: false,
    csv: [['fingerprint', ({ certificate }) => certificate.fingerprint]],
    brief: ({ certificate }) => shortFingerprint(certificate.fingerprint),
  },
];

/** The list of certificates; each has what it was searched for in once. */
export function certificateList(): List<CertificateRow> {
  return {
    name: 'certificates',
    columns: certificateColumns,
    facets: certificateFacets,
    holds: certificateSearch(),
  };
}

/** "2027-01-31, 61 d", "2026-01-31, ended". */
export function untilWords(notAfter: string, now: number): string {
  const left = Date.parse(notAfter) - now;
  return `${notAfter.slice(0, 10)}, ${left > 0 ? coarse(left) : 'ended'}`;
}
