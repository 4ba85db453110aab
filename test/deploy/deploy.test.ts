import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test('the shipped Prometheus rules are valid, and fire when they should', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const rules = at('deploy/prometheus/certherd.rules.yml');
  const checked = await sandbox.run('promtool', ['check', 'rules', rules]);
  t.is(checked.exit, 0, checked.stdout + checked.stderr);
  const written = fs.readFileSync(at('test/fixtures/prometheus/certherd.rules.test.yml'), 'utf8');
  const named = (text: string, pattern: RegExp) =>
    [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();
  t.deepEqual(
    named(written, /alertname: (\w+)\n +exp_alerts:\n/g),
    named(fs.readFileSync(rules, 'utf8'), /- alert: (\w+)/g),
    'each has a case in which it fires',
  );
  const cases = `${sandbox.directory}/cases.yml`;
  fs.writeFileSync(cases, written.replace('RULES', rules));
  const tested = await sandbox.run('promtool', ['test', 'rules', cases]);
  t.is(tested.exit, 0, tested.stdout + tested.stderr);
});

test('the image tells malloc what the unit tells it', (t) => {
  const told = (path: string) => fs.readFileSync(at(path), 'utf8').match(/MALLOC_\w+=\d+/g);
  const unit = told('deploy/systemd/certherd-collector.service');
  t.deepEqual(
    unit?.map((one) => one.split('=')[0]),
    ['MALLOC_MMAP_THRESHOLD_', 'MALLOC_TOP_PAD_'],
  );
  t.deepEqual(told('deploy/container/Dockerfile'), unit);
});

const exposure = { 'certherd-agent': 20, 'certherd-act@': 30, 'certherd-collector': 15 };

for (const [unit, tenths] of Object.entries(exposure)) {
  test(`${unit}.service is exposed to ${(tenths / 10).toFixed(1)} at most, as systemd itself judges`, async (t) => {
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const threshold = ['--offline=true', `--threshold=${tenths}`, '--no-pager'];
    const judged = await sandbox.run('systemd-analyze', [
      'security',
      ...threshold,
      at(`deploy/systemd/${unit}.service`),
    ]);
    t.is(judged.exit, 0, judged.stdout.slice(-600) + judged.stderr);
  });
}
