/** What a column of a sheet is about. */
export interface Column {
  /** `ours`: what export --served adds. */
  role: 'name' | 'expiration' | 'issuer' | 'label' | 'ours';
  /** Of a label. */
  key?: string;
  /** As the sheet has it. */
  header: string;
}

/** Headers that people give, in lower case and without anything but letters: the first column of a kind counts. */
const known: readonly { role: Column['role']; key?: string; headers: readonly string[] }[] = [
  {
    role: 'name',
    headers: [
      'domain',
      'domainname',
      'name',
      'dnsname',
      'commonname',
      'cn',
      'fqdn',
      'hostname',
      'host',
      'url',
      'site',
      'certificate',
    ],
  },
  {
    role: 'expiration',
    headers: [
      'expiration',
      'expirationdate',
      'expires',
      'expireson',
      'expiry',
      'expirydate',
      'validuntil',
      'validto',
      'notafter',
      'enddate',
    ],
  },
  { role: 'issuer', headers: ['issuer', 'issuedby', 'ca', 'authority', 'certificateauthority', 'vendor', 'provider'] },
  { role: 'label', key: 'owner', headers: ['owner', 'ownerteam', 'responsible', 'ownedby'] },
  { role: 'label', key: 'team', headers: ['team', 'group', 'department', 'squad'] },
  { role: 'label', key: 'environment', headers: ['environment', 'env', 'stage'] },
  { role: 'label', key: 'platform', headers: ['platform', 'system', 'server', 'technology'] },
  { role: 'label', key: 'contact', headers: ['contact', 'email', 'mail'] },
  { role: 'label', key: 'runbook', headers: ['runbook', 'wiki', 'documentation'] },
  { role: 'label', key: 'notes', headers: ['notes', 'note', 'comment', 'comments', 'remarks'] },
];

/** What export --served adds; import leaves them out. */
const servedColumns: readonly string[] = ['served_until', 'served_on'];

/** Guesses by the headers. A column that is none of the known ones is a label of its own name. Undefined: no column has the names. */
export function columnsOf(headers: readonly string[]): Column[] | undefined {
  const taken = new Set<string>();
  const columns = headers.map((header, index): Column => {
    if (servedColumns.includes(header)) return { role: 'ours', header };
    const letters = header.toLowerCase().replace(/[^a-z]/g, '');
    const found = known.find(({ role, key, headers: names }) => names.includes(letters) && !taken.has(key ?? role));
    const { role, key = role } = found ?? { role: 'label' as const, key: freeKey(header, index, taken) };
    taken.add(key);
    return { role, header, ...(role === 'label' && { key }) };
  });
  return taken.has('name') ? columns : undefined;
}

function freeKey(header: string, index: number, taken: ReadonlySet<string>): string {
  const letters = isKey.test(header)
    ? header
    : header
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .replace(/^[^a-z]+|_+$/g, '')
        .slice(0, 28);
  const key =
    letters === '' || ['name', 'domain', 'expiration', 'issuer'].includes(letters) ? `column_${index + 1}` : letters;
  return taken.has(key) ? `${key.slice(0, 28)}_${index + 1}` : key;
}

const isKey = /^[a-z][a-z0-9_]{0,31}$/;
