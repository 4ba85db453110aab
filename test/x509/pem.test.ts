import test from 'ava';
import fc from '../helpers/properties.ts';
import { decodePem, isCertificateLabel, isKeyLabel, readPemBlocks } from '../../x509/pem.ts';
import { toPem } from '../helpers/mint.ts';
import { processorMs } from '../helpers/processor-time.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const labels = (text: string) => readPemBlocks(bytes(text)).map(({ label }) => label);

test('blocks are found in order with their lines, whatever text is around them', (t) => {
  const text = `Bag Attributes\n  friendlyName: x\n${toPem('CERTIFICATE', bytes('one'))}# a note\n${toPem('EC PRIVATE KEY', bytes('two'))}the end`;
  const blocks = readPemBlocks(bytes(text));
  t.deepEqual(
    blocks.map(({ label, line, ended }) => ({ label, line, ended })),
    [
      { label: 'CERTIFICATE', line: 3, ended: true },
      { label: 'EC PRIVATE KEY', line: 7, ended: true },
    ],
  );
  t.deepEqual(
    blocks.map((block) => decodePem(block)),
    [bytes('one'), bytes('two')].map((value) => ({ ok: true, value })),
  );
});

test('CRLF, a byte order mark, spaces after a mark and a missing last newline are read', (t) => {
  const plain = toPem('CERTIFICATE', bytes('one')).trimEnd();
  for (const text of [
    plain,
    plain.replaceAll('\n', '\r\n'),
    `\xef\xbb\xbf${plain}`,
    plain.replaceAll('-----\n', '-----  \t\n'),
    `${plain}   `,
  ]) {
    const [block] = readPemBlocks(bytes(text));
    t.deepEqual(block && decodePem(block), { ok: true, value: bytes('one') }, JSON.stringify(text));
  }
});

test('a mark within a line is not a mark', (t) => {
  const pem = toPem('CERTIFICATE', bytes('one'));
  t.deepEqual(labels(`  ${pem}`), []);
  t.deepEqual(labels(`x${pem}`), []);
  t.deepEqual(labels(`-----BEGIN CERTIFICATE\n${pem}`), ['CERTIFICATE']);
});

test('a block without its END fails alone', (t) => {
  const good = toPem('CERTIFICATE', bytes('two'));
  const cut = toPem('CERTIFICATE', bytes('one')).replace('-----END CERTIFICATE-----\n', '');
  const blocks = readPemBlocks(bytes(cut + good + cut));
  t.deepEqual(
    blocks.map(({ ended }) => ended),
    [false, true, false],
  );
  t.deepEqual(blocks[0] && decodePem(blocks[0]), {
    ok: false,
    failure: { reason: 'malformed', detail: 'no matching END CERTIFICATE line' },
  });
  const [mismatched] = readPemBlocks(bytes('-----BEGIN A-----\nb25l\n-----END B-----\n'));
  t.false(mismatched?.ended);
});

test('RFC 1421 headers are skipped', (t) => {
  const text =
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nb25l\n-----END RSA PRIVATE KEY-----\n';
  for (const variant of [text, text.replaceAll('\n', '\r\n')]) {
    const [block] = readPemBlocks(bytes(variant));
    t.deepEqual(block && decodePem(block), { ok: true, value: bytes('one') });
  }
});

test('what is not base64 is malformed, and is not repeated in the failure', (t) => {
  for (const body of ['c2VjcmV0!', 'c2Vjcm', 'c2VjcmV0=c2VjcmV0', '===', '', ' \n ']) {
    const [block] = readPemBlocks(bytes(`-----BEGIN X-----\n${body}\n-----END X-----`));
    const decoded = block && decodePem(block);
    t.is(decoded?.ok, false, body);
    if (decoded && !decoded.ok) {
      t.is(decoded.failure.reason, 'malformed');
      t.false(decoded.failure.detail.includes('c2V'));
    }
  }
});

test('labels of certificates and keys are those that OpenSSL knows', (t) => {
  t.deepEqual(
    ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE', 'CERTIFICATE REQUEST', 'PUBLIC KEY'].map(
      isCertificateLabel,
    ),
    [true, true, true, false, false],
  );
  t.deepEqual(
    ['PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'PUBLIC KEY', 'EC PARAMETERS'].map(isKeyLabel),
    [true, true, true, false, false],
  );
});

test('any bytes under any label come back', (t) => {
  const anyLabel = fc.stringMatching(/^[A-Z0-9][A-Z0-9 ]{0,30}$/);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyLabel, fc.uint8Array({ minLength: 1, maxLength: 300 })), { maxLength: 8 }),
      (all) => {
        const blocks = readPemBlocks(bytes(all.map(([label, body]) => toPem(label, body)).join('text\n')));
        t.deepEqual(
          blocks.map((block) => [block.label, decodePem(block)]),
          all.map(([label, body]) => [label, { ok: true, value: Buffer.from(body) }]),
        );
      },
    ),
  );
});

test('arbitrary text never throws', (t) => {
  const pieces = fc.constantFrom(
    '-----BEGIN X-----',
    '-----END X-----',
    '-----',
    '\n',
    '\r\n',
    'QUJD',
    'a: b',
    '=',
    ' ',
    '\ufeff',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
      for (const block of readPemBlocks(Buffer.from(parts.join('')))) decodePem(block);
    }),
  );
  t.pass();
});

test('a mebibyte of marks, dashes or header lines takes no time to speak of', async (t) => {
  const files = ['-----BEGIN X-----\n', '-----', '\n', '-----BEGIN X-----\nA: b\n', 'a:', ' \n'].map((piece) =>
    bytes(`-----BEGIN X-----\n${piece.repeat((1024 * 1024) / piece.length)}`),
  );
  for (const file of files) {
    const took = await processorMs(() => {
      for (const block of readPemBlocks(file)) decodePem({ ...block, ended: true });
    });
    t.true(took < 2000, `${took} ms`);
  }
});
