import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import type { Attempt } from '../../../agent/decide/retry.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import { certificate, config, deployment, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const judge = (change: Partial<Observations>, at = noon, attempts: Attempt[] = []) =>
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

test('only what is of the same subject and no older is called newer than what clients are shown', (t) => {
  const cause = (change: Parameters<typeof certificate>[1]) =>
    judge({
      certificates: [certificate('a'), certificate('b', change)],
      deployments: [deployment({ configured: 'b'.repeat(64) })],
      lineages: [lineage({ issued: 'b'.repeat(64), live: 'b'.repeat(64), issuedVersion: 2, liveVersion: 2 })],
      endpoints: [endpoint({ configured: 'b'.repeat(64), issued: 'b'.repeat(64) })],
    }).snapshot.findings.find(({ code }) => code === 'not-served')?.cause ?? '';
  t.regex(cause({ notBefore: new Date(noon).toISOString() }), /holds a newer certificate than clients are shown: /);
  t.regex(cause({ subject: 'CN=new.example.test' }), /holds another certificate than clients are shown: /);
  t.regex(cause({ notBefore: '2020-01-01T00:00:00.000Z' }), /holds another certificate than clients are shown: /);
});

test("a handshake that failed is told in OpenSSL's words without its source files, which the evidence keeps", (t) => {
  const { served: _none, ...silent } = endpoint();
  const told = (detail: string) =>
    judge({ endpoints: [{ ...silent, failure: { reason: 'handshake-failed', detail } }] }).snapshot.findings[0];
  const line = `40EDCDD0717F0000:error:0A000438:SSL routines:ssl3_read_bytes:tlsv1 alert internal error:../a/b.c:918:`;
  t.regex(
    told(`${line}SSL alert number 80\n`)?.cause ?? '',
    /failed \(handshake-failed\): tlsv1 alert internal error \(SSL alert number 80\)$/,
  );
  t.regex(told(`${line}\n`)?.cause ?? '', /: tlsv1 alert internal error$/);
  t.regex(told('socket hang up')?.cause ?? '', /: socket hang up$/);
  t.is(told(line)?.evidence.detail, line);
});
