import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { rootsIn } from '@certherd/x509/roots';
import test from 'ava';
import { openCertificate } from '@certherd/x509/certificate';
import { rootsBySubject, trustPath } from '../../../x509/trust-path.ts';
import { atOnce } from '../../../agent/formats/steps.ts';
import { needsIntermediate, trustSteps } from '../../../agent/observe/trust.ts';
import { stillKnown } from '../../../agent/observe/upkeep.ts';
import { readTrustedRoots } from '../../../agent/observe/trusted-roots.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { type Minted, mint, mintChain } from '../../helpers/mint.ts';
import { deployment, endpoint, live, observed, upkeep } from '../../helpers/observed.ts';
import { judgeUpkeep } from '../../helpers/upkeep.ts';
import { processorMs } from '../../helpers/processor-time.ts';

const now = Date.now();
const print = ({ x509 }: { x509: X509Certificate }) => x509.fingerprint256.replaceAll(':', '').toLowerCase();
const years = { notBefore: new Date(Date.UTC(2020, 0, 1)), notAfter: new Date(Date.UTC(2049, 0, 1)), authority: true };

/** The findings where this chain is served and these roots are trusted. */
function served(chain: readonly Minted[], roots: readonly Minted[]) {
  const [leaf, ...rest] = chain.map(print);
  const row = endpoint({ served: leaf ?? '', configured: leaf ?? '', chain: rest });
  const own = deployment({ configured: leaf ?? '' });
  const ders = new Map(chain.map((minted) => [print(minted), new Uint8Array(minted.der)]));
  const trusted = { roots: rootsBySubject(roots.map(({ x509 }) => x509)), sources: [], unusable: [] };
  const trust = atOnce(trustSteps([row, { ...row, id: 'again@::1:443/ecdsa' }], ders, trusted, now));
  const certificates = chain.flatMap(({ der }) => {
    const read = openCertificate(der);
    return read.ok ? [read.value.certificate] : [];
  });
  return judgeUpkeep(
    { ...observed({ certificates, endpoints: [row], deployments: [own] }), ...upkeep({ trust }) },
    { now },
  );
}

test('a chain that a look before judged is taken as it was judged, and another one is not', async (t) => {
  const { root, intermediate, leaf } = await mintChain();
  const row = endpoint({ served: print(leaf), configured: print(leaf), chain: [print(intermediate)] });
  const alone = { ...row, id: 'alone@127.0.0.1:443/ecdsa', chain: [] };
  const trusted = { roots: rootsBySubject([root.x509]), sources: [], unusable: [] };
  const ders = new Map([leaf, intermediate].map((minted) => [print(minted), new Uint8Array(minted.der)]));
  const [judged] = atOnce(trustSteps([row], ders, trusted, now));
  const known = judged ? [judged] : [];
  const again = atOnce(trustSteps([row, alone], ders, trusted, now, known));
  t.is(again[0], judged);
  t.deepEqual(
    again.map(({ trusted: is }) => is),
    [true, false],
  );
});

test('a later look takes a trusted chain as it was judged until the first of its issuers ends, and judges every other one anew', async (t) => {
  const root = await mint({ ...years, subject: [['CN', 'Root']] });
  const ends = new Date(now + 3_600_000);
  const before = new Date(now - 3_600_000);
  const intermediate = await mint({
    subject: [['CN', 'Ends soon']],
    issuer: root,
    authority: true,
    notBefore: before,
    notAfter: new Date(Math.floor(ends.getTime() / 1000) * 1000),
  });
  const leaf = await mint({ names: ['a.test'], issuer: intermediate });
  const row = endpoint({ served: print(leaf), configured: print(leaf), chain: [print(intermediate)] });
  const alone = { ...row, id: 'alone@127.0.0.1:443/ecdsa', chain: [] };
  const roots = { roots: rootsBySubject([root.x509]), sources: [], unusable: [] };
  const ders = new Map([leaf, intermediate].map((minted) => [print(minted), new Uint8Array(minted.der)]));
  const trust = atOnce(trustSteps([row, alone], ders, roots, now));
  const until = intermediate.x509.validToDate.getTime();
  t.deepEqual(stillKnown({ trust, roots }, until - 1), { roots, trust: trust.slice(0, 1) });
  t.deepEqual(stillKnown({ trust, roots }, until), { roots, trust: [] });
  t.is(atOnce(trustSteps([row], ders, roots, until))[0]?.problem, 'issuer-expired');
});

