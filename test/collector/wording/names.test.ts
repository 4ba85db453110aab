import test from 'ava';
import { issuerName, listenerName, namesOf, shortFingerprint } from '../../../collector/wording/names.ts';

test('a certificate is called by its subjectAltNames', (t) => {
  t.deepEqual(namesOf({ subject: 'CN=old.example', subjectAltNames: ['a.example', 'b.example'] }), [
    'a.example',
    'b.example',
  ]);
});

test('without subjectAltNames the common name counts, then the subject', (t) => {
  t.deepEqual(namesOf({ subject: 'O=Example, CN=a.example', subjectAltNames: [] }), ['a.example']);
  t.deepEqual(namesOf({ subject: 'O=Example', subjectAltNames: [] }), ['O=Example']);
  t.deepEqual(namesOf({ subject: '', subjectAltNames: [] }), ['no name']);
});

test('an issuer is its common name and organisation', (t) => {
  t.is(issuerName("C=US, O=Let's Encrypt, CN=E7"), "E7, Let's Encrypt");
  t.is(issuerName('OU=nobody'), 'OU=nobody');
  t.is(issuerName(''), '');
});

test('an attribute inside another value is not taken for one', (t) => {
  t.is(issuerName(String.raw`O=Fake\, CN=Real CA, CN=Other`), String.raw`Other, Fake\, CN=Real CA`);
});

test('a listener is written as people dial it', (t) => {
  t.is(listenerName({ address: '0.0.0.0', port: 443 }), '0.0.0.0:443');
  t.is(listenerName({ address: '::', port: 443 }), '[::]:443');
  t.is(listenerName({ address: '[::1]', port: 8443 }), '[::1]:8443');
  t.is(listenerName({ address: 'unix:/run/site.sock', port: 0 }), 'unix:/run/site.sock');
});

test('a short fingerprint is its beginning', (t) => {
  t.is(shortFingerprint('0123456789abcdef'), '01234567');
});
