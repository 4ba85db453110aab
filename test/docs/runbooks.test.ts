import test from 'ava';
import fs from 'node:fs';
import path from 'node:path';
import { pageText, top } from '../helpers/documented-lines.ts';

const rules = fs.readFileSync(path.join(top, 'deploy/prometheus/certherd.rules.yml'), 'utf8');
const alerts = rules.split(/^ +- alert: /m).slice(1);
const runbooks = new Map(
  pageText('docs/runbooks.md')
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.split('\n')[0] ?? '', text]),
);

test('each alert names its runbook, and each runbook is of an alert', (t) => {
  const names = alerts.map((alert) => alert.split('\n')[0] ?? '');
  t.true(names.length > 3);
  t.deepEqual([...runbooks.keys()], names, 'in the order of the rules');
  for (const [index, name] of names.entries())
    t.is(/^ +runbook: "(.+)"$/m.exec(alerts[index] ?? '')?.[1], `docs/runbooks.md#${name.toLowerCase()}`);
});

test('each runbook says what it means, what customers see, the first command, how to mend, and whom to wake', (t) => {
  for (const [name, text] of runbooks) {
    const parts = [...text.matchAll(/^\*\*(Means|Customers see|First|Mend|Wake somebody)\b/gm)].map(([, part]) => part);
    t.deepEqual(parts, ['Means', 'Customers see', 'First', 'Mend', 'Wake somebody'], name);
    const [, first = ''] = text.split('**First**');
    t.regex(first.split('**Mend')[0] ?? '', /\n\n {4}\S/, `${name} has a command to begin with`);
  }
});
