import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import type { Attempt } from '../../../agent/decide/retry.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import { config, deployment, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const judge = (change: Partial<Observations>, at: number, attempts: Attempt[]) =>
  decide(observed(change), attempts, [], config('deploy'), at);

test('a reload that did not bring the present state into service is told until it does, and is tried again', (t) => {
  const drifted = {
    lineages: [lineage({ issued: 'b'.repeat(64), live: 'b'.repeat(64) })],
    deployments: [deployment({ configured: 'b'.repeat(64) })],
    endpoints: [endpoint({ configured: 'b'.repeat(64), issued: 'b'.repeat(64) })],
  };
  const [action] = judge(drifted, noon, []).plan.actions;
  const failed: Attempt = {
    verb: 'reload',
    subject: action?.subject ?? '',
    at: noon,
    reason: 'not-proved',
    detail: '1 of 1 endpoints',
  };
  const after = judge(drifted, noon + 1000, [failed]);
  const finding = after.snapshot.findings.find(({ code }) => code === 'deployment-failing');
  t.regex(finding?.cause ?? '', /the last reload of nginx failed \(not-proved\): 1 of 1 endpoints/);
  t.deepEqual(after.plan.actions, []);
  t.is(after.plan.lookAgainAt, noon + 60_000);
  t.is(judge(drifted, noon + 60_001, [failed]).plan.actions.length, 1);
  t.deepEqual(judge({}, noon + 1000, [failed]).snapshot.findings, []);
});
