import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { maxDerBytes } from '@certherd/protocol/version';
import test, { type ExecutionContext } from 'ava';
import { findDer } from '../../../agent/observe/certificate-der.ts';
import { systemClock } from '../../../agent/system/clock.ts';
import { systemDialer } from '../../../handshake/dialer.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { mint, mintChain, type Minted, toPem } from '../../helpers/mint.ts';

const fingerprintOf = ({ x509 }: Pick<Minted, 'x509'>) => x509.fingerprint256.replaceAll(':', '').toLowerCase();

function directory(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'certherd-der-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function seen(change: Partial<Snapshot>): Snapshot {
  const none = { certificates: [], files: [], lineages: [], servers: [], deployments: [], endpoints: [], findings: [] };
  return { host: { name: 'web-1', agentVersion: '0', platform: 'test', mode: 'observe' }, ...none, ...change };
}

/** With what it dialled and read. */
async function find(snapshot: Snapshot, wanted: string[]) {
  const files = systemFiles();
  const dial = systemDialer();
  const read: string[] = [];
  const dialled: string[] = [];
  const ports = {
    clock: systemClock(),
    files: {
      ...files,
      read: (path: string) => {
        read.push(path);
        return files.read(path);
      },
    },
    dial: (target: Parameters<typeof dial>[0]) => {
      dialled.push(`${target.serverName}@${target.address}:${target.port}`);
      return dial(target);
    },
  };
  const found = await findDer(ports, snapshot, wanted, 20_000);
  return { read, dialled, found: new Map([...found].map(([name, der]) => [name, Buffer.from(der)])) };
}

/** Serves a leaf with its chain on loopback. */
async function serving(t: ExecutionContext, cert: string, key: string): Promise<number> {
  const server = tls.createServer({ cert, key });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

function endpoint(served: string, chain: string[], port: number): Snapshot['endpoints'][number] {
  return {
    id: `shop.example.test@0.0.0.0:${port}/ecdsa`,
    server: 'nginx',
    serverName: 'shop.example.test',
    address: '0.0.0.0',
    port,
    algorithm: 'ecdsa',
    vantage: 'host',
    served,
    chain,
    reached: 'served-everywhere',
  };
}

test('certificates are read again from the files that hold them, and no file that holds none of them is opened', async (t) => {
  const at = directory(t);
  const { leaf, intermediate, fullchain } = await mintChain();
  const other = await mint({ names: ['other.test'] });
  const [chain, alone] = [join(at, 'fullchain.pem'), join(at, 'other.der')];
  writeFileSync(chain, fullchain);
  writeFileSync(alone, other.der);
  const files = [
    { path: chain, fingerprints: [leaf, intermediate].map(fingerprintOf) },
    { path: alone, fingerprints: [fingerprintOf(other)] },
  ];
  const both = await find(seen({ files }), [intermediate, other].map(fingerprintOf));
  t.deepEqual(both.found, new Map([intermediate, other].map((one) => [fingerprintOf(one), one.der])));
  const one = await find(seen({ files }), [fingerprintOf(leaf)]);
  t.deepEqual(one.read, [chain]);
  t.deepEqual(one.dialled, []);
  writeFileSync(chain, other.pem);
  const gone = await find(seen({ files }), [fingerprintOf(leaf)]);
  t.deepEqual(gone.found, new Map(), 'another one took its place');
});

test('the newest version of a lineage is found in its archive, where no link leads to it yet', async (t) => {
  const at = directory(t);
  const [first, second] = [await mint({ names: ['shop.test'] }), await mint({ names: ['shop.test'] })];
  mkdirSync(join(at, 'archive'));
  mkdirSync(join(at, 'live'));
  for (const [version, { pem }] of [
    [1, first],
    [2, second],
  ] as const)
    for (const kind of ['cert', 'fullchain']) writeFileSync(join(at, `archive/${kind}${version}.pem`), pem);
  const live = join(at, 'live/fullchain.pem');
  symlinkSync('../archive/fullchain1.pem', live);
  const lineage = { name: 'shop', renewalConfig: '/x', certificatePath: live, keyPath: '/x' };
  const lineages = [{ ...lineage, issued: fingerprintOf(second), issuedVersion: 2, live: fingerprintOf(first) }];
  const { found } = await find(seen({ lineages }), [fingerprintOf(second)]);
  t.deepEqual(found, new Map([[fingerprintOf(second), second.der]]));
  unlinkSync(live);
  t.is((await find(seen({ lineages }), [fingerprintOf(second)])).found.size, 0);
});

test('what is served and in no file is asked of the endpoint once, for all of its chain', async (t) => {
  const { leaf, intermediate, fullchain } = await mintChain();
  const port = await serving(t, fullchain, leaf.keyPem);
  const wanted = [leaf, intermediate].map(fingerprintOf);
  const endpoints = [
    endpoint(fingerprintOf(leaf), [fingerprintOf(intermediate)], port),
    { ...endpoint(fingerprintOf(leaf), [fingerprintOf(intermediate)], port), serverName: 'www.example.test' },
  ];
  const { found, dialled } = await find(seen({ endpoints }), wanted);
  t.deepEqual(found, new Map([leaf, intermediate].map((one) => [fingerprintOf(one), one.der])));
  t.deepEqual(dialled, [`shop.example.test@127.0.0.1:${port}`]);
  const other = await find(seen({ endpoints }), ['0'.repeat(64)]);
  t.deepEqual(other.dialled, [], 'nobody is asked for what no endpoint served');
});

test('no byte of a private key is told, wherever in a file it stands, and no certificate larger than the wire takes', async (t) => {
  const at = directory(t);
  const one = await mint({ names: ['shop.test'] });
  const scalar = Buffer.from(one.key.export({ format: 'jwk' }).d ?? '', 'base64url');
  t.is(scalar.length, 32);
  const pkcs8 = one.key.export({ type: 'pkcs8', format: 'der' });
  const large = await mint({ names: Array.from({ length: 4000 }, (_, index) => `a-site-${index}.example.test`) });
  t.true(large.der.length > maxDerBytes);
  const content = [
    one.keyPem,
    toPem('CERTIFICATE', Buffer.concat([one.der, pkcs8])),
    toPem('CERTIFICATE', pkcs8),
    one.keyPem,
    large.pem,
  ];
  const path = join(at, 'all.pem');
  writeFileSync(path, content.join(''));
  const wanted = [one, large].map(fingerprintOf);
  const { found } = await find(seen({ files: [{ path, fingerprints: wanted }] }), wanted);
  t.deepEqual(found, new Map([[fingerprintOf(one), one.der]]));
  t.false([...found.values()].some((der) => der.includes(scalar)));
});
