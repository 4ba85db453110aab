import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificate } from '@certherd/protocol/certificate';
import test, { type ExecutionContext } from 'ava';
import { Value } from 'typebox/value';
import { type InspectJson, type InspectOptions, inspectCommand } from '../../../agent/commands/inspect.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { encryptedKey, pkcs12, pkcs7 } from '../../helpers/containers.ts';
import { mint, mintChain, toPem } from '../../helpers/mint.ts';
import { processorMs } from '../../helpers/processor-time.ts';

const now = Date.parse('2026-11-23T12:00:00Z');
const life = { notBefore: new Date('2026-10-24T12:00:00Z'), notAfter: new Date('2027-01-22T12:00:00Z') };

function directory(t: ExecutionContext): (name: string, content?: string | Uint8Array) => string {
  const path = mkdtempSync(join(tmpdir(), 'certherd-inspect-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return (name, content) => {
    if (content !== undefined) writeFileSync(join(path, name), content);
    return join(path, name);
  };
}

async function inspect(paths: string[], options: Partial<InspectOptions> = {}, columns = 100) {
  let output = '';
  let errors = '';
  const exit = await inspectCommand(
    paths,
    { json: false, ...options },
    {
      files: systemFiles(),
      clock: { now: () => now, monotonic: () => 0, after: () => () => undefined },
      write: (text) => void (output += text),
      writeError: (text) => void (errors += text),
      colour: false,
      columns,
    },
  );
  return { exit, output, errors };
}

async function inspectJson(paths: string[], options: Partial<InspectOptions> = {}) {
  const { exit, output, errors } = await inspect(paths, { ...options, json: true });
  const json: InspectJson = JSON.parse(output);
  return { exit, json, errors };
}

test('a chain is shown with names, life, issuer, key, fingerprint and how all fits', async (t) => {
  const at = directory(t);
  const { leaf, fullchain } = await mintChain({ names: ['shop.example.test', 'www.shop.example.test'], ...life });
  const { exit, output, errors } = await inspect([at('a.pem', fullchain + leaf.keyPem)]);
  t.is(exit, 0);
  t.is(errors, '');
  for (const expected of [
    'a.pem  PEM, 2 certificates, 1 private key',
    'names        shop.example.test, www.shop.example.test',
    'valid        2026-10-24 12:00 to 2027-01-22 12:00 UTC; 60 d left of 90 d (66 % of its life)',
    'issuer       CN=Test Intermediate',
    'key          EC prime256v1',
    `SHA-256      ${leaf.x509.fingerprint256.replaceAll(':', '').toLowerCase()}`,
    'chain        each certificate is issued by the next\n',
    'private key  in the same file: matches certificate 1\n',
  ])
    t.true(output.includes(expected), `${expected}\n${output}`);
});

test('a wrong order, a wrong key, and validity that ended or has not begun are said', async (t) => {
  const at = directory(t);
  const { leaf, intermediate, root } = await mintChain({ names: ['a.test'], ...life });
  const past = await mint({
    names: ['past.test'],
    notBefore: new Date('2026-01-01'),
    notAfter: new Date('2026-11-23T10:00Z'),
  });
  const future = await mint({ names: ['future.test'], notBefore: new Date('2026-11-25T12:00Z') });
  const { output } = await inspect([
    at('order.pem', leaf.pem + root.pem + intermediate.pem),
    at('key.pem', leaf.pem + root.keyPem),
    at('second.pem', leaf.pem + root.pem + root.keyPem),
    at('past.pem', past.pem),
    at('future.pem', future.pem),
  ]);
  for (const expected of [
    'certificate 2 does not issue certificate 1',
    'does not match any of its certificates',
    'matches certificate 2, not the first',
    'expired 120 min ago',
    'not valid for another 48 h',
  ])
    t.true(output.includes(expected), expected);
});

test('every format gives the same certificates in JSON', async (t) => {
  const at = directory(t);
  const { leaf, intermediate, fullchain } = await mintChain();
  const p7 = pkcs7([leaf, intermediate]);
  const chain = { certificates: [leaf, intermediate], keyOf: leaf };
  const { exit, json } = await inspectJson(
    [
      at('a.pem', fullchain),
      at('a.der', leaf.der),
      at('a.p7b', p7),
      at('b.p7b', toPem('PKCS7', p7)),
      at('empty.p12', pkcs12({ ...chain, password: '' })),
      at('secret.p12', pkcs12({ ...chain, password: 'swordfish' })),
    ],
    { passwordFile: at('password', 'swordfish\n') },
  );
  t.is(exit, 0);
  t.is(json.version, 1);
  t.deepEqual(
    json.files.map(({ format, keys, failure }) => [format, keys, failure]),
    [
      ['pem', 0, undefined],
      ['der', 0, undefined],
      ['pkcs7', 0, undefined],
      ['pkcs7', 0, undefined],
      ['pkcs12', 1, undefined],
      ['pkcs12', 1, undefined],
    ],
  );
  const [first] = json.files;
  for (const { certificates } of json.files) {
    t.true(certificates.every((certificate) => Value.Check(Certificate, certificate)));
    t.deepEqual(
      certificates.map(({ fingerprint }) => fingerprint).sort(),
      (first?.certificates ?? [])
        .slice(0, certificates.length)
        .map(({ fingerprint }) => fingerprint)
        .sort(),
    );
  }
});

test('files that cannot be read keep their place, and each gets one line that says what to do', async (t) => {
  const at = directory(t);
  const { leaf, intermediate } = await mintChain();
  const paths = [
    at('good.pem', leaf.pem),
    at('absent.pem'),
    at('half.pem', leaf.pem + intermediate.pem.replace(/\n.{4}/, '\n!!!!')),
    at('empty.pem', ''),
    at('text.txt', 'hello'),
    at('privkey.pem', leaf.keyPem),
    at('secret.p12', pkcs12({ certificates: [leaf], password: 'x' })),
    at('.'),
  ];
  const { exit, json } = await inspectJson(paths);
  t.is(exit, 1);
  t.deepEqual(
    json.files.map(({ path, certificates, failure }) => [path, certificates.length, failure?.reason]),
    [
      [paths[0], 1, undefined],
      [paths[1], 0, 'not-found'],
      [paths[2], 1, 'malformed'],
      [paths[3], 0, 'empty'],
      [paths[4], 0, 'no-certificate'],
      [paths[5], 0, 'no-certificate'],
      [paths[6], 0, 'password-needed'],
      [paths[7], 0, 'not-a-regular-file'],
    ],
  );
  t.regex(json.files[2]?.failure?.detail ?? '', /^certificate 2 \(line \d+\): not base64$/);

  const human = await inspect(paths);
  t.is(human.exit, 1);
  const lines = human.errors.trimEnd().split('\n');
  t.is(lines.length, 7);
  t.is(lines[0], `${paths[1]} does not exist; check the path`);
  t.regex(lines[5] ?? '', /--password-file FILE$/);
  t.false(human.errors.includes(leaf.keyPem.slice(40, 60)));
});

test('a password file that cannot be read is said, and makes the exit code 1', async (t) => {
  const at = directory(t);
  const { leaf } = await mintChain();
  const { exit, errors, json } = await inspectJson([at('a.pem', leaf.pem)], { passwordFile: at('absent') });
  t.is(exit, 1);
  t.regex(errors, /^--password-file: .*absent does not exist; check the path\n$/);
  t.is(json.files[0]?.certificates.length, 1);
});

test('nothing from a certificate or a path reaches the terminal unescaped', async (t) => {
  const at = directory(t);
  const hostile = await mint({
    subject: [['CN', 'a\u001b[2J\u202e']],
    altNames: [{ type: 'dns', value: '\u001b]0;title\u0007\u009b31m\u2066<!channel>' }],
  });
  const paths = [at('a\u001b[31m\nb.pem', hostile.pem), at('no\u202e.pem', 'x')];
  for (const json of [false, true]) {
    const { output, errors } = await inspect(paths, { json });
    t.notRegex((output + errors).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  }
  const { json } = await inspectJson(paths);
  t.is(json.files[0]?.certificates[0]?.subjectAltNames[0], '\u001b]0;title\u0007\u009b31m\u2066<!channel>');
});

test('ten thousand names are read in time and shown as ten', async (t) => {
  const at = directory(t);
  const names = Array.from({ length: 10_000 }, (_, index) => `host-${index}.example.test`);
  const path = at('many.pem', (await mint({ names })).pem);
  let output = '';
  const took = await processorMs(async () => {
    ({ output } = await inspect([path]));
  });
  t.true(took < 2000, `${took} ms`);
  t.true(output.includes('9990 more (all with --json)'));
  t.true(output.length < 3000);
});

test('no line is wider than the terminal where its words allow it', async (t) => {
  const at = directory(t);
  const { fullchain } = await mintChain({
    names: Array.from({ length: 9 }, (_, index) => `shop-${index}.example.test`),
  });
  const { output } = await inspect([at('a.pem', fullchain)], {}, 90);
  const body = output.split('\n').slice(1);
  t.deepEqual(
    body.filter((line) => line.length > 90),
    [],
  );
});

test('an encrypted key beside its certificate is counted and left alone', async (t) => {
  const at = directory(t);
  const one = await mint({ names: ['a.test'] });
  const { exit, output } = await inspect([at('a.pem', one.pem + encryptedKey(one, 'x'))]);
  t.is(exit, 0);
  t.true(output.includes('could not be compared'));
});

test('node-forge is loaded for containers only', (t) => {
  const program = `
    import { createRequire } from 'node:module';
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('node-forge'));
    await import(${JSON.stringify(new URL('../../../agent/observe/lineage.ts', import.meta.url).href)});
    await import(${JSON.stringify(new URL('../../../agent/commands/inspect.ts', import.meta.url).href)});
    const before = loaded();
    await import(${JSON.stringify(new URL('../../../agent/formats/container.ts', import.meta.url).href)});
    console.log(JSON.stringify([before, loaded()]));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  t.deepEqual(JSON.parse(output), [false, true]);
});
