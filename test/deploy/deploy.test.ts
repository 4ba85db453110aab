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
  const cases = `${sandbox.directory}/cases.yml`;
  fs.writeFileSync(
    cases,
    fs.readFileSync(at('test/fixtures/prometheus/certherd.rules.test.yml'), 'utf8').replace('RULES', rules),
  );
  const tested = await sandbox.run('promtool', ['test', 'rules', cases]);
  t.is(tested.exit, 0, tested.stdout + tested.stderr);
});

for (const unit of ['certherd-agent', 'certherd-collector']) {
  test(`${unit}.service is exposed to 3.0 at most, as systemd itself judges`, async (t) => {
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const argv = ['security', '--offline=true', '--threshold=30', '--no-pager', at(`deploy/systemd/${unit}.service`)];
    const judged = await sandbox.run('systemd-analyze', argv);
    t.is(judged.exit, 0, judged.stdout.slice(-600) + judged.stderr);
  });
}
