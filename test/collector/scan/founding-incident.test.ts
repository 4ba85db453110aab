import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatJoin } from '@certherd/protocol/join';
import test from 'ava';
import { startAgent } from '../../../scripts/stage/products.ts';
import { shopName, startHost } from '../../helpers/host.ts';
import { handshake } from '../../helpers/testbed/handshake.ts';
import { haproxy, haproxyDefaults } from '../../helpers/testbed/haproxy.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, endpoint, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { readNotify } from '../../../collector/notify/read-settings.ts';
import { runCollector, startTestCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { startMailReceiver, startReceiver } from '../helpers/receivers.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

test('the founding incident: renewed and proved on the host, and the HAProxy in front keeps its copy, until it is brought the new one', async (t) => {
  const host = await startHost(t);
  const { sandbox, pebble, certbot, nginx } = host;
  const port = await sandbox.port();
  const front = haproxy(sandbox, '', { folder: 'front' });
  const socket = `${front.directory}/ready.sock`;
  front.write(
    'haproxy.cfg',
    `${haproxyDefaults}\nfrontend front\n  bind 127.0.0.1:${port} ssl crt ${front.directory}/copy.pem\n  bind unix@${socket}\n  default_backend host\nbackend host\n  server web-1 127.0.0.1:${host.tlsPort} ssl verify none\n`,
  );
  const bringCopy = () => {
    const { certificate: chain, key } = certbot.lineage('shop');
    front.write('copy.pem', readFileSync(chain, 'utf8') + readFileSync(key, 'utf8'));
  };
  bringCopy();
  const running = await front.start(socket);
  const old = certbot.lineage('shop').leaf();
  t.is((await handshake(port, shopName, 'ecdsa')).fingerprint, old);

  const slack = await startReceiver(t);
  const mail = await startMailReceiver(t);
  const secrets = temporaryDirectory(t);
  writeFileSync(join(secrets, 'slack'), `${slack.url}/services/x`);
  writeFileSync(join(secrets, 'ca'), mail.ca);
  const shop = {
    kind: 'email',
    name: 'shop',
    server: '127.0.0.1',
    port: mail.port,
    ca_file: join(secrets, 'ca'),
    from: 'certherd@example.test',
    to: ['shop@example.test'],
  };
  const slackChannel = { kind: 'slack', name: 'slack', url_file: join(secrets, 'slack') };
  const notify = readNotify(
    {
      channel: [shop, slackChannel],
      // What else the made-up hosts come to is nobody's concern here.
      rule: [
        { name: 'front', code: ['front-holds-copy'], server_name: [shopName], wait: '0s', to: ['{owner}', 'slack'] },
      ],
    },
    (place, what) => t.fail(`${place.join('.')}: ${what}`),
  );
  const scanned = { scanAllow: ['loopback' as const], scanNameServers: [pebble.dnsServer] };
  const collector = await startTestCollector(t, { ...scanned, notify });
  // two more hosts, with names of their own
  for (const name of ['web-2', 'web-3']) {
    const invitation = await collector.join();
    const wire = await begin(invitation, await enrol(invitation, name), { hostName: name });
    t.teardown(() => wire.close());
    const leaf = certificate(name, { subjectAltNames: [`${name}.example.test`] });
    const frame = snapshot(leaf, { endpoints: [endpoint(leaf, { serverName: `${name}.example.test` })] });
    wire.send(snapshotFrame({ ...frame, host: { ...frame.host, name } }));
  }
  await startAgent(sandbox, {
    nginx,
    certbot,
    pebble,
    roots: [pebble.rootPem],
    join: formatJoin(await collector.join()),
  });
  const target = `${shopName}:${port}`;
  const data = ['--data', collector.directory];
  const labelled = runCollector(['label', 'set', 'owner=shop', '--name', shopName, ...data]);
  t.is(await labelled.ended, 0, labelled.complaints.join('\n'));
  const added = runCollector(['target', 'add', target, '--every', '10s', ...data]);
  t.is(await added.ended, 0, added.complaints.join('\n'));

  const ofFront = async () => (await collector.estate()).findings.filter(({ code }) => code === 'front-holds-copy');
  const proved = async (fingerprint: string) =>
    (await collector.estate()).endpoints.some(({ served, status }) => served === fingerprint && status === 'proved');
  await until('the host is proved, and its public address is seen', async () => {
    const [seen] = (await collector.estate()).targets;
    return (await proved(old)) && seen?.places.some(({ served }) => served === old);
  });
  t.deepEqual(await ofFront(), [], 'all agree');

  t.is((await certbot.renew('shop')).exit, 0);
  const renewed = certbot.lineage('shop').leaf();
  t.not(renewed, old);
  const found = await until('the front is named', async () => (await ofFront())[0], { deadlineMs: 120_000 });
  const estate = await collector.estate();
  const web = estate.hosts.find(({ name }) => name === 'web-1');
  t.like(web, { status: 'healthy' }, 'all checks of the host are green');
  const { notAfter } = estate.targets[0]?.places[0] ?? {};
  t.like(found, { hostName: 'web-1', agentId: web?.agentId, stale: false, severity: 'warning' });
  t.is(found.subject.id, `${shopName}@127.0.0.1:${port}/ecdsa`);
  t.is(found.evidence['address'], `127.0.0.1:${port}`);
  t.is(found.evidence['presented'], `${old} until ${notAfter}`);
  t.regex(found.evidence['proved'] ?? '', new RegExp(`^${renewed} until `));
  t.regex(found.cause, new RegExp(`presents one that a host of this fleet had before, which ends at ${notAfter}`));
  t.deepEqual((await ofFront()).length, 1);
  const reached = async () =>
    (await collector.estate()).endpoints.flatMap(({ serverName, served, ...one }) =>
      serverName === shopName && served === renewed ? one.reached : [],
    );
  t.true((await reached()).every((state) => state === 'served'));

  await until('the owner is told', () => slack.received.length > 0 && mail.received.length > 0);
  t.true(slack.received[0]?.body.includes(`127.0.0.1:${port}`), 'the address of the front');
  t.deepEqual(mail.received[0]?.to, ['shop@example.test']);
  t.regex(mail.received[0]?.text ?? '', /^Subject: \[warning\]\s+front-holds-copy:\s/m);

  bringCopy();
  await running.end();
  await front.start(socket);
  await until('it is over', async () => (await ofFront()).length === 0, { deadlineMs: 120_000 });
  await until('it is served everywhere', async () => (await reached()).includes('served-everywhere'));
  await until('the owner is told that it is over', () => slack.received.length > 1 && mail.received.length > 1);
  t.deepEqual([slack.received.length, mail.received.length], [2, 2], 'one message each, and one that it is over');
  t.true(slack.received[1]?.body.includes('Resolved: front-holds-copy'));
  t.regex(mail.received[1]?.text ?? '', /^Subject: \[warning\]\s+Resolved:\s+front-holds-copy:\s/m);
  const [seen] = (await collector.estate()).targets;
  t.is(seen?.places[0]?.served, renewed);
  const history = await (await fetch(`${collector.url}/api/v1/targets/${seen?.id}/history`)).json();
  t.deepEqual(
    history.items.map(({ served, until: end }: { served: string; until?: string }) => [served, end === undefined]),
    [
      [renewed, true],
      [old, false],
    ],
  );
  const listed = runCollector(['target', 'list', ...data]);
  t.is(await listed.ended, 0);
  t.regex(
    listed.lines[1] ?? '',
    new RegExp(`^${shopName}:${port} +\\S.* the collector +127\\.0\\.0\\.1 +\\S.* \\d{4}-\\d\\d-\\d\\d, \\d+ [dhy] `),
  );
  const removed = runCollector(['target', 'remove', target, ...data]);
  t.is(await removed.ended, 0);
  await until('it is gone', async () => (await collector.estate()).targets.length === 0);
});
