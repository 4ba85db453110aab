import test from 'ava';
import { columnsOf } from '../../../collector/inventory/columns.ts';
import { readSheet } from '../../../collector/inventory/sheet.ts';
import { writeSheet } from '../../../collector/inventory/write-sheet.ts';
import type { ListedFacts } from '../../../collector/store/facts.ts';
import fc from '../../helpers/properties.ts';

function rowsOf(text: string) {
  const sheet = readSheet(text);
  if (!sheet.ok) throw new Error(sheet.failure);
  return sheet.value.rows.map(({ line, row }) => (row.ok ? { line, ...row.value } : { line, wrong: row.failure }));
}
const taken = (text: string) => rowsOf(text).map((row) => ('name' in row ? row.name : row.wrong));

test('the sheet of the case study is read by its headers', (t) => {
  const text = `Domain,Expiration,Issuer,Owner/Team,Environment,Platform
shop.example.com,2026-12-31,Let's Encrypt,payments,production,nginx
"*.example.com", 31.01.2027 ,"DigiCert, Inc.",web,,
`;
  t.deepEqual(rowsOf(text), [
    {
      line: 2,
      name: 'shop.example.com',
      expiration: '2026-12-31',
      issuer: "Let's Encrypt",
      labels: { owner: 'payments', environment: 'production', platform: 'nginx' },
    },
    { line: 3, name: '*.example.com', expiration: '31.01.2027', issuer: 'DigiCert, Inc.', labels: { owner: 'web' } },
  ]);
});

test('semicolons, tabs, a byte order mark, CRLF and other words in the header are read too', (t) => {
  for (const separator of [';', '\t', ',']) {
    const lines = [
      ['FQDN', 'Valid until', 'CA', 'Env'],
      ['a.example.com', '2027-01-01', 'E7', 'test'],
    ];
    const text = `\uFEFF${lines.map((line) => line.join(separator)).join('\r\n')}\r\n`;
    t.deepEqual(rowsOf(text), [
      { line: 2, name: 'a.example.com', expiration: '2027-01-01', issuer: 'E7', labels: { environment: 'test' } },
    ]);
  }
});

test('a column that nobody knows becomes a label of its own name, and a second one of a kind too', (t) => {
  const [row] = rowsOf('domain,Cost (EUR),host,42\na.example.com,120,web-1,x\n');
  t.like(row, { labels: { cost_eur: '120', host: 'web-1', column_4: 'x' } });
});

test('of several columns that may have the names the one whose header says so most counts, wherever it stands', (t) => {
  t.like(rowsOf('Host,Domain,Owner\nweb-1,shop.example.com,pay\n')[0], {
    name: 'shop.example.com',
    labels: { host: 'web-1', owner: 'pay' },
  });
  t.like(rowsOf('Name,FQDN\nthe shop,shop.example.com\n')[0], {
    name: 'shop.example.com',
    labels: { name_1: 'the shop' },
  });
  t.like(rowsOf('Host,Owner\nshop.example.com,pay\n')[0], { name: 'shop.example.com' });
});

test('comments before the header, and a first line that names the separator, are no rows', (t) => {
  t.deepEqual(taken('# list, of mine\n\nshop.example.com\n'), ['shop.example.com']);
  t.deepEqual(taken('# list, of mine\ndomain,owner\nshop.example.com,me\n'), ['shop.example.com']);
  t.like(rowsOf('\uFEFFsep=;\r\ndomain;owner\r\nshop.example.com;a,b\r\n')[0], {
    line: 3,
    labels: { owner: 'a,b' },
  });
});

for (const sheet of [
  'Domain,Contact,Email\na.com,,x@y\n',
  'Domain,Notes,Notes\na.com,,second\n',
  'Domain,Served_On\na.com,x\n',
  'Domain,constructor\na.com,1\nb.com,\n',
  'Domain,Name,Host\na.com,one,two\n',
])
  test(`columns keep their meaning on the way out and in: ${JSON.stringify(sheet)}`, (t) => {
    const rows = (text: string) => rowsOf(text).map((row) => ({ ...row, line: 0 }));
    const listed: ListedFacts[] = rowsOf(sheet).flatMap((row) =>
      'name' in row ? [{ name: row.name, expiration: row.expiration, issuer: row.issuer, labels: row.labels }] : [],
    );
    t.deepEqual(rows(writeSheet(listed)), rows(sheet));
  });

test('a plain list has a name on each line, and comments', (t) => {
  const text =
    '# ours\nshop.example.com\n\nhttps://Pay.example.com:8443/checkout  # the till\nmünchen.example\n*.example.net.\n10.0.0.1\n';
  t.deepEqual(taken(text), [
    'shop.example.com',
    'pay.example.com',
    'xn--mnchen-3ya.example',
    '*.example.net',
    '10.0.0.1',
  ]);
  t.is(rowsOf(text)[1]?.line, 4);
});

test('a row that cannot be taken says why, and the others are taken', (t) => {
  const text = `domain,owner\n,me\nno name,me\na.example.com,me,too much\nb.example.com,${'x'.repeat(501)}\nc.example.com\n<script>,x\n`;
  t.deepEqual(taken(text), [
    'no name',
    '"no name" is no DNS name',
    '3 fields where the header has 2',
    'a field of more than 500 characters',
    'c.example.com',
    '"<script>" is no DNS name',
  ]);
});

test('a file that is no sheet is refused as a whole', (t) => {
  const failure = (text: string) => {
    const sheet = readSheet(text);
    return sheet.ok ? '' : sheet.failure;
  };
  t.regex(failure('a,b\n1,2\n'), /^no column has the names: one must be headed domain, .*found "a", "b"$/);
  t.regex(failure('domain,owner\n"never closed,x\n'), /[Qq]uote/);
  t.regex(failure(`domain,x\n${'a.example,b\n'.repeat(100_001)}`), /more than 100000 rows/);
  t.deepEqual(taken(''), []);
});

/** Keys that a sheet can bring about: headers of known columns mean those. */
const label = fc
  .stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
  .filter((key) => columnsOf(['domain', 'expiration', 'issuer', key])?.[3]?.key === key);
const field = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.stringMatching(/^'{0,3}[=+@-][a-z0-9"';,\n]{0,10}$/),
);
const listed = fc.record({
  name: fc.constantFrom('shop.example.com', '*.example.com', 'xn--mnchen-3ya.example', 'a.b.c.example'),
  expiration: field.map((text) => text.trim()),
  issuer: field.map((text) => text.trim()),
  labels: fc
    .dictionary(
      label,
      field.map((text) => text.trim()).filter((text) => text !== ''),
      { maxKeys: 4 },
    )
    .map((labels) => ({ ...labels })),
});

test('what is exported is read back without loss, whatever it says', (t) => {
  fc.assert(
    fc.property(fc.array(listed, { minLength: 1, maxLength: 8 }), (rows) => {
      const sheet = readSheet(writeSheet(rows));
      t.true(sheet.ok);
      const back: ListedFacts[] = sheet.ok ? sheet.value.rows.flatMap(({ row }) => (row.ok ? [row.value] : [])) : [];
      t.deepEqual(back, rows);
    }),
  );
});

test('no field of an export begins like a formula', (t) => {
  fc.assert(
    fc.property(fc.array(listed, { minLength: 1, maxLength: 4 }), (rows) => {
      t.notRegex(writeSheet(rows), /(?:^|,)"[=+\-@\t\r]/m);
    }),
  );
});

test('any text is read or refused, and ends', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      t.notThrows(() => readSheet(text));
      t.notThrows(() => readSheet(`domain,owner\n${text}`));
    }),
    { numRuns: 300 },
  );
});
