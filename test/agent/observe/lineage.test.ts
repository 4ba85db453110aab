import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { observeLineages } from '../../../agent/observe/lineage.ts';
import type { Files } from '../../../agent/ports.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { mintChain } from '../../helpers/mint.ts';
import { kinds, letsencrypt, print } from './lineage-tree.ts';

const files = systemFiles();
test('a lineage in order is observed with both its versions', async (t) => {
  const { root, live, add, link, observe } = letsencrypt(t);
  const first = await add(1);
  link(1);
  const { lineage, ...seen } = observe();
  const { changedAt, ...facts } = lineage;
  t.deepEqual(facts, {
    name: 'shop.example.test',
    renewalConfig: join(root, 'renewal', 'shop.example.test.conf'),
    certificatePath: join(live, 'fullchain.pem'),
    keyPath: join(live, 'privkey.pem'),
    issued: print(first.leaf),
    issuedVersion: 1,
    live: print(first.leaf),
    liveVersion: 1,
    keyMatches: true,
    acmeDirectory: 'https://ca.test/dir',
    authenticator: 'webroot',
  });
  t.true(Math.abs(Date.parse(changedAt ?? '') - Date.now()) < 60_000);
  t.deepEqual(seen.certbot, { ok: true, value: 'present' });
  t.deepEqual(seen.settling, []);
  t.deepEqual(
    seen.files.map(({ path, fingerprints }) => [path, fingerprints]),
    [
      [join(live, 'fullchain.pem'), [print(first.leaf), print(first.intermediate)]],
      [join(live, 'cert.pem'), [print(first.leaf)]],
    ],
  );
  t.deepEqual(
    seen.certificates.map(({ fingerprint }) => fingerprint).sort(),
    [print(first.leaf), print(first.intermediate)].sort(),
  );
});

test('issued is the highest number, not the last by name', async (t) => {
  const { add, link, observe } = letsencrypt(t);
  await add(9);
  const tenth = await add(10);
  link(9);
  const { lineage, settling } = observe();
  t.is(lineage.issued, print(tenth.leaf));
  t.is(lineage.issuedVersion, 10);
  t.is(lineage.liveVersion, 9);
  t.is(lineage.failure, undefined);
  t.deepEqual(settling, []);
});

test('every state in the middle of a change of links is settling, and none is judged', async (t) => {
  const { live, add, link, observe } = letsencrypt(t);
  await add(1);
  const second = await add(2);
  link(1);
  for (const kind of kinds) {
    unlinkSync(join(live, `${kind}.pem`));
    const gone = observe();
    t.deepEqual(gone.settling, ['shop.example.test'], `${kind} is gone`);
    t.is(gone.lineage.failure?.reason, 'not-found');
    t.is(gone.lineage.keyMatches, undefined);
    link(2, [kind]);
    const made = observe();
    t.deepEqual(made.settling, kind === 'fullchain' ? [] : ['shop.example.test'], `${kind} is new`);
    t.is(made.lineage.failure?.reason, kind === 'fullchain' ? undefined : 'links-disagree');
  }
  t.is(observe().lineage.live, print(second.leaf));
});

test('a version that is being written is settling', async (t) => {
  const { archive, add, link, observe } = letsencrypt(t);
  await add(1);
  link(1);
  await add(2, ['privkey']);
  t.deepEqual(observe().settling, []);
  writeFileSync(join(archive, 'cert2.pem'), '');
  t.deepEqual(observe().settling, ['shop.example.test']);
  t.is(observe().lineage.failure?.reason, 'empty');
  const second = await add(2, ['privkey', 'cert', 'chain']);
  t.deepEqual(observe().settling, ['shop.example.test']);
  t.is(observe().lineage.issued, print(second.leaf));
  await add(2);
  t.deepEqual(observe().settling, []);
  t.is(observe().lineage.failure, undefined);
});

test('a reused key, a link in the archive to the earlier one, is no disagreement', async (t) => {
  const { archive, live, add, link, observe } = letsencrypt(t);
  await add(1);
  await add(2);
  unlinkSync(join(archive, 'privkey2.pem'));
  symlinkSync('privkey1.pem', join(archive, 'privkey2.pem'));
  link(2);
  t.is(observe().lineage.failure, undefined);
  t.deepEqual(observe().settling, []);
  unlinkSync(join(live, 'privkey.pem'));
  link(1, ['cert']);
  t.deepEqual(observe().settling, ['shop.example.test']);
});

