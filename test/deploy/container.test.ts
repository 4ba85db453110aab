import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { podOf } from '../helpers/kubernetes.ts';
import { packagedFiles, top } from '../helpers/packaged-files.ts';
import {
  baseImage,
  type ContainerHost,
  containersAreImpossible,
  limits,
  openContainerHost,
} from '../helpers/testbed/podman.ts';
import { openSandbox, type Sandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

// The image built by podman from the very Dockerfile, and run with the restrictions that the docs and the manifest name.

const isFull = process.env['CERTHERD_FULL'] === '1';
const impossible = isFull ? containersAreImpossible() : './scripts/test --full runs it';
const withPodman = (title: string, body: (t: ExecutionContext) => Promise<void>) =>
  impossible === undefined ? test.serial(title, body) : test.skip(`${title} (${impossible})`, body);

const image = 'certherd-collector:0.1.0';
/** A writable layer, capabilities, a temporary directory: nothing of it. No cgroups: not every test machine has them to give. */
const strict = ['--read-only', '--read-only-tmpfs=false', '--cap-drop=all', '--security-opt=no-new-privileges'];
const runs = ['run', '--detach', '--pull=never', '--network=host', '--cgroups=disabled', ...limits];
const page = 'http://127.0.0.1:8480';
const patience = { deadlineMs: 60_000, everyMs: 200 };

withPodman(
  'the image runs as nobody on a read-only root, takes a real agent, ends cleanly, and finds all again',
  async (t) => {
    t.timeout(900_000);
    const { sandbox, host, placed, build } = await withImage(t);
    const [built] = JSON.parse(await host.must('podman', 'image', 'inspect', image)) as [
      { Healthcheck: { Test: string[] }; Config: { User: string; ExposedPorts: object; Volumes: object } },
    ];
    t.deepEqual(built.Healthcheck.Test, ['CMD', 'certherd-collector', 'health']);
    t.is(built.Config.User, '10001:10001');
    t.deepEqual(Object.keys(built.Config.ExposedPorts), ['8443/tcp']);
    t.deepEqual(Object.keys(built.Config.Volumes), ['/data']);

    await host.must('podman', ...runs, ...strict, '--volume=certherd:/data', '--name=collector', image);
    await isServing(host);
    const status = await host.must('podman', 'exec', 'collector', 'cat', '/proc/1/status');
    t.regex(status, /^Uid:\t10001\t10001\t10001\t10001$/m);
    t.regex(status, /^CapBnd:\t0+$/m);
    t.regex(status, /^NoNewPrivs:\t1$/m);
    t.is((await host.run('podman', ['healthcheck', 'run', 'collector'])).exit, 0);
    const doctor = await host.run('podman', ['exec', 'collector', 'certherd-collector', 'doctor', '--json']);
    const { checks } = JSON.parse(doctor.stdout) as { checks: { verdict: string }[] };
    t.deepEqual(
      checks.filter(({ verdict }) => verdict === 'wrong'),
      [],
    );

    await enrolled(t, sandbox, host);
    const key = await host.must('podman', 'exec', 'collector', 'sha256sum', '/data/certherd-collector/tls/key.pem');
    await host.must('podman', 'kill', '--signal=TERM', 'collector');
    t.is((await host.must('podman', 'wait', 'collector')).trim(), '0');
    t.not((await host.run('podman', ['healthcheck', 'run', 'collector'])).exit, 0);
    await host.must('podman', 'rm', 'collector');

    await host.must('podman', ...runs, ...strict, '--volume=certherd:/data', '--name=later', image);
    await until('the agent is connected to the next one', () => isConnected(host), patience);
    t.is(await host.must('podman', 'exec', 'later', 'sha256sum', '/data/certherd-collector/tls/key.pem'), key);
    await host.must('podman', 'exec', 'later', 'certherd-collector', 'backup', '/data/certherd.db');

    writeFileSync(placed, 'another package of the same name');
    t.not((await build()).exit, 0, 'what was built of the package before is not taken for the image of this one');
  },
);

withPodman('what the Kubernetes manifest allows is enough, and its probes tell what they are asked for', async (t) => {
  t.timeout(900_000);
  const { sandbox, host } = await withImage(t);
  const { spec, settings } = podOf(join(top, 'deploy/kubernetes/collector.yaml'));
  const { securityContext: pod, containers } = spec;
  const [container] = containers;
  t.is(containers.length, 1);
  t.is(container?.image, image);
  const own = container?.securityContext;
  // A new ext4 volume as kubelet gives it to the group: its root stays root's.
  const volume = sandbox.folder('volume');
  mkdirSync(join(volume, 'lost+found'), { mode: 0o700 });
  chownSync(volume, 0, pod?.fsGroup ?? 0);
  chmodSync(volume, 0o2775);
  const folder = sandbox.folder('settings');
  for (const [name, text] of Object.entries(settings)) writeFileSync(join(folder, name), text);
  const mounted: Record<string, string> = { data: volume, settings: folder };
  await host.must(
    'podman',
    ...runs,
    '--name=collector',
    `--user=${pod?.runAsUser}:${pod?.runAsGroup}`,
    `--group-add=${pod?.fsGroup}`,
    ...(own?.readOnlyRootFilesystem === true ? ['--read-only', '--read-only-tmpfs=false'] : []),
    ...(own?.allowPrivilegeEscalation === false ? ['--security-opt=no-new-privileges'] : []),
    ...(own?.capabilities?.drop ?? []).map((capability) => `--cap-drop=${capability.toLowerCase()}`),
    ...(container?.volumeMounts ?? []).map(
      ({ name, mountPath, readOnly }) => `--volume=${mounted[name]}:${mountPath}${readOnly === true ? ':ro' : ''}`,
    ),
    container?.image ?? '',
  );
  await isServing(host);
  const probe = async (asked: 'livenessProbe' | 'readinessProbe' | 'startupProbe') => {
    const { scheme = 'HTTP', path = '/', port } = container?.[asked]?.httpGet ?? {};
    const { containerPort } = container?.ports?.find(({ name }) => name === port) ?? {};
    const url = `${scheme.toLowerCase()}://127.0.0.1:${containerPort}${path}`;
    return (
      await host.must('curl', '--insecure', '--silent', '--output', '/dev/null', '--write-out', '%{http_code}', url)
    ).trim();
  };
  for (const asked of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const)
    t.is(await probe(asked), '200', asked);
  const token = await host.must('podman', 'exec', 'collector', 'certherd-collector', 'token', 'create');
  t.regex(token, /^certherd:\/\/collector\.example\.org:8443\//);
  const modes = await host.must(
    'podman',
    'exec',
    'collector',
    'stat',
    '--format=%a %u',
    '/data/certherd-collector',
    '/data/certherd-collector/tls/key.pem',
  );
  t.regex(modes, /^2?700 10001\n600 10001\n$/);
  await host.must('podman', 'kill', '--signal=TERM', 'collector');
  t.is((await host.must('podman', 'wait', 'collector')).trim(), '0');
});

async function withImage(t: ExecutionContext) {
  const { deb } = await packagedFiles({ app: 'collector' });
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const host = await openContainerHost(sandbox);
  t.teardown(() => host.close());
  const dockerfile = join(top, 'deploy/container/Dockerfile');
  t.regex(readFileSync(dockerfile, 'utf8'), new RegExp(`^FROM ${baseImage}$`, 'm'));
  const context = sandbox.folder('build');
  const placed = join(context, basename(deb));
  copyFileSync(deb, placed);
  const options = ['--pull=never', '--isolation=chroot', '--format=docker', '--file', dockerfile, '--tag', image];
  const build = () => host.run('podman', ['build', ...options, context]);
  const { exit, stdout, stderr } = await build();
  t.is(exit, 0, `${stdout}${stderr}`);
  return { sandbox, host, placed, build };
}

async function isServing(host: ContainerHost): Promise<void> {
  const answers = async () => (await host.run('curl', ['-fsS', `${page}/healthz`])).exit === 0;
  await until('the collector in it answers', answers, patience);
}

/** A packaged agent on the machine beside the container. */
async function enrolled(t: ExecutionContext, sandbox: Sandbox, host: ContainerHost): Promise<void> {
  const { binary } = await packagedFiles();
  const settings = join(sandbox.directory, 'agent.toml');
  writeFileSync(settings, `state_directory = "${sandbox.folder('agent')}"\n`);
  const making = ['podman', 'exec', 'collector', 'certherd-collector', 'token', 'create', '--url', '127.0.0.1:8443'];
  const [program = '', ...words] = making;
  const word = (await host.must(program, ...words)).trim();
  t.regex(word, /^certherd:\/\/127\.0\.0\.1:8443\//);
  await host.must(binary, 'enroll', word, '--config', settings);
  host.start(binary, ['run', '--config', settings], join(sandbox.directory, 'agent.log'));
  await until('the agent is connected', () => isConnected(host), patience);
}

async function isConnected(host: ContainerHost): Promise<boolean> {
  const { stdout } = await host.run('curl', ['-fsS', `${page}/api/v1/hosts`]);
  return (
    stdout !== '' &&
    (JSON.parse(stdout) as { items: { connected: boolean }[] }).items.some(({ connected }) => connected)
  );
}
