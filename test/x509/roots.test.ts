import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { rootsWhenAsked } from '@certherd/x509/roots';
import { rootsBySubject } from '@certherd/x509/trust-path';
import test from 'ava';
import { mint } from '../helpers/mint.ts';

test('a root that is opened when it is asked for is found by every name that it would have been found by', async (t) => {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const named = async (written: x509.JsonNameParams | string) => {
    const name = new x509.Name(written);
    const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const made = await x509.X509CertificateGenerator.createSelfSigned({ name, keys, signingAlgorithm });
    return Buffer.from(made.rawData);
  };
  const odd = await Promise.all([
    named([{ O: [{ bmpString: 'Two bytes' }] }, { CN: [{ bmpString: 'a character' }] }]),
    named([{ CN: [{ universalString: 'Four of them' }] }]),
    named([{ CN: [{ utf8String: 'Zertifizierungsstelle Übersee' }] }]),
    named([{ CN: ['at once'], O: ['Beside another'] }]),
    named('O=Comma\\, Inc., CN=a\\+b \\#c'),
    named('CN=\\#0416'),
    named(''),
  ]);
  const same = [await mint({ names: ['twice'] }), await mint({ names: ['twice'] })].map(({ der }) => der);
  const ders = [...rootCertificates.map((pem) => Buffer.from(new X509Certificate(pem).raw)), ...odd, ...same];
  const whole = rootsBySubject(ders.map((der) => new X509Certificate(der)));
  const roots = rootsWhenAsked([Buffer.from('no certificate'), ...ders]);
  const prints = (list: readonly X509Certificate[] | undefined) => list?.map(({ fingerprint256 }) => fingerprint256);
  for (const der of ders) {
    const { subject } = new X509Certificate(der);
    t.deepEqual(prints(roots.get(subject)), prints(whole.get(subject)), subject);
  }
  t.is(roots.get('CN=twice')?.length, 2);
  t.is(roots.get('CN=twice'), roots.get('CN=twice'), 'opened once');
  t.deepEqual(roots.get('CN=Nobody'), []);
});

test('a root that is not there is looked for once, however many chains end at it, and no end of names is remembered', async (t) => {
  const { der } = await mint({ names: ['there'] });
  let searches = 0;
  const ders = Object.assign([der], {
    filter: (test: (der: Uint8Array) => boolean) => {
      searches += 1;
      return [der].filter(test);
    },
  });
  const roots = rootsWhenAsked(ders);
  for (const subject of ['CN=Zürich', 'CN=Nobody', 'CN=Zürich', 'CN=Nobody']) t.deepEqual(roots.get(subject), []);
  t.is(searches, 2);
  for (let other = 0; other < 50; other += 1) roots.get(`CN=${other}`);
  t.is(roots.get('CN=there')?.length, 1);
  searches = 0;
  roots.get('CN=Nobody');
  t.is(searches, 1);
});
