import { sign } from 'node:crypto';
import test from 'ava';
import { provedPossession } from '../../../handshake/tls13/certificate-verify.ts';
import { mint } from '../../helpers/mint.ts';
import fc from '../../helpers/properties.ts';

const leaf = await mint({ names: ['shop.example.test'] });
const stranger = await mint({ names: ['shop.example.test'] });
const transcript = Buffer.alloc(32, 5);
const signed = Buffer.concat([Buffer.alloc(64, 32), Buffer.from('TLS 1.3, server CertificateVerify\0'), transcript]);
const p256 = 0x0403;
const all = new Set([p256, 0x0503, 0x0804]);

function verifyMessage(scheme: number, signature: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(scheme, 0);
  head.writeUInt16BE(signature.length, 2);
  return Buffer.concat([head, signature]);
}

const right = verifyMessage(p256, sign('sha256', signed, leaf.keyPem));

test('the signature of the key in the certificate proves it, and that of another key does not', (t) => {
  t.true(provedPossession(right, leaf.der, transcript, all).ok);
  t.false(provedPossession(right, stranger.der, transcript, all).ok);
  const others = verifyMessage(p256, sign('sha256', signed, stranger.keyPem));
  t.false(provedPossession(others, leaf.der, transcript, all).ok);
});

test('a signature of a kind that was not offered, or of another curve, or for a client, is none', (t) => {
  t.false(provedPossession(right, leaf.der, transcript, new Set([0x0804])).ok, 'not offered');
  const sha384 = verifyMessage(0x0503, sign('sha384', signed, leaf.keyPem));
  t.false(provedPossession(sha384, leaf.der, transcript, all).ok, 'P-384 is told, and the key is on P-256');
  const rsa = verifyMessage(0x0804, sign('sha256', signed, leaf.keyPem));
  t.false(provedPossession(rsa, leaf.der, transcript, all).ok, 'the key is none of RSA');
  const client = Buffer.from(signed.toString('latin1').replace('server', 'client'), 'latin1');
  t.false(provedPossession(verifyMessage(p256, sign('sha256', client, leaf.keyPem)), leaf.der, transcript, all).ok);
  t.false(provedPossession(right, leaf.der, Buffer.alloc(32, 6), all).ok, 'of another handshake');
});

test('a key whose point is not on its curve proves nothing', (t) => {
  const spki = leaf.x509.publicKey.export({ type: 'spki', format: 'der' });
  const last = leaf.der.indexOf(spki) + spki.length - 1;
  const beside = Buffer.from(leaf.der);
  beside[last] = (leaf.der[last] ?? 0) ^ 1;
  const proved = provedPossession(right, beside, transcript, all);
  t.regex(proved.ok ? '' : proved.failure.detail, /^a certificate that OpenSSL does not open: /);
});

test('a certificate in PEM proves nothing, even where it is the right one', (t) => {
  t.false(provedPossession(right, Buffer.from(leaf.pem), transcript, all).ok);
});

test('a certificate with bytes behind it proves nothing', (t) => {
  t.false(provedPossession(right, Buffer.concat([leaf.der, Buffer.of(0)]), transcript, all).ok);
});

test('no bytes make it throw, or prove anything', (t) => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.oneof(fc.uint8Array(), fc.constant(leaf.der)), (body, der) => {
      t.false(provedPossession(body, der, transcript, all).ok);
      t.false(provedPossession(verifyMessage(p256, Buffer.from(body)), der, transcript, all).ok);
    }),
  );
});
