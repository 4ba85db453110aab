import { copyFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { loadConfig } from '../../../agent/config.ts';
import { decide } from '../../../agent/decide/decide.ts';
import { observeHost } from '../../../agent/observe/observe.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { systemLooking } from '../../../agent/system/looking.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { mint, mintChain, type Minted } from '../../helpers/mint.ts';
import { plainTextServer } from '../../helpers/plain-text-server.ts';
import { mintMlDsa } from '../../helpers/post-quantum.ts';
import { postgresBinaries, startPostgres } from '../../helpers/testbed/postgres.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';
import { until } from '../../helpers/testbed/until.ts';

/** A host whose settings have these tables, with no nginx and no certbot of its own, and a look at it. */
function host(t: ExecutionContext, root: Minted) {
  const directory = testDirectory(t);
  const path = join(directory, 'agent.toml');
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  const roots = write('roots.pem', root.pem);
  const look = async (tables: string, mode = 'observe') => {
    write(
      'agent.toml',
      `mode = "${mode}"\nextra_roots = ["${roots}"]\n[certbot]\nconfig_directory = "${directory}/none"\n[nginx]\nconfig = "${directory}/none.conf"\n${tables}`,
    );
    const loaded = loadConfig(systemFiles(), path, { hostName: 'mail-1', isRoot: true, stateHome: directory });
    if (!loaded.ok) throw new Error(loaded.failure.join('\n'));
    const seen = await observeHost(systemLooking(), loaded.value, { name: 'mail-1', agentVersion: '0', platform: 'x' });
    const { snapshot, plan } = decide(seen, [], [], loaded.value, Date.now());
    const told = snapshot.findings.filter(({ code }) => !['unmanaged', 'server-absent', 'key-exposed'].includes(code));
    return { snapshot, plan, findings: told };
  };
  return { directory, path, write, look };
}

const summaryOf = (findings: { severity: string; code: string; subject: { id: string } }[]) =>
  findings.map(({ severity, code, subject }) => `${severity} ${code} ${subject.id}`);

test('a mail server that did not load its new certificate is told, with the command that agent.toml names', async (t) => {
  const { root, leaf, fullchain, intermediate } = await mintChain({ names: ['mail.example.test'] });
  const { write, look, path } = host(t, root);
  const server = await plainTextServer('smtp', { pem: fullchain, keyPem: leaf.keyPem });
  t.teardown(() => server.close());
  const [certificate, key] = [write('mail.pem', fullchain), write('mail.key', leaf.keyPem)];
  const table = `[[listener]]\nport = ${server.port}\nstarttls = "smtp"\nserver_names = ["mail.example.test"]\ncertificate = "${certificate}"\nkey = "${key}"\nreload = "postfix reload"\n`;

  const before = await look(table);
  t.deepEqual(before.findings, []);
  const [endpoint] = before.snapshot.endpoints;
  t.is(endpoint?.served, endpoint?.configured);
  t.is(endpoint?.startTls, 'smtp');
  t.is(endpoint?.server, 'other');
  t.deepEqual(endpoint?.chain, [intermediate.x509.fingerprint256.replaceAll(':', '').toLowerCase()]);
  t.is(before.snapshot.deployments[0]?.id, `${path}:7:${certificate}`);

  const renewed = await mint({ names: ['mail.example.test'], issuer: intermediate, key: leaf.key });
  write('mail.pem', renewed.pem + intermediate.pem);
  const after = await look(table, 'renew');
  t.deepEqual(summaryOf(after.findings), [`critical not-served mail.example.test@127.0.0.1:${server.port}/ecdsa`]);
  t.is(after.findings[0]?.remedy, 'postfix reload');
  t.regex(after.findings[0]?.cause ?? '', new RegExp(`the server at 127.0.0.1:${server.port} has not loaded it`));
  t.deepEqual(after.plan.actions, [], 'no reload of nginx is planned for it');

  server.load({ pem: renewed.pem + intermediate.pem, keyPem: leaf.keyPem });
  t.deepEqual((await look(table)).findings, []);
});

test('a wrong name, a wrong key, a missing file and a closed port are told in words that fit a listed server', async (t) => {
  const { root, leaf, fullchain } = await mintChain({ names: ['mail.example.test'] });
  const other = await mint({ names: ['x.example.test'] });
  const { write, look, directory, path } = host(t, root);
  const server = await plainTextServer('imap', { pem: fullchain, keyPem: leaf.keyPem });
  t.teardown(() => server.close());
  const [certificate, key] = [write('mail.pem', fullchain), write('wrong.key', other.keyPem)];
  const wrong = await look(
    `[[listener]]\nport = ${server.port}\nstarttls = "imap"\nserver_names = ["imap.example.test"]\ncertificate = "${certificate}"\nkey = "${key}"\n`,
  );
  t.deepEqual(summaryOf(wrong.findings), [
    `critical key-mismatch ${certificate}`,
    `warning name-mismatch ${path}:7:${certificate}`,
  ]);
  t.regex(wrong.findings[0]?.cause ?? '', /the server at 127\.0\.0\.1:\d+ cannot serve the pair/);

  const missing = await look(
    `[[listener]]\nport = ${server.port}\nstarttls = "imap"\nserver_names = ["mail.example.test"]\ncertificate = "${directory}/gone.pem"\n`,
  );
  t.deepEqual(summaryOf(missing.findings), [`critical file-missing ${directory}/gone.pem`]);
  t.regex(missing.findings[0]?.remedy ?? '', /then: Have the server at 127\.0\.0\.1:\d+ load its certificate\.$/);

  server.close();
  const closed = await look(`[[listener]]\nport = ${server.port}\nstarttls = "imap"\ncertificate = "${certificate}"\n`);
  t.deepEqual(summaryOf(closed.findings), [`critical endpoint-unreachable @127.0.0.1:${server.port}/ecdsa`]);
  t.is(closed.findings[0]?.remedy, `Start the server at 127.0.0.1:${server.port}, or take its table out of ${path}:7.`);
});

test('issuers that the file holds and the server does not send are told until it has loaded them', async (t) => {
  const { root, leaf, fullchain } = await mintChain({ names: ['mail.example.test'] });
  const { write, look } = host(t, root);
  const server = await plainTextServer('pop3', { pem: leaf.pem, keyPem: leaf.keyPem });
  t.teardown(() => server.close());
  const table = `[[listener]]\nport = ${server.port}\nstarttls = "pop3"\nserver_names = ["mail.example.test"]\ncertificate = "${write('mail.pem', fullchain)}"\nreload = "systemctl reload dovecot"\n`;
  const { findings } = await look(table);
  t.deepEqual(summaryOf(findings), [`critical chain-incomplete mail.example.test@127.0.0.1:${server.port}/ecdsa`]);
  t.regex(findings[0]?.cause ?? '', /without CN=Test Intermediate, which .*mail\.pem holds/);
  t.is(findings[0]?.remedy, 'systemctl reload dovecot');

  const fullPair = { pem: fullchain + root.pem, keyPem: leaf.keyPem };
  server.load(fullPair);
  t.deepEqual((await look(table)).findings, [], 'a root that is sent besides is nothing to tell');
  server.load({ ...fullPair, pem: fullchain + leaf.pem });
  const repeated = await look(table);
  t.deepEqual(summaryOf(repeated.findings), [
    `notice chain-incomplete mail.example.test@127.0.0.1:${server.port}/ecdsa`,
  ]);
  t.regex(repeated.findings[0]?.cause ?? '', /the same certificate again \(position 3\)/);
  server.load({ ...fullPair, pem: leaf.pem + root.pem + fullchain.slice(leaf.pem.length) });
  const unsorted = await look(table);
  t.deepEqual(summaryOf(unsorted.findings), [
    `warning chain-incomplete mail.example.test@127.0.0.1:${server.port}/ecdsa`,
  ]);
});

const withPostgres = postgresBinaries === undefined ? test.skip : test;
withPostgres('PostgreSQL shows its old certificate until it is told to load the new one', async (t) => {
  const { root, leaf, intermediate, fullchain } = await mintChain({ names: ['db.example.test'] });
  const { look } = host(t, root);
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const server = await startPostgres(sandbox, { pem: fullchain, keyPem: leaf.keyPem });
  const certificate = join(server.data, 'server.crt');
  const table = `[[listener]]\nport = ${server.port}\nstarttls = "postgres"\nserver_names = ["db.example.test"]\ncertificate = "${certificate}"\nkey = "${server.data}/server.key"\nreload = "systemctl reload postgresql"\n`;
  t.deepEqual((await look(table)).findings, []);

  const renewed = await mint({ names: ['db.example.test'], issuer: intermediate, key: leaf.key });
  // into the same file, so that its owner stays
  const staged = join(sandbox.directory, 'renewed.pem');
  writeFileSync(staged, renewed.pem + intermediate.pem);
  copyFileSync(staged, certificate);
  const { findings } = await look(table);
  t.deepEqual(summaryOf(findings), [`critical not-served db.example.test@127.0.0.1:${server.port}/ecdsa`]);
  t.is(findings[0]?.remedy, 'systemctl reload postgresql');
  server.reload();
  await until('PostgreSQL shows the new one', async () => (await look(table)).findings.length === 0);
  t.pass();
});

test('two certificates of one listener are compared each with its own kind', async (t) => {
  const { root, leaf, fullchain, intermediate } = await mintChain({ names: ['mail.example.test'] });
  const rsa = await mint({ names: ['mail.example.test'], issuer: intermediate, key: 'rsa' });
  const { write, look } = host(t, root);
  const server = await plainTextServer('smtp', { pem: fullchain, keyPem: leaf.keyPem });
  t.teardown(() => server.close());
  const table = (certificate: string) =>
    `[[listener]]\nport = ${server.port}\nstarttls = "smtp"\nserver_names = ["mail.example.test"]\ncertificate = "${certificate}"\n`;
  const both = table(write('ec.pem', fullchain)) + table(write('rsa.pem', rsa.pem + intermediate.pem));
  const { snapshot, findings } = await look(both);
  t.deepEqual(
    snapshot.endpoints.map(({ algorithm, served, configured }) => [algorithm, served === configured]),
    [
      ['ecdsa', true],
      ['rsa', false],
    ],
  );
  t.deepEqual(summaryOf(findings), [`critical not-served mail.example.test@127.0.0.1:${server.port}/rsa`]);
});

test('an ML-DSA certificate is compared like any other, where TLS begins with the first byte', async (t) => {
  const { root } = await mintChain();
  const leaf = mintMlDsa(['quantum.example.test']);
  const { write, look } = host(t, root);
  const server = tls.createServer({ cert: leaf.pem, key: leaf.keyPem });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { snapshot } = await look(
    `[[listener]]\nport = ${port}\nserver_names = ["quantum.example.test"]\ncertificate = "${write('pq.pem', leaf.pem)}"\nkey = "${write('pq.key', leaf.keyPem)}"\n`,
  );
  t.deepEqual(
    snapshot.endpoints.map(({ algorithm, reached, served, configured }) => [algorithm, reached, served === configured]),
    [['other', 'served', true]],
  );
  t.is(snapshot.certificates.find(({ algorithm }) => algorithm === 'other')?.key, 'ML-DSA-65');
  const codes = snapshot.findings.map(({ code }) => code);
  t.false(codes.includes('endpoint-unreachable') || codes.includes('not-served') || codes.includes('key-mismatch'));
});
