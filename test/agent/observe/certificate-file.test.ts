import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileObservation } from '@certherd/protocol/snapshot';
import test, { type ExecutionContext } from 'ava';
import { Value } from 'typebox/value';
import { keyMatches, observeCertificateFile, readAsPem } from '../../../agent/observe/certificate-file.ts';
import type { Files } from '../../../agent/ports.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { encryptedKey } from '../../helpers/containers.ts';
import { mint, mintChain, toPem } from '../../helpers/mint.ts';

const files = systemFiles();

function directory(t: ExecutionContext): (name: string, content?: string | Uint8Array) => string {
  const path = mkdtempSync(join(tmpdir(), 'certherd-file-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return (name, content) => {
    if (content !== undefined) writeFileSync(join(path, name), content);
    return join(path, name);
  };
}

test('a chain is observed leaf first, with what judges it', async (t) => {
  const at = directory(t);
  const { leaf, intermediate, fullchain } = await mintChain();
  const path = at('fullchain.pem', fullchain);
  const seen = observeCertificateFile(files, path);
  t.deepEqual(
    seen.observation.fingerprints,
    [leaf, intermediate].map(({ x509 }) => x509.fingerprint256.replaceAll(':', '').toLowerCase()),
  );
  t.is(seen.observation.path, path);
  t.is(seen.certificates[0]?.subjectAltNames[0], 'shop.example.test');
  t.deepEqual(Buffer.from(seen.leafDer ?? []), leaf.der);
  t.deepEqual(seen.chain, { complete: true, endsInRoot: false });
  t.true(Value.Check(FileObservation, seen.observation));
});

test('a chain in the wrong order says where it breaks', async (t) => {
  const at = directory(t);
  const { leaf, intermediate, root } = await mintChain();
  const seen = observeCertificateFile(files, at('a.pem', leaf.pem + root.pem + intermediate.pem));
  t.deepEqual(seen.chain, { breakAt: 0, complete: false, endsInRoot: false });
  t.false(observeCertificateFile(files, at('b.pem', leaf.pem)).chain?.complete);
});

test('where the leaf is damaged nothing passes for it', async (t) => {
  const at = directory(t);
  const { leaf, intermediate } = await mintChain();
  const seen = observeCertificateFile(files, at('a.pem', leaf.pem.replace(/\n.{4}/, '\n!!!!') + intermediate.pem));
  t.deepEqual(seen.observation.fingerprints, []);
  t.is(seen.leafDer, undefined);
  t.is(seen.observation.failure?.reason, 'malformed');
  const after = observeCertificateFile(files, at('b.pem', leaf.pem + intermediate.pem.replace(/\n.{4}/, '\n!!!!')));
  t.is(after.observation.fingerprints.length, 1);
  t.is(after.observation.failure?.reason, 'malformed');
});

test('what cannot be read is an observation with its reason', (t) => {
  const at = directory(t);
  const reason = (path: string) => observeCertificateFile(files, path).observation.failure?.reason;
  t.is(reason(at('absent.pem')), 'not-found');
  t.is(reason(at('empty.pem', '')), 'empty');
  t.is(reason(at('text.pem', 'hello')), 'no-certificate');
  t.is(reason(at('large.pem', Buffer.alloc(1024 * 1024 + 1))), 'too-large');
  t.is(reason(at('.')), 'not-a-regular-file');
  execFileSync('mkfifo', [at('fifo')]);
  t.is(reason(at('fifo')), 'not-a-regular-file');
  symlinkSync('/dev/zero', at('zero'));
  t.is(reason(at('zero')), 'not-a-regular-file');
});

test('a file from beyond the year 9999 has no time, and is read all the same', async (t) => {
  const at = directory(t);
  const path = at('a.pem', (await mint({ names: ['a.test'] })).pem);
  const content = files.read(path);
  if (!content.ok) throw new Error(content.failure.detail);
  const late: Files = { ...files, read: () => ({ ok: true, value: { ...content.value, modifiedAt: 3e14 } }) };
  const { observation } = observeCertificateFile(late, path);
  t.is(observation.fingerprints.length, 1);
  t.is(observation.modifiedAt, undefined);
});

test('the right key matches, and no copy of it stays in what was read', async (t) => {
  const at = directory(t);
  const [own, other] = await Promise.all([mint(), mint()]);
  const read: Uint8Array[] = [];
  const watched: Files = {
    ...files,
    read: (path) => {
      const content = files.read(path);
      if (content.ok) read.push(content.value.bytes);
      return content;
    },
  };
  t.deepEqual(keyMatches(watched, at('own.key', own.keyPem), own.der), { ok: true, value: true });
  t.deepEqual(keyMatches(watched, at('other.key', other.keyPem), own.der), { ok: true, value: false });
  const seen = observeCertificateFile(watched, at('both.pem', own.pem + own.keyPem));
  t.is(seen.certificates.length, 1);
  t.is(read.length, 3);
  t.true(read.every((bytes) => bytes.length > 0 && bytes.every((byte) => byte === 0)));
});

test('a key that cannot be compared is a failure with its reason', async (t) => {
  const at = directory(t);
  const one = await mint();
  const reason = (path: string) => {
    const result = keyMatches(files, path, one.der);
    return result.ok ? 'compared' : result.failure.reason;
  };
  t.is(reason(at('absent.key')), 'not-found');
  t.is(reason(at('encrypted.key', encryptedKey(one, 'x'))), 'password-needed');
  t.is(reason(at('cert.pem', one.pem)), 'malformed');
});

test('a file that is not PEM is no certificate to a server, and one all the same to a person', async (t) => {
  const one = await mint({ names: ['a.test'] });
  const at = directory(t);
  for (const [bytes, known] of [
    [one.der, 1],
    [Buffer.from(toPem('PKCS7', one.der)), 0],
  ] as const) {
    const seen = observeCertificateFile(files, at('a', bytes));
    t.is(seen.certificates.length, known);
    const served = readAsPem(seen);
    t.deepEqual(served.certificates, []);
    t.is(served.observation.failure?.reason, 'no-certificate');
  }
  const pem = observeCertificateFile(files, at('a', one.pem));
  t.is(readAsPem(pem), pem);
});
