import test from 'ava';
import fc from '../../helpers/properties.ts';
import { caaAllows, caaClimb } from '../../../agent/decide/caa.ts';
import type { CaaRecord } from '../../../agent/ports.ts';

const asking = { identities: ['letsencrypt.org'], isWildcard: false, account: 'https://ca/acct/1', method: 'http-01' };
const record = (tag: string, value: string, critical = false): CaaRecord => ({ critical, tag, value });

test('the climb goes from the name to the top, without the star and the last dot', (t) => {
  t.deepEqual(caaClimb('*.shop.example.test.'), ['shop.example.test', 'example.test', 'test']);
  t.deepEqual(caaClimb('test'), ['test']);
});

const cases: [string, CaaRecord[], boolean, Partial<typeof asking>?][] = [
  ['nothing is forbidden where no record says who may issue', [record('iodef', 'mailto:a@b.test')], true],
  ['the CA is named', [record('issue', 'letsencrypt.org')], true],
  ['tag and name are compared without case', [record('ISSUE', 'LetsEncrypt.org.')], true],
  ['another CA is named', [record('issue', 'other.test')], false],
  ['one of several names the CA', [record('issue', 'other.test'), record('issue', ' letsencrypt.org ; x=y')], true],
  ['nobody may issue', [record('issue', ';')], false],
  ['an empty value names nobody', [record('issue', '')], false],
  ['issuewild says nothing of plain names', [record('issuewild', 'other.test')], true],
  [
    'issuewild takes the place of issue',
    [record('issue', 'letsencrypt.org'), record('issuewild', ';')],
    false,
    { isWildcard: true },
  ],
  [
    'a wildcard goes by issue where there is no issuewild',
    [record('issue', 'other.test')],
    false,
    { isWildcard: true },
  ],
  [
    'a critical record that nobody knows forbids all',
    [record('issue', 'letsencrypt.org'), record('tbs', 'x', true)],
    false,
  ],
  ['one that is not critical is passed over', [record('issue', 'letsencrypt.org'), record('tbs', 'x')], true],
  ['another account is named', [record('issue', 'letsencrypt.org; accounturi=https://ca/acct/2')], false],
  ['this account is named', [record('issue', 'letsencrypt.org; accounturi=https://ca/acct/1')], true],
  ['another method is named', [record('issue', 'letsencrypt.org; validationmethods=dns-01')], false],
  ['this method is among them', [record('issue', 'letsencrypt.org; validationmethods=dns-01,http-01')], true],
];

for (const [title, records, allowed, change] of cases)
  test(`CAA: ${title}`, (t) => t.is(caaAllows(records, { ...asking, ...change }), allowed));

test('any records get an answer, and one more record that names this CA never forbids', (t) => {
  const any = fc.record({ critical: fc.constant(false), tag: fc.string(), value: fc.string() });
  fc.assert(
    fc.property(fc.array(any), fc.boolean(), (records, isWildcard) => {
      const before = caaAllows(records, { ...asking, isWildcard });
      t.is(typeof before, 'boolean');
      const own = record(isWildcard ? 'issuewild' : 'issue', 'letsencrypt.org');
      t.true(caaAllows([...records, own], { ...asking, isWildcard }));
    }),
  );
});
