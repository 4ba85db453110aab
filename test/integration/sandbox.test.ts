import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { Finding } from '@certherd/protocol/finding';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { environmentOfSources } from '../helpers/testbed/children.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { site } from '../helpers/testbed/nginx.ts';
import { until } from '../helpers/testbed/until.ts';

const isRoot = process.getuid?.() === 0;
const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
const env = { ...environmentOfSources(), HOME: '/nonexistent' };

/** A mount namespace of its own; an ordinary user gets one only together with a user namespace, where the machine allows that. */
const ownMounts = isRoot ? ['unshare', '-m'] : ['unshare', '-r', '-m'];
const canMount = spawnSync(ownMounts[0] ?? '', [...ownMounts.slice(1), '/bin/true']).status === 0;
const mounting = canMount ? test : test.skip;
const asRoot = isRoot ? test : test.skip;

/** As a sandbox has it: the directory is there, and nothing can be written below it. */
function withReadOnly(directory: string, command: string[]): string[] {
  const script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"';
  return [...ownMounts, '/bin/sh', '-c', script, 'sh', directory, ...command];
}

const agentArgv = ({ configFile }: TestHost, args: string[]) => [
  process.execPath,
  program,
  ...args,
  '--config',
  configFile,
];

async function run(host: TestHost, [command = '', ...argv]: string[]) {
  return host.sandbox.run(command, argv, { env });
}

function findingsOf(stdout: string): Finding[] {
  return JSON.parse(stdout).findings;
}

test('files that only the server may read are one finding of the missing right, and no fault of theirs', async (t) => {
  const host = await startHost(t);
  const { certificate, key } = host.certbot.lineage('shop');
  const closed = isRoot ? `${host.sandbox.directory}/closed.key` : '/etc/shadow';
  if (isRoot) {
    copyFileSync(key, closed);
    chmodSync(closed, 0o600);
    chownSync(closed, 65_534, 65_534);
  }
  // a config that no nginx of this user runs, as that of a server that was started by root
  const config = `${host.sandbox.directory}/other.conf`;
  const block = site({ serverNames: [shopName], port: host.tlsPort, pairs: [{ certificate, key: closed }] });
  writeFileSync(config, `events {}\nhttp {\n${block}}\n`);
  const without = isRoot ? ['setpriv', '--inh-caps=-all', '--bounding-set=-dac_override,-dac_read_search'] : [];
  const check = agentArgv(host, ['check', '--json', '--no-probe', '--nginx-config', config]);
  const restricted = await run(host, [...without, ...check]);
  const findings = findingsOf(restricted.stdout);
  const blocked = findings.filter(({ code }) => code === 'sandbox-blocked');
  t.deepEqual(
    blocked.map(({ severity, subject, evidence }) => [severity, subject.id, evidence.concerned]),
    [['unknown', 'web-1: read files', closed]],
  );
  t.regex(blocked[0]?.cause ?? '', /runs as uid \d+ without CAP_DAC_READ_SEARCH \(CapEff [0-9a-f]+\)/);
  t.deepEqual(
    findings.filter(({ evidence }) => evidence.reason === 'permission-denied'),
    [],
  );
  t.is(blocked[0]?.remedy, isRoot ? 'Start certherd-agent with CAP_DAC_READ_SEARCH.' : 'sudo certherd-agent check');
  if (!isRoot) return;
  const free = findingsOf((await run(host, check)).stdout);
  t.deepEqual(
    free.filter(({ code }) => code === 'sandbox-blocked'),
    [],
  );
});

mounting('an nginx -t that fails in our sandbox alone is told as ours, with the mount and the directory', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  t.is((await host.nginx.test()).exit, 0, 'nginx itself finds nothing wrong');
  const act = agentArgv(host, ['act']);
  const piped = ['/bin/sh', '-c', `printf '{"verb":"reload","server":"nginx"}\\n' | "$@"`, 'sh', ...act];
  const ran = await run(host, withReadOnly(host.nginx.prefix, piped));
  const { outcome } = JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '{}');
  t.is(outcome.reason, 'sandbox-blocked', outcome.detail);
  t.regex(outcome.detail, /failed \(30: Read-only file system\)/);
  t.true(outcome.detail.includes(`certherd-agent may not write files here (${host.nginx.prefix} is mounted read-only`));

  // what is broken for everybody is still nginx's own fault
  host.nginx.writeSite('odd', 'no_such_directive on;\n');
  const free = await run(host, piped);
  t.is(JSON.parse(free.stdout.trim().split('\n').at(-1) ?? '{}').outcome.reason, 'config-test-failed');
});

mounting('a daemon whose sandbox keeps it from reloading says so, and heals once it is let', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  const state = (name: string) => readFileSync(`${host.sandbox.directory}/state/${name}`, 'utf8');
  const log = path.join(host.sandbox.directory, 'sandboxed.log');
  const [command = '', ...argv] = withReadOnly(host.nginx.prefix, agentArgv(host, ['run']));
  const daemon = host.sandbox.start(command, argv, log, { env });
  await until('the agent looked', async () => (await host.agent(['status'])).stdout.includes('1 of 1 present'));
  await host.certbot.renew('shop');
  await until('the missing right is told', () => state('memory.json').includes('"code":"sandbox-blocked"'));
  const findings = JSON.parse(state('memory.json')).sightings.map(({ finding }: { finding: Finding }) => finding);
  const blocked = findings.find(({ code }: Finding) => code === 'sandbox-blocked');
  t.is(blocked?.subject.id, 'web-1: write files');
  t.regex(blocked?.cause ?? '', /the server may: .* is mounted read-only for it.*; nginx is not reloaded$/);
  t.false(
    findings.some(({ code }: Finding) => ['deployment-failing', 'reload-failed', 'config-broken'].includes(code)),
  );
  daemon.signal('SIGTERM');
  t.is((await daemon.exited).exit, 0);

  host.daemon();
  // another state than the one whose reload failed, which is tried again after a minute only
  await host.certbot.renew('shop');
  const renewed = host.certbot.lineage('shop').leaf();
  const served = async () => (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint;
  await until('it is reloaded', async () => (await served()) === renewed);
  await until('the finding ends', () => state('outbox.jsonl').includes('sandbox-blocked ended'));
  t.pass();
});

asRoot(
  "where other users' processes are hidden nothing is said of what runs, but that it cannot be seen",
  async (t) => {
    const host = await startHost(t);
    await host.certbot.renew('shop');
    const script = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"';
    const check = agentArgv(host, ['check', '--json']);
    // without the root group, which hidepid leaves out, and without CAP_SYS_PTRACE
    const caps = [
      'setpriv',
      '--regid=65534',
      '--clear-groups',
      '--inh-caps=-all',
      '--bounding-set=-all,+dac_read_search,+dac_override',
    ];
    const ran = await run(host, [...ownMounts, '/bin/sh', '-c', script, 'sh', ...caps, ...check]);
    const findings = findingsOf(ran.stdout);
    const blocked = findings.find(({ code }) => code === 'sandbox-blocked');
    t.like(blocked, { severity: 'warning', subject: { kind: 'host', id: 'web-1: see processes' } });
    const drift = findings.find(({ code }) => code === 'not-served');
    t.regex(drift?.cause ?? '', /has not loaded it since the file changed/);
    t.regex(drift?.remedy ?? '', /-s reload$/, 'it is not taken for stopped');
  },
);
