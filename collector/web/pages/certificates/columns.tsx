import { type CertificateRow, ownLabels } from '../../facts/certificate-rows.ts';
import type { Facet } from '../../facts/facets.ts';
import { LifeBar } from '../../parts/life-bar.tsx';
import type { ListColumn } from '../../parts/list-column.ts';
import { Mark } from '../../parts/mark.tsx';
import { Day, Moment, type Now } from '../../parts/moment.tsx';
import { Raw } from '../../parts/raw.tsx';
import { addressOf } from '../../route/address.ts';
import { automationName, stateName, stateTone } from '../../wording/certificate-words.ts';
import { namesOf, shortFingerprint } from '../../wording/names.ts';
import { endpointStatuses } from '../../wording/words.ts';

const titles = { owner: 'Owner', team: 'Team', environment: 'Environment', platform: 'Platform' };

export const facets: readonly Facet<CertificateRow>[] = [
  { name: 'state', title: 'State', valuesOf: ({ state }) => [state], words: stateName },
  ...ownLabels.map((key) => ({ name: key, title: titles[key], valuesOf: (row: CertificateRow) => row[key] })),
  { name: 'issuer', title: 'Issuer', valuesOf: ({ issuer }) => [issuer] },
  { name: 'key', title: 'Key', valuesOf: ({ certificate }) => [certificate.key] },
  { name: 'automation', title: 'Renewed by', valuesOf: ({ automation }) => [automation], words: automationName },
];

const urgency = [...endpointStatuses.slice(0, -1), 'awaited', 'proved', 'unserved'];

/** Every column of the list of certificates, in their order. */
export function columnsAt(now: Now): ListColumn<CertificateRow>[] {
  return [
    {
      name: 'name',
      title: 'Names',
      names: true,
      usual: true,
      cell: (row) => <Names row={row} />,
      sort: ({ name }) => name.toLowerCase(),
      csv: [['names', ({ certificate }) => namesOf(certificate).join(' ')]],
    },
    {
      name: 'state',
      title: 'State',
      usual: true,
      cell: ({ state }) => <Mark tone={stateTone[state]} word={stateName(state)} />,
      sort: ({ state }) => urgency.indexOf(state),
      csv: [['state', ({ state }) => stateName(state)]],
    },
    {
      name: 'validity',
      title: 'Validity',
      usual: true,
      cell: (row) => <Validity row={row} now={now} />,
      sort: ({ certificate }) => certificate.notAfter,
      csv: [
        ['notBefore', ({ certificate }) => certificate.notBefore],
        ['notAfter', ({ certificate }) => certificate.notAfter],
      ],
    },
    textColumn('issuer', 'Issuer', true, ({ issuer }) => issuer),
    textColumn('key', 'Key', true, ({ certificate }) => certificate.key),
    ...ownLabels.map((key) => textColumn(key, titles[key], key === 'owner', (row) => row[key].join(', '))),
    textColumn('automation', 'Renewed by', true, ({ automation }) => automationName(automation)),
    {
      name: 'renewal',
      title: 'Renewal',
      usual: false,
      cell: ({ renewal }) => renewal !== undefined && <Moment instant={renewal} now={now} />,
      sort: ({ renewal = '' }) => renewal,
      csv: [['renewal', ({ renewal = '' }) => renewal]],
    },
    {
      name: 'places',
      title: 'Endpoints, files',
      usual: true,
      cell: ({ certificate: { endpoints, files } }) => `${endpoints.length}, ${files.length}`,
      sort: ({ certificate: { endpoints } }) => endpoints.length,
      csv: [
        ['endpoints', ({ certificate }) => String(certificate.endpoints.length)],
        ['files', ({ certificate }) => String(certificate.files.length)],
      ],
    },
    textColumn('serial', 'Serial number', false, ({ certificate }) => certificate.serialNumber),
    {
      name: 'fingerprint',
      title: 'Fingerprint',
      usual: false,
      cell: ({ certificate: { fingerprint } }) => <span class="code">{shortFingerprint(fingerprint)}</span>,
      csv: [['fingerprint', ({ certificate }) => certificate.fingerprint]],
    },
  ];
}

type TextOf = (row: CertificateRow) => string;

function textColumn(name: string, title: string, usual: boolean, textOf: TextOf): ListColumn<CertificateRow> {
  const cell = (row: CertificateRow) => <Raw text={textOf(row)} limit={120} />;
  return { name, title, usual, cell, sort: textOf, csv: [[name, textOf]] };
}

function Names({ row: { name, others, certificate } }: { row: CertificateRow }) {
  return (
    <>
      <a href={addressOf('certificates', certificate.fingerprint)}>
        <Raw text={name === '' ? 'no name' : name} limit={120} />
      </a>
      {others > 0 && <span class="quiet"> and {others} more</span>}
      {certificate.basis === 'told' && (
        <span
          class="quiet"
          title="The collector has not read this certificate itself: this is what an agent says of it."
        >
          {' '}
          as told
        </span>
      )}
    </>
  );
}

function Validity({ row: { certificate }, now }: { row: CertificateRow; now: Now }) {
  return (
    <span class={certificate.endpoints.length > 0 ? '' : 'unserved'}>
      <LifeBar validity={certificate} now={now} brief />
      <span class="quiet below">
        <Day instant={certificate.notBefore} /> to <Day instant={certificate.notAfter} />
      </span>
    </span>
  );
}
