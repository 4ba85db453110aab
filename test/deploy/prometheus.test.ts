import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { certificate, day, endpoint, snapshot, snapshotFrame } from '../collector/helpers/example-snapshot.ts';
import { runCollector, startTestCollector } from '../collector/helpers/real-collector.ts';
import { begin, enrol } from '../collector/helpers/wire-agent.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

const top = join(import.meta.dirname, '../..');

interface Answer {
  data: {
    result: { metric: Record<string, string>; value: [number, string] }[];
    alerts: { state: string; labels: Record<string, string> }[];
    activeTargets: { health: string; lastError: string }[];
  };
}

test('Debian’s Prometheus scrapes a collector: the series have their owner, and the team’s rule fires unchanged', async (t) => {
  const collector = await startTestCollector(t);
  const invitation = await collector.join();
  const wire = await begin(invitation, await enrol(invitation, 'web-1'), { hostName: 'web-1' });
  t.teardown(() => wire.close());
  const notAfter = new Date(Math.round(Date.now() / 1000) * 1000 + 20 * day).toISOString();
  const leaf = certificate('soon', { notAfter, notBefore: new Date(Date.parse(notAfter) - 90 * day).toISOString() });
  const reachedAt = { 'on-disk': '2026-11-20T10:00:00.000Z', served: '2026-11-20T10:00:02.500Z' };
  wire.send(snapshotFrame(snapshot(leaf, { endpoints: [endpoint(leaf, { tlsVersion: 'TLSv1.3', reachedAt })] })));
  const labelled = ['label', 'set', 'owner=shop', 'team=web', '--name', 'shop.example.test'];
  const set = runCollector([...labelled, '--data', collector.directory]);
  t.is(await set.ended, 0, set.complaints.join('\n'));

  // What the case study's reader has, word for word; only the times of Prometheus itself are shorter.
  const documented = /^ {4}- alert: CertificateEndsSoon\n {6}expr: .*\n/m.exec(
    readFileSync(join(top, 'docs/case-study.md'), 'utf8'),
  )?.[0];
  t.truthy(documented);
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const folder = sandbox.folder('prometheus');
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const rules = file('team.yml', `groups:\n  - name: team\n    rules:\n${documented}`);
  const shipped = join(top, 'deploy/prometheus/certherd.rules.yml');
  const config = file(
    'prometheus.yml',
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["${rules}", "${shipped}"]
scrape_configs:
  - job_name: certherd
    honor_labels: true
    static_configs:
      - targets: ["${new URL(collector.url).host}"]
`,
  );
  const listen = `127.0.0.1:${await sandbox.port()}`;
  const prometheus = sandbox.start(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${listen}`],
    join(folder, 'output.log'),
  );
  const hopeless = () => (prometheus.running() ? undefined : `it ended: ${prometheus.output()}`);
  const ask = async (path: string): Promise<Answer['data']> => {
    const answer: Answer = await (await fetch(`http://${listen}/api/v1/${path}`)).json();
    return answer.data;
  };
  const query = async (text: string) => (await ask(`query?query=${encodeURIComponent(text)}`)).result;

  const [series] = await until(
    'it is scraped with its labels',
    async () => {
      const [target] = (await ask('targets')).activeTargets;
      if (target?.health !== 'up') throw new Error(target?.lastError);
      const found = await query('ssl_cert_not_after{owner="shop"}');
      return found.length > 0 && found;
    },
    { hopeless },
  );
  const where = { instance: 'web-1', endpoint: 'shop.example.test@0.0.0.0:443/ecdsa', owner: 'shop', team: 'web' };
  t.like(series?.metric, { ...where, serial_no: '662316', issuer_cn: 'Test CA R3', job: 'certherd' });
  t.is(Number(series?.value[1]), Date.parse(notAfter) / 1000);
  const file_ = { filepath: '/etc/letsencrypt/live/shop/fullchain.pem', filename: 'fullchain.pem' };
  const [held] = await query('x509_cert_not_after');
  t.like(held?.metric, { ...file_, instance: 'web-1', serial_number: '662316', subject_CN: 'shop.example.test' });
  const value = async (text: string) => (await query(text))[0]?.value[1];
  t.is(await value('quantile(0.9, certherd_time_to_served_seconds)'), '2.5');
  t.is(await value('certherd_endpoints{status="proved"}'), '1');
  t.is(await value('up{job="certherd"}'), '1');
  t.true(Number(await value('process_start_time_seconds')) > 1.7e9);

  const fired = await until(
    'the rule fires',
    async () => {
      const { alerts } = await ask('alerts');
      const ours = alerts.filter(({ labels }) => labels['alertname'] === 'CertificateEndsSoon');
      // The team's own, which has no severity, and the one that is shipped.
      return ours.length === 2 && ours.every(({ state }) => state === 'firing') && ours;
    },
    { hopeless },
  );
  for (const { labels } of fired) t.like(labels, where);
});
