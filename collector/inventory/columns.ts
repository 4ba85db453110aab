/** What a column of a sheet is about. */
export interface Column {
  /** `ours`: what export --served and scan --csv add. */
  role: 'name' | 'expiration' | 'issuer' | 'label' | 'ours';
  /** Of a label. */
  key?: string;
  /** As the sheet has it. */
  header: string;
}

/** Headers that people give, in lower case and without anything but letters. Of a kind the first column counts; of names that whose header stands first here. */
const known: readonly { role: Column['role']; key?: string; headers: readonly string[] }[] = [
  {
    role: 'name',
    headers: [
      'domain',
      'domainname',
      'dnsname',
      'fqdn',
      'commonname',
      'cn',
      'url',
      'site',
      'certificate',
      'name',
      'hostname',
      'host',
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

/** What export --served and scan --csv add; import leaves them out. */
const servedColumns: readonly string[] = [
  'served_until',
  'served_on',
  'seen_target',
  'seen_address',
  'seen_key',
  'seen_fingerprint',
  'seen_tls',
  'seen_problem',
];
const reserved: readonly string[] = ['name', 'domain', 'expiration', 'issuer', ...servedColumns];

/** Guesses by the headers. A column that is none of the known ones is a label of its own name. Undefined: no column has the names. */
export function columnsOf(headers: readonly string[]): Column[] | undefined {
  const nameAt = nameColumn(headers);
  if (nameAt === undefined) return undefined;
  const taken = new Set<string>();
  return headers.map((header, index): Column => {
    if (index === nameAt) return { role: 'name', header };
    if (servedColumns.includes(header)) return { role: 'ours', header };
    const found = kindOf(header);
    const isFree = found !== undefined && found.role !== 'name' && !taken.has(found.key ?? found.role);
    const { role, key = role } = isFree ? found : { role: 'label' as const, key: freeKey(header, index, taken) };
    taken.add(key);
    return { role, header, ...(role === 'label' && { key }) };
  });
}

/** The known label that a key would be taken for, were its column not there. */
export function impliedLabel(key: string): string | undefined {
  return kindOf(key)?.key;
}

function kindOf(header: string) {
  return known.find(({ headers }) => headers.includes(lettersOf(header)));
}

function nameColumn(headers: readonly string[]): number | undefined {
  const names = known.find(({ role }) => role === 'name')?.headers ?? [];
  const letters = headers.map(lettersOf);
  const first = names.find((name) => letters.includes(name));
  return first === undefined ? undefined : letters.indexOf(first);
}

function lettersOf(header: string): string {
  return header.toLowerCase().replace(/[^a-z]/g, '');
}

function freeKey(header: string, index: number, taken: ReadonlySet<string>): string {
  const letters = isKey.test(header)
    ? header
    : header
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .replace(/^[^a-z]+|_+$/g, '')
        .slice(0, 28);
  const key = letters || 'column';
  return letters === '' || reserved.includes(key) || taken.has(key) ? `${key.slice(0, 26)}_${index + 1}` : key;
}

const isKey = /^[a-z][a-z0-9_]{0,31}$/;
