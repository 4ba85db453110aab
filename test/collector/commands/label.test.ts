import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseJoin } from '@certherd/protocol/join';
import type { Estate } from '../../../collector/serve/estate.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, endpoint, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

async function served(t: ExecutionContext) {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const common = ['--config', config, '--data', join(directory, 'data')];
  const collector = await spawnCollector(t, common);
  const run = async (...args: string[]) => {
    const child = runCollector([...args, ...common]);
    const code = await child.ended;
    return { code, out: child.lines.join('\n'), err: child.complaints.join('\n') };
  };
  const api = async (path: string) => (await fetch(`${collector.web}api/v1/${path}`)).json();
  const estate = (): Promise<Estate> => api('estate');
  return { run, api, estate, collector };
}

test('a host enrols with the labels of its token, and what is set beside a serving collector is shown within a second', async (t) => {
  const { run, api, estate, collector } = await served(t);
  const invite = async (labels: string) => {
    const made = await run('token', 'create', '--labels', labels, '--url', collector.agents);
    t.is(made.code, 0, made.err);
    const parsed = parseJoin(made.out.trim());
    if (!parsed.ok) throw new Error(parsed.failure);
    return parsed.value;
  };
  const again = await invite('team=night shift');
  const invitation = await invite('environment=production,owner=web team');
  const identity = await enrol(invitation, 'Web-1');
  const wire = await begin(invitation, identity, { minVersion: 1, maxVersion: 2 });
  const one = certificate('one');
  const seen = snapshot(one, {
    endpoints: [endpoint(one, { id: 'pay@*:443/ecdsa', serverName: 'pay.shop.example.com' })],
  });
  wire.send(snapshotFrame(seen));
  await until('the snapshot is shown', async () => (await estate()).endpoints.length === 1);
  const before = await estate();
  t.deepEqual(before.hosts[0]?.labels, { environment: 'production', owner: 'web team' });
  t.deepEqual(before.endpoints[0]?.labels, { environment: 'production', owner: 'web team' });

  const set = await run(
    'label',
    'set',
    'owner=payments',
    'runbook=https://wiki.example/a=b',
    '--name',
    '*.Shop.example.com',
  );
  t.deepEqual([set.code, set.out], [0, '2 labels set.']);
  await until('the label is shown', async () => (await estate()).endpoints[0]?.labels?.['owner'] === 'payments');
  t.deepEqual((await estate()).endpoints[0]?.labels, {
    environment: 'production',
    owner: 'payments',
    runbook: 'https://wiki.example/a=b',
  });
  t.is((await run('label', 'set', 'owner=payments', '--name', '*.shop.example.com')).out, 'Nothing to change.');

  const { items }: { items: Record<string, string>[] } = await api('labels');
  t.deepEqual(
    items.map(({ scope, pattern, key, source }) => [scope, pattern, key, source]),
    [
      ['host', 'web-1', 'environment', 'enrolment'],
      ['host', 'web-1', 'owner', 'enrolment'],
      ['name', '*.shop.example.com', 'owner', 'command'],
      ['name', '*.shop.example.com', 'runbook', 'command'],
    ],
  );
  const which = await run('label', 'list', '--name', 'pay.shop.example.com', '--host', 'web-1', '--json');
  t.deepEqual(
    JSON.parse(which.out).items.map(({ key, scope }: Record<string, string>) => [key, scope]),
    [
      ['environment', 'host'],
      ['owner', 'name'],
      ['runbook', 'name'],
    ],
  );

  t.is((await run('label', 'remove', 'owner', 'runbook', '--name', '*.shop.example.com')).out, '2 labels removed.');
  await until(
    'the host’s label counts again',
    async () => (await estate()).endpoints[0]?.labels?.['owner'] === 'web team',
  );
  t.regex(
    (await run('label', 'list')).out,
    /^LABEL +GIVEN TO +BY +SET\nenvironment=production +host web-1 +\S.*, at enrolment/,
  );
  // Nothing else changes: all labels that were set before are shown.
  await enrol(again, 'Web-1', identity.key);
  await until('the label of its next token is shown', async () => {
    const [host] = (await estate()).hosts;
    return host?.labels?.['team'] === 'night shift' && host.labels['environment'] === 'production';
  });
});

test('a label that cannot be is refused with what is expected, and nothing is set', async (t) => {
  const { run } = await served(t);
  const wrong: [string[], RegExp][] = [
    [['label', 'set', 'owner', '--host', 'a'], /expected KEY=VALUE, as owner=payments, found "owner"/],
    [['label', 'set', 'a=b', 'Owner=x', '--host', 'a'], /a key is a lower-case letter/],
    [['label', 'set', 'owner=', '--host', 'a'], /label remove takes one away/],
    [['label', 'set', `notes=${'x'.repeat(501)}`, '--host', 'a'], /at most 500 characters, this one has 501/],
    [['label', 'set', 'owner=x'], /--host PATTERN or --name PATTERN/],
    [['label', 'set', 'owner=x', '--host', 'a', '--name', 'b'], /--host PATTERN or --name PATTERN/],
    [['label', 'set', 'owner=x', '--host', 'a b'], /no spaces/],
    [['label', 'remove', 'OWNER', '--host', 'a'], /a key is a lower-case letter/],
    [['token', 'create', '--labels', 'owner'], /--labels: expected KEY=VALUE/],
  ];
  for (const [argv, complaint] of wrong) {
    const { code, err } = await run(...argv);
    t.is(code, 64, argv.join(' '));
    t.regex(err, complaint);
  }
  t.regex((await run('label', 'list')).out, /^There are no labels\. Next: certherd-collector label set/);
  t.is((await run('label', 'list', '--host', 'a')).out, 'No label fits.');
});
