import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { consult, consultation, ranDoctor, runningOn, stateOf } from '../helpers/doctor.ts';
import { follow, sharedHost } from '../helpers/scenario.ts';

/** One host for all: each test brings one state about, and mends it again. */
const host = sharedHost(test);

/** Mounts an empty file system with the options of its first argument at the second, and runs the others there. */
const onMount = `
import os, subprocess, sys
subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "-o", sys.argv[1], "tmpfs", sys.argv[2]], check=True)
os.execv(sys.argv[3], sys.argv[3:])
`;
const unshared = ['/usr/bin/unshare', '-m', '--propagation', 'private', '/usr/bin/python3', '-c', onMount];

test.serial('on a host where all is well nothing is wrong, and every part is told', async (t) => {
  const told = await consult(host());
  t.deepEqual(
    told.checks.filter(({ verdict }) => verdict === 'wrong'),
    [],
  );
  for (const check of [
    'settings-file',
    'certbot',
    'certbot-ca',
    'certbot-renewer',
    'nginx-config',
    'nginx-test',
    'clock',
    'glibc',
  ])
    t.is(told.of(check).verdict, 'ok', check);
  t.regex(told.of('certbot').says, /version \d+\.\d+.* keeps 1 lineage$/);
  t.regex(told.of('clock').says, /^agrees with localhost within 30 s$/);
  t.is(told.exit, told.checks.some(({ verdict }) => verdict === 'not-told') ? 3 : 0);
});

test.serial('a look changes nothing: neither the state directory nor any file of the host', async (t) => {
  const before = fs.existsSync(stateOf(host()));
  await consult(host());
  t.is(fs.existsSync(stateOf(host())), before);
});

test.serial('a mistake in the settings is told with its line, and all the rest is told as well', async (t) => {
  const settings = fs.readFileSync(host().configFile, 'utf8');
  fs.writeFileSync(host().configFile, settings.replace('rescan_seconds = 60', 'rescan_secs = 60'));
  const told = await consult(host());
  fs.writeFileSync(host().configFile, settings);
  t.is(told.exit, 1);
  t.regex(told.wrong('settings-mistake').says, /agent\.toml:4: rescan_secs: /);
  t.regex(told.wrong('settings-mistake').fix, /^Correct line 4 of \/.*agent\.toml; /);
  t.truthy(told.of('glibc'));
  t.is((await consult(host())).of('settings-file').verdict, 'ok');
});

test.serial('settings that others can write are told, and the printed command closes them', async (t) => {
  fs.chmodSync(host().configFile, 0o666);
  fs.chownSync(host().configFile, 65534, 65534);
  const { fix, says } = (await consult(host())).wrong('settings-owner');
  t.regex(says, /uid 65534, its mode 666/);
  await follow(t, host(), fix);
  t.is((await consult(host())).of('settings-file').verdict, 'ok');
});

test.serial(
  'a state directory that is open, or somebody else\u2019s, is told, and the printed commands mend it',
  async (t) => {
    fs.mkdirSync(stateOf(host()), { recursive: true });
    fs.writeFileSync(path.join(stateOf(host()), 'agent-key.pem'), '', { mode: 0o644 });
    fs.chmodSync(stateOf(host()), 0o755);
    fs.chownSync(stateOf(host()), 65534, 65534);
    const told = await consult(host());
    for (const check of ['state-owner', 'state-mode', 'state-key']) await follow(t, host(), told.wrong(check).fix);
    t.is((await consult(host())).of('state-directory').verdict, 'ok');
    fs.rmSync(stateOf(host()), { recursive: true });
  },
);

test.serial('a full file system is told', async (t) => {
  fs.mkdirSync(stateOf(host()), { recursive: true });
  const apart = [...unshared, 'size=1m,mode=700', stateOf(host())];
  const told = consultation(await ranDoctor(host(), ['doctor', '--json', '--config', host().configFile], {}, apart));
  t.is(told.exit, 1);
  t.regex(told.wrong('state-space').says, /^1 MiB are free for .*\/state, and the agent needs up to 32 MiB$/);
  t.regex(told.wrong('state-space').fix, /state_directory in agent\.toml/);
});

