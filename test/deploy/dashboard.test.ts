import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { startTestCollector, temporaryDirectory } from '../collector/helpers/real-collector.ts';

interface Dashboard {
  uid: string;
  panels: {
    id: number;
    title: string;
    gridPos: { x: number; y: number; w: number; h: number };
    targets: { expr: string; datasource: { uid: string } }[];
  }[];
  templating: { list: { name: string; definition?: string }[] };
}

const file = join(import.meta.dirname, '../../deploy/grafana/certherd.json');
const dashboard: Dashboard = JSON.parse(readFileSync(file, 'utf8'));
const variables = dashboard.templating.list.map(({ name }) => name);
const queries = dashboard.panels.flatMap(({ targets }) => targets);

test('every query of the dashboard is one for Prometheus, of metrics that the collector has', async (t) => {
  t.true(queries.length >= 10);
  const named = [
    ...queries.map(({ expr }) => expr),
    ...dashboard.templating.list.map(({ definition = '' }) => definition),
  ];
  const metrics = new Set(named.flatMap((text) => text.match(/\b(?:ssl|certherd)_[a-z_]+/g) ?? []));
  const collector = await startTestCollector(t);
  const told = await (await fetch(`${collector.url}/metrics`)).text();
  for (const name of metrics) t.true(told.includes(`# TYPE ${name} `), name);

  const rules = join(temporaryDirectory(t), 'queries.yml');
  const records = queries.map(({ expr }, index) => {
    const plain = expr.replaceAll('$owner', '.*').replaceAll('$environment', '.*');
    return `      - record: query_${index}\n        expr: ${JSON.stringify(plain)}\n`;
  });
  writeFileSync(rules, `groups:\n  - name: dashboard\n    rules:\n${records.join('')}`);
  t.notThrows(() => execFileSync('promtool', ['check', 'rules', rules], { stdio: 'pipe' }));
});

test('panels of the dashboard lie beside one another, and take their data from the source that is chosen', (t) => {
  t.is(dashboard.uid, 'certherd');
  t.deepEqual(variables, ['datasource', 'owner', 'environment']);
  t.is(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  for (const { datasource } of queries) t.is(datasource.uid, '${datasource}');
  for (const [index, { title, gridPos: one }] of dashboard.panels.entries()) {
    t.true(one.x + one.w <= 24, title);
    for (const { gridPos: other, title: with_ } of dashboard.panels.slice(index + 1)) {
      const apart =
        one.x + one.w <= other.x ||
        other.x + other.w <= one.x ||
        one.y + one.h <= other.y ||
        other.y + other.h <= one.y;
      t.true(apart, `${title} lies over ${with_}`);
    }
  }
});