test('a key that does not belong to the live leaf is told', async (t) => {
  const { archive, add, link, observe } = letsencrypt(t);
  await add(1);
  link(1);
  const { leaf } = await mintChain();
  writeFileSync(join(archive, 'privkey1.pem'), leaf.keyPem);
  t.false(observe().lineage.keyMatches);
  t.is(observe().lineage.failure, undefined);
  writeFileSync(join(archive, 'privkey1.pem'), 'garbage');
  t.is(observe().lineage.keyMatches, undefined);
  t.is(observe().lineage.failure?.reason, 'malformed');
});

test('broken lineages are failures, not settling', async (t) => {
  const { root, archive, live, add, link, observe } = letsencrypt(t);
  await add(1);
  link(1);
  const verdict = () => [observe().lineage.failure?.reason, observe().settling.length];

  unlinkSync(join(live, 'chain.pem'));
  writeFileSync(join(live, 'chain.pem'), 'a copy');
  t.deepEqual(verdict(), ['link-broken', 0], 'not a link');
  unlinkSync(join(live, 'chain.pem'));
  symlinkSync('../../archive/shop.example.test/chain7.pem', join(live, 'chain.pem'));
  t.deepEqual(verdict(), ['link-broken', 0], 'leads nowhere');
  link(1);
  t.deepEqual(verdict(), [undefined, 0]);

  mkdirSync(join(root, 'elsewhere'));
  renameSync(join(archive, 'cert1.pem'), join(root, 'elsewhere', 'cert1.pem'));
  unlinkSync(join(live, 'cert.pem'));
  symlinkSync('../../elsewhere/cert1.pem', join(live, 'cert.pem'));
  t.deepEqual(verdict(), ['links-disagree', 0], 'outside of its archive');
  for (const name of readdirSync(live)) unlinkSync(join(live, name));
  t.deepEqual(verdict(), ['not-found', 0], 'no link at all');
  rmSync(archive, { recursive: true });
  t.deepEqual(verdict(), ['not-found', 0], 'no archive');
});

test('a live certificate that is damaged is a failure', async (t) => {
  const { archive, add, link, observe } = letsencrypt(t);
  await add(1);
  link(1);
  writeFileSync(join(archive, 'fullchain1.pem'), '');
  const { lineage, files: observed } = observe();
  t.is(lineage.failure?.reason, 'empty');
  t.is(lineage.live, undefined);
  t.is(observed[0]?.failure?.reason, 'empty');
});

test('a config without its paths is malformed, and what can be observed still is', async (t) => {
  const { root, add, link, observe } = letsencrypt(t);
  const { leaf } = await add(1);
  link(1);
  writeFileSync(join(root, 'renewal', 'shop.example.test.conf'), 'garbage\u0000');
  t.is(observe().lineage.failure?.reason, 'malformed');
  t.is(observe().lineage.live, print(leaf));
});

test('a renamed lineage is found where its config says', async (t) => {
  const { root, add, link } = letsencrypt(t, 'shop.example.test-0001');
  const { leaf } = await add(1);
  link(1);
  renameSync(join(root, 'renewal', 'shop.example.test-0001.conf'), join(root, 'renewal', 'shop.conf'));
  const [lineage] = observeLineages(files, root).lineages;
  t.is(lineage?.name, 'shop');
  t.is(lineage?.certificatePath, join(root, 'live', 'shop.example.test-0001', 'fullchain.pem'));
  t.is(lineage?.live, print(leaf));
  t.is(lineage?.failure, undefined);
});

test('no certbot, an empty one and one that cannot be read are told apart', async (t) => {
  const { root } = letsencrypt(t);
  t.deepEqual(observeLineages(files, join(root, 'absent')), {
    certbot: { ok: true, value: 'absent' },
    lineages: [],
    files: [],
    certificates: [],
    settling: [],
    archives: [],
  });
  rmSync(join(root, 'renewal', 'shop.example.test.conf'));
  t.deepEqual(observeLineages(files, root).certbot, { ok: true, value: 'present' });
  const refused = { ok: false, failure: { reason: 'permission-denied', detail: 'no' } } as const;
  const closed: Files = { ...files, list: () => refused };
  t.deepEqual(observeLineages(closed, root).certbot, refused);
});

test('a key that may not be read says nothing about the lineage', async (t) => {
  const { root, add, link } = letsencrypt(t);
  await add(1);
  link(1);
  const refused = { ok: false, failure: { reason: 'permission-denied', detail: 'no' } } as const;
  const closed: Files = { ...files, read: (path) => (path.includes('privkey') ? refused : files.read(path)) };
  const [lineage] = observeLineages(closed, root).lineages;
  t.is(lineage?.failure, undefined);
  t.is(lineage?.keyMatches, undefined);
  t.is(lineage?.liveVersion, 1);
});