test.serial('a file system that is read-only is told', async (t) => {
  fs.mkdirSync(stateOf(host()), { recursive: true });
  const apart = [...unshared, 'ro,mode=700', stateOf(host())];
  const told = consultation(await ranDoctor(host(), ['doctor', '--json', '--config', host().configFile], {}, apart));
  t.regex(told.wrong('state-writable').says, /EROFS/);
});

test.serial('a daemon that stopped is told; one that runs with other settings or another version, too', async (t) => {
  const daemon = await runningOn(t, host());
  const well = await consult(host());
  t.is(well.of('daemon').verdict, 'ok');
  t.is(well.of('daemon-version').verdict, 'ok');
  host().setMode('deploy');
  const { fix } = (await consult(host())).wrong('daemon-settings');
  host().setMode('observe');
  t.true(fix.includes(`kill ${daemon.pid}`) && fix.includes(`certherd-agent run --config ${host().configFile}`), fix);
  const file = path.join(stateOf(host()), 'status.json');
  const status = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, status.replace(/"agentVersion":"[^"]+"/, '"agentVersion":"0.0.1"'));
  t.regex((await consult(host())).wrong('daemon-version').says, /^it is version 0\.0\.1, and this program is /);
  fs.writeFileSync(file, status.replace(/"lookedAt":"[^"]+"/, '"lookedAt":"2026-01-01T00:00:00.000Z"'));
  t.regex((await consult(host())).wrong('daemon-look').says, /^it has not looked for \d+ d/);
  await daemon.end();
  t.regex((await consult(host())).wrong('daemon').says, /^the daemon does not run, and did /);
});

test.serial(
  'a certbot that is gone, and a plugin that is not installed, are told with what installs them',
  async (t) => {
    const settings = fs.readFileSync(host().configFile, 'utf8');
    fs.writeFileSync(host().configFile, settings.replace(/binary = ".*certbot"/, 'binary = "/nonexistent/certbot"'));
    const gone = (await consult(host())).wrong('certbot');
    fs.writeFileSync(host().configFile, settings);
    t.is(gone.says, "/nonexistent/certbot is not there, and certbot's lineages are");
    t.regex(gone.fix, /apt-get install certbot/);
    const renewal = path.join(host().certbot.configDirectory, 'renewal/shop.conf');
    const conf = fs.readFileSync(renewal, 'utf8');
    fs.writeFileSync(renewal, conf.replace('authenticator = webroot', 'authenticator = dns-route53'));
    const plugin = (await consult(host())).wrong('certbot-plugin');
    fs.writeFileSync(renewal, conf);
    t.is(plugin.fix, 'apt-get install python3-certbot-dns-route53');
  },
);

test.serial('that nobody would renew is told as check tells it', async (t) => {
  const settings = fs.readFileSync(host().configFile, 'utf8');
  fs.writeFileSync(host().configFile, settings.replace('renewed_by = "the test"\n', ''));
  const told = await consult(host());
  const [ran] = [await host().agent(['check', '--json', '--no-probe'])];
  fs.writeFileSync(host().configFile, settings);
  const { findings }: { findings: { code: string; cause: string; remedy: string }[] } = JSON.parse(ran.stdout);
  const dead = findings.find(({ code }) => code === 'renewal-timer-dead');
  const one = told.of('certbot-renewer');
  if (dead) t.deepEqual([one.says, 'fix' in one && one.fix], [dead.cause, dead.remedy]);
  else t.is(one.verdict, 'ok', 'certbot of this machine has a timer that would renew it');
});

test.serial('a config that nginx refuses is told by our reader and by nginx itself', async (t) => {
  const config = fs.readFileSync(host().nginx.configFile, 'utf8');
  fs.writeFileSync(host().nginx.configFile, config.replace('http {', 'http {\n  server_nam wrong;\n'));
  const told = await consult(host());
  fs.writeFileSync(host().nginx.configFile, config);
  t.regex(told.wrong('nginx-test').says, /^nginx refuses its config: unknown directive "server_nam" in .*:\d+$/);
  t.is(told.exit, 1);
  t.is((await consult(host())).of('nginx-test').verdict, 'ok');
});