test('a chain to a trusted root is no finding, whether or not the root is sent, and in any order', async (t) => {
  const { root, intermediate, leaf } = await mintChain();
  const unrelated = await mint({ ...years, subject: [['CN', 'Unrelated']] });
  t.deepEqual(served([leaf, intermediate], [root]), []);
  t.deepEqual(served([leaf, intermediate, root], [root]), []);
  t.deepEqual(served([leaf, unrelated, root, intermediate], [root]), []);
  t.deepEqual(served([leaf], [intermediate]), [], 'an intermediate may itself be trusted');
});

test('a private CA is a warning that says how to make its root known', async (t) => {
  const { root, intermediate, leaf } = await mintChain();
  const [finding, ...more] = served([leaf, intermediate, root], []);
  t.deepEqual(more, []);
  t.is(finding?.code, 'chain-untrusted');
  t.is(finding?.severity, 'warning');
  t.regex(finding?.cause ?? '', /ends in CN=Test Root, a root that this host does not trust/);
  t.regex(finding?.remedy ?? '', /extra_roots = \[/);
  t.is(served([leaf], [root])[0]?.evidence['issued by'], 'CN=Test Intermediate');
  t.regex(served([leaf], [root])[0]?.cause ?? '', /neither sent nor trusted/);
});

test("certbot's cert.pem in the place of fullchain.pem is told as that, and nothing is to be put into it", async (t) => {
  const { root, leaf } = await mintChain();
  const row = endpoint({ served: print(leaf), configured: print(leaf) });
  const trusted = { roots: rootsBySubject([root.x509]), sources: [], unusable: [] };
  const trust = atOnce(trustSteps([row], new Map([[print(leaf), new Uint8Array(leaf.der)]]), trusted, now));
  const read = openCertificate(leaf.der);
  const certificates = read.ok ? [read.value.certificate] : [];
  const own = deployment({ configured: print(leaf), certificatePath: `${live}/cert.pem` });
  const [finding] = judgeUpkeep(
    { ...observed({ certificates, endpoints: [row], deployments: [own] }), ...upkeep({ trust }) },
    { now },
  ).filter(({ code }) => code === 'chain-untrusted');
  t.regex(finding?.cause ?? '', /cert\.pem, which holds the leaf without its intermediate CN=Test Intermediate/);
  t.is(
    finding?.remedy,
    `In /etc/nginx/nginx.conf:10 name ${live}/fullchain.pem in the place of ${live}/cert.pem, then: /usr/sbin/nginx -c /etc/nginx/nginx.conf -s reload`,
  );
});

test('another root of the same name is not trusted for it: the signature decides', async (t) => {
  const { intermediate, leaf } = await mintChain();
  const impostor = await mint({ ...years, subject: [['CN', 'Test Root']] });
  t.is(served([leaf, intermediate], [impostor])[0]?.code, 'chain-untrusted');
});

test('a certificate that may not issue any is no issuer', async (t) => {
  const { root, intermediate } = await mintChain();
  const shop = await mint({ names: ['other.test'], subject: [['CN', 'other']], issuer: intermediate });
  const forged = await mint({ names: ['shop.example.test'], issuer: shop });
  t.is(served([forged, shop, intermediate], [root])[0]?.code, 'chain-untrusted');
});

test('an expired intermediate is critical since its end, unless another way avoids it', async (t) => {
  const root = await mint({ ...years, subject: [['CN', 'Root']] });
  const key = (await mint()).key;
  const ended = new Date(now - 86_400_000);
  const old = await mint({ ...years, key, notAfter: ended, subject: [['CN', 'Middle']], issuer: root });
  const renewed = await mint({ ...years, key, subject: [['CN', 'Middle']], issuer: root });
  const leaf = await mint({ names: ['shop.example.test'], issuer: old });
  const [finding] = served([leaf, old], [root]);
  t.is(finding?.severity, 'critical');
  t.is(finding?.since, `${ended.toISOString().slice(0, 19)}.000Z`);
  t.regex(finding?.cause ?? '', /leads over CN=Middle, which ended at/);
  t.regex(finding?.remedy ?? '', /certbot renew --cert-name shop/);
  t.deepEqual(served([leaf, old, renewed], [root]), []);
});

test("a certificate of a CA for tests is critical and told by the CA's name", async (t) => {
  const root = await mint({
    ...years,
    subject: [
      ['O', 'ISRG'],
      ['CN', '(STAGING) Pretend Pear X1'],
    ],
  });
  const leaf = await mint({ names: ['shop.example.test'], issuer: root });
  const [finding] = served([leaf], []);
  t.is(finding?.severity, 'critical');
  t.regex(finding?.cause ?? '', /Let's Encrypt's staging environment/);
  t.regex(
    finding?.remedy ?? '',
    /^\/usr\/bin\/certbot certonly --cert-name shop --force-renewal --server https:\/\/acme-v02\./,
  );
  t.deepEqual(served([leaf], [root]), [], 'who names its root in extra_roots means it');
});

test('a certificate that signed itself is a warning, unless it is there for clients that ask for no name of this host', async (t) => {
  const own = await mint({ names: ['shop.example.test'] });
  t.regex(served([own], [])[0]?.cause ?? '', /signed itself/);
  t.deepEqual(served([own], [own]), []);
  const placeholder = await mint({ names: ['localhost'] });
  t.deepEqual(served([placeholder], []), []);
});

test('where another server answers, what is shown is not said to be in the file that was meant to be', async (t) => {
  const [meant, shown] = [await mint({ names: ['shop.example.test'] }), await mint({ names: ['web-1'] })];
  const ders = new Map([[print(shown), new Uint8Array(shown.der)]]);
  const row = endpoint({ served: print(shown), configured: print(meant) });
  const trust = atOnce(trustSteps([row], ders, { roots: new Map(), sources: [], unusable: [] }, now));
  const certificates = [meant, shown].flatMap(({ der }) => {
    const read = openCertificate(der);
    return read.ok ? [read.value.certificate] : [];
  });
  const own = deployment({ configured: print(meant) });
  const other = (change: object) => ({ ...own, id: 'other', line: 20, configured: print(shown), ...change });
  const causes = (deployments: ReturnType<typeof deployment>[]) =>
    judgeUpkeep({ ...observed({ certificates, endpoints: [row], deployments }), ...upkeep({ trust }) }, { now })
      .filter(({ code }) => code === 'chain-untrusted')
      .map(({ cause }) => cause);
  t.regex(causes([own])[0] ?? '', /^the certificate that clients are shown signed itself/);
  t.regex(
    causes([own, other({ certificatePath: '/etc/nginx/tls/web-1.pem' })])[0] ?? '',
    /^the certificate in \/etc\/nginx\/tls\/web-1\.pem signed itself/,
  );
  t.deepEqual(causes([own, other({ certificatePath: '/etc/ssl/certs/ssl-cert-snakeoil.pem' })]), []);
  t.deepEqual(causes([own, other({ serverNames: ['_'] })]), []);
});

test('a leaf alone lacks no intermediate where a trusted root issued it itself', async (t) => {
  const { root, intermediate, leaf } = await mintChain();
  const direct = await mint({ names: ['shop.example.test'], issuer: root });
  const directory = testDirectory(t);
  const needs = (name: string, pems: string[]) => {
    const file = path.join(directory, name);
    fs.writeFileSync(file, pems.join(''));
    const trusted = { roots: rootsBySubject([root.x509]), sources: [], unusable: [] };
    return needsIntermediate(systemFiles(), file, trusted, now);
  };
  t.false(needs('direct.pem', [direct.pem]));
  t.true(needs('alone.pem', [leaf.pem]));
  t.true(needs('wrong.pem', [direct.pem, intermediate.pem]), 'what is sent in a wrong order is told all the same');
  t.true(needs('nothing.pem', []));
});

test('a hostile heap of certificates of one name ends the search', async (t) => {
  const key = (await mint()).key;
  const heap = await Promise.all(Array.from({ length: 40 }, () => mint({ ...years, key, subject: [['CN', 'Loop']] })));
  const [first] = heap;
  const leaf = await mint({ names: ['shop.example.test'], issuer: first as Minted });
  const sent = [leaf, ...heap].map(({ x509 }) => x509);
  const took = await processorMs(() => {
    const path = trustPath(sent, new Map(), now);
    t.is(path?.trusted === false && path.problem, 'gave-up');
  });
  t.true(took < 2000, `${took} ms`);
});

test("the host's own roots are read from its file, extra ones beside them, and again only after a change", async (t) => {
  const directory = testDirectory(t);
  const file = path.join(directory, 'root.pem');
  const { root } = await mintChain();
  fs.writeFileSync(file, `a comment\n${root.pem}`);
  const options = { extraRoots: [file, path.join(directory, 'gone.pem')], bundled: () => [] };
  const first = readTrustedRoots(systemFiles(), options);
  t.deepEqual(first.unusable, [path.join(directory, 'gone.pem')]);
  t.is(first.roots.get('CN=Test Root')?.length, 1);
  const good = { ...options, extraRoots: [file] };
  const kept = readTrustedRoots(systemFiles(), good);
  const system = '/etc/ssl/certs/ca-certificates.crt';
  const [host] = fs.existsSync(system) ? rootsIn(fs.readFileSync(system)) : [];
  t.true(host === undefined || kept.roots.get(host.subject)?.some(({ raw }) => raw.equals(host.raw)));
  t.is(readTrustedRoots(systemFiles(), good, kept), kept);
  fs.utimesSync(file, 1, 1);
  t.not(readTrustedRoots(systemFiles(), good, kept), kept);
});
