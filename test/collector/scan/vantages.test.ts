import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatJoin } from '@certherd/protocol/join';
import test from 'ava';
import { environment } from '../../../scripts/stage/products.ts';
import { shopName, startHost } from '../../helpers/host.ts';
import { networksCanBeMade, openPrivateNetwork } from '../../helpers/testbed/private-network.ts';
import { until } from '../../helpers/testbed/until.ts';
import { openStore } from '../../../collector/store/open.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { runCollector, startTestCollector } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const agentMain = path.resolve(import.meta.dirname, '../../../agent/main.ts');

(networksCanBeMade ? test : test.skip)(
  'what only one host reaches is looked at by its agent, where its own settings allow it, and an old copy there is told with the vantage',
  async (t) => {
    const host = await startHost(t);
    const { sandbox, certbot } = host;
    const [port, dnsPort, orders] = [await sandbox.port(), await sandbox.port(), await sandbox.port()];
    const collector = await startTestCollector(t);
    const network = await openPrivateNetwork(sandbox);
    await network.letOut(collector.agentAddress.port);

    // In the network: a listener with a copy of the certificate, a DNS, and web-2's agent.
    const copy = sandbox.folder('copy');
    const { certificate, key } = certbot.lineage('shop');
    const old = certbot.lineage('shop').leaf();
    copyFileSync(certificate, path.join(copy, 'cert.pem'));
    copyFileSync(key, path.join(copy, 'key.pem'));
    const log = (name: string) => path.join(sandbox.directory, `${name}.log`);
    const inNetwork = (name: string, command: string, argv: string[]) =>
      network.start(command, argv, log(name), environment(sandbox));
    const listener = `${network.address}:${port}`;
    const certificates = ['-cert', `${copy}/cert.pem`, '-cert_chain', `${copy}/cert.pem`, '-key', `${copy}/key.pem`];
    inNetwork('listener', '/usr/bin/openssl', ['s_server', '-www', '-accept', listener, ...certificates]);
    inNetwork(
      'dns',
      'pebble-challtestsrv',
      [
        ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv4', network.address, '-defaultIPv6', ''],
        ['-dns01', `127.0.0.1:${dnsPort}`, '-management', `127.0.0.1:${orders}`],
      ].flat(),
    );
    const configFile = path.join(sandbox.directory, 'web-2.toml');
    const settings = (probe: string) =>
      writeFileSync(
        configFile,
        `host_name = "web-2"\nstate_directory = "${sandbox.directory}/state-2"\nlog_level = "debug"\n[nginx]\nconfig = "${sandbox.directory}/none.conf"\n[certbot]\nconfig_directory = "${sandbox.directory}/none"\n${probe}`,
      );
    settings(
      `[probe]\nallow = ["*.example.test:${port}", "169.254.169.254", "127.0.0.1"]\nreach = ["private"]\nname_servers = ["127.0.0.1:${dnsPort}"]\n`,
    );
    await until('all of it listens', async () => {
      return (await network.listens(network.address, port)) && (await network.listens('127.0.0.1', orders));
    });
    const joins = [formatJoin(await collector.join()), formatJoin(await collector.join())];
    const enrolled = inNetwork('enrol', process.execPath, [
      agentMain,
      'enroll',
      joins[1] ?? '',
      '--config',
      configFile,
    ]);
    await enrolled.exited;
    inNetwork('web-2', process.execPath, [agentMain, 'run', '--config', configFile]);
    t.is((await host.agent(['enroll', joins[0] ?? ''])).exit, 0);
    host.daemon();
    // One that does not know the question.
    const invitation = await collector.join();
    const wire = await begin(invitation, await enrol(invitation, 'web-3'), { hostName: 'web-3', maxVersion: 4 });
    t.teardown(() => wire.close());
    const hosts = await until('all are there', async () => {
      const { hosts, endpoints } = await collector.estate();
      return hosts.length === 3 && endpoints.some(({ served }) => served === old) && hosts;
    });
    const idOf = (name: string) => hosts.find((one) => one.name === name)?.agentId ?? '';

    const data = ['--data', collector.directory];
    const add = async (from: string, ...targets: string[]) => {
      const added = runCollector(['target', 'add', ...targets, '--every', '10s', '--from', from, ...data]);
      t.is(await added.ended, 0, added.complaints.join('\n'));
    };
    await add('web-1,web-2,web-3', `${shopName}:${port}`);
    await add('web-2', '169.254.169.254', '127.0.0.1');
    // As often as no command lets anybody: a test does not wait ten seconds.
    const place = { dataDirectory: collector.directory, store: undefined, storePasswordFile: undefined };
    const opened = await openStore(place, { clock: systemClock, log: silentLog });
    if (!opened.ok) return t.fail(opened.failure.message);
    for (const row of await opened.value.targets.all())
      await opened.value.targets.add({ ...row, everyMs: 1_000 }, Date.now());
    await opened.value.close();
    const seenBy = async (target: string, name: string) =>
      (await collector.estate()).targets.find((one) => one.target === target && one.vantage === idOf(name));
    const seen = await until(
      'web-2 sees it',
      async () => {
        const one = await seenBy(`${shopName}:${port}`, 'web-2');
        return one?.places[0]?.served !== undefined && one;
      },
      { deadlineMs: 60_000 },
    );
    t.like(seen.places, { length: 1 });
    t.like(seen, { vantageName: 'web-2' });
    t.like(seen.places[0], { address: network.address, algorithm: 'ecdsa', served: old, nameMatches: true });
    const without = async (target: string, name: string) =>
      until(`${name} says why not`, async () => (await seenBy(target, name))?.failure, { deadlineMs: 60_000 });
    t.like(await without(`${shopName}:${port}`, 'web-1'), {
      reason: 'vantage-refused',
      detail: 'web-1: its agent looks nowhere: agent.toml has no [probe] allow',
    });
    t.like(await without(`${shopName}:${port}`, 'web-3'), { reason: 'vantage-too-old' });
    for (const [target, why] of [
      ['169.254.169.254:443', 'an address that is never asked'],
      ['127.0.0.1:443', 'this machine itself'],
    ] as const) {
      const refused = await until('an address is refused', async () => (await seenBy(target, 'web-2'))?.places[0]);
      t.like(refused.failure, { reason: 'not-allowed', detail: `${target.split(':')[0]} is ${why}` });
    }
    const ofFront = async () => (await collector.estate()).findings.filter(({ code }) => code === 'front-holds-copy');
    t.deepEqual(await ofFront(), [], 'all agree');

    t.is((await certbot.renew('shop')).exit, 0);
    await host.nginx.reloadWhole();
    const renewed = certbot.lineage('shop').leaf();
    const found = await until('the copy is told', async () => (await ofFront())[0], { deadlineMs: 120_000 });
    t.is(found.subject.id, `${shopName}@${listener}/ecdsa from web-2`);
    t.like(found, { hostName: 'web-1', stale: false });
    t.is(found.evidence['seenFrom'], 'web-2');
    t.regex(found.evidence['presented'] ?? '', new RegExp(`^${old} until`));
    t.regex(found.evidence['proved'] ?? '', new RegExp(`^${renewed} until`));
    t.regex(found.cause, new RegExp(`${listener} as seen from web-2 presents`));

    const listed = runCollector(['target', 'list', ...data]);
    t.is(await listed.ended, 0);
    t.true(listed.lines.some((line) => line.includes('web-2') && line.includes(network.address)));
    t.true(listed.lines.some((line) => line.includes('web-1') && line.includes('vantage-refused')));
    const removed = runCollector(['target', 'remove', `${shopName}:${port}`, '--from', 'web-3', ...data]);
    t.is(await removed.ended, 0);
    await until('that vantage is gone', async () => (await collector.estate()).targets.length === 4);
  },
);
