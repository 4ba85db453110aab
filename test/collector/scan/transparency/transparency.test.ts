import { readCertificate } from '@certherd/x509/certificate';
import test from 'ava';
import { logKey } from '../../../../collector/scan/transparency/checkpoint.ts';
import type { TransparencyView } from '../../../../collector/serve/transparency-view.ts';
import { mint } from '../../../helpers/mint.ts';
import { startStaticLog } from '../../../helpers/static-log.ts';
import { until } from '../../../helpers/testbed/until.ts';
import { endpoint, snapshot, snapshotFrame } from '../../helpers/example-snapshot.ts';
import { runCollector, startTestCollector } from '../../helpers/real-collector.ts';
import { begin, enrol } from '../../helpers/wire-agent.ts';

test('a certificate that a log has for our names, and that no host holds, is told until one does; names nobody listed are candidates', async (t) => {
  const [ours, theirs] = await Promise.all(
    ['Our CA', 'Some Other CA'].map((name) => mint({ authority: true, subject: [['O', name]] })),
  );
  if (!ours || !theirs) return t.fail();
  const held = await mint({ names: ['shop.example.test'], issuer: ours });
  const rogue = await mint({ names: ['shop.example.test', 'www.example.test'], issuer: theirs });
  const unlisted = await mint({ names: ['new.example.test'], issuer: ours });
  const foreign = await mint({ names: ['shop.elsewhere.test'], issuer: theirs });
  const log = await startStaticLog(t);
  log.add(foreign.der);
  log.add(held.der, 'precertificate');
  log.add(unlisted.der);
  log.publish();
  const key = logKey(log.key);
  if (!key) return t.fail();
  const collector = await startTestCollector(t, {
    scanAllow: ['loopback'],
    knownIssuers: ['Our CA'],
    transparency: {
      logs: [{ url: log.url, origin: log.origin, key }],
      domains: [],
      // By what the host serves it is known what to watch.
      fleet: true,
      everyMs: 200,
      graceMs: 3_600_000,
    },
  });
  const invitation = await collector.join();
  const wire = await begin(invitation, await enrol(invitation, 'web-1'), { hostName: 'web-1', maxVersion: 4 });
  t.teardown(() => wire.close());
  const tell = async (...ders: Uint8Array[]) => {
    const leaves = ders.flatMap((der) => {
      const read = readCertificate(der);
      return read.ok ? [read.value] : [];
    });
    const [leaf] = leaves;
    if (!leaf) return;
    const endpoints = leaves.map((one, at) => endpoint(one, { id: `e${at}`, serverName: 'shop.example.test' }));
    wire.send(snapshotFrame(snapshot(leaf, { endpoints, certificates: leaves })));
    // What a host holds is believed by the certificate itself.
    const { fingerprints } = await wire.next('want-certificates');
    const certificates = leaves.flatMap(({ fingerprint }, at) =>
      fingerprints.includes(fingerprint) ? [{ fingerprint, der: Buffer.from(ders[at] ?? []).toString('base64') }] : [],
    );
    wire.send({ type: 'certificates', certificates });
  };
  await tell(held.der);
  await until('the host is there', async () => (await collector.estate()).endpoints.length > 0);
  const view = async (): Promise<TransparencyView> =>
    (await fetch(new URL('/api/v1/transparency', collector.url))).json() as Promise<TransparencyView>;
  const told = async () =>
    (await collector.estate()).findings.filter(({ code }) => (code as string) === 'unexpected-certificate');

  // Reading began when there was something to watch.
  await until('the log is read', async () => (await view()).certificates.length === 2);
  log.add(rogue.der, 'precertificate');
  log.publish();
  const seen = await until('more of it is read', async () => {
    const one = await view();
    return (
      one.certificates.length === 3 && one.logs[0]?.proved === 4 && one.certificates.some((row) => row.held) && one
    );
  });
  t.is(seen.logs[0]?.failure, undefined);
  const stateOf = (serial: string) => seen.certificates.find(({ serialNumber }) => serialNumber === serial);
  t.like(stateOf(held.x509.serialNumber), { held: true, names: ['shop.example.test'] }, 'by serial number and issuer');
  t.like(stateOf(rogue.x509.serialNumber), { held: false, names: ['shop.example.test', 'www.example.test'] });
  t.deepEqual(
    seen.names.map(({ name }) => name),
    ['new.example.test', 'www.example.test'],
  );
  const [found, ...others] = await until('it is told', async () => {
    const all = await told();
    return all.length > 0 && all;
  });
  t.deepEqual(others, [], 'one of a known issuer is on its way to a host');
  t.like(found, { severity: 'critical', hostName: 'shop.example.test' });
  t.like(found?.evidence, { issuer: 'O=Some Other CA', 'serial number': rogue.x509.serialNumber });
  t.regex(found?.cause ?? '', /^Some Other CA issued a certificate for shop\.example\.test and 1 more, valid until/);
  t.regex(found?.remedy ?? '', /certherd-collector target add shop\.example\.test ask/);

  const listed = runCollector(['transparency', '--data', collector.directory]);
  t.is(await listed.ended, 0, listed.complaints.join('\n'));
  const lines = listed.lines.join('\n');
  t.regex(lines, /log\.example\.test\/2026h2 +4 of 4 +read /);
  t.regex(lines, /held by no host: 2\./);
  t.regex(lines, /Next: certherd-collector target add new\.example\.test/);

  // The certificate itself comes, and a host that holds it.
  log.add(rogue.der);
  log.publish();
  await tell(held.der, rogue.der);
  await until('it is over', async () => (await told()).length === 0);
  t.true((await view()).certificates.every(({ names, held: isHeld }) => isHeld || names.includes('new.example.test')));
});
