import test from 'ava';
import { HistoryAnswer } from '../../../collector/serve/history-view.ts';
import { Check } from 'typebox/value';
import { certificate, endpoint, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';
import { until } from '../../helpers/testbed/until.ts';

test('the history has a drift from its begin to its end, and a renewal’s way to the clients', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  t.teardown(() => wire.close());
  const [old, fresh] = [certificate('old'), certificate('fresh')];
  const served = async (fingerprint: string) =>
    until('it is kept', async () => (await collector.estate()).endpoints[0]?.served === fingerprint);
  wire.send(snapshotFrame(snapshot(old)));
  await served(old.fingerprint);
  const drifting = endpoint(fresh, { served: old.fingerprint });
  wire.send(
    snapshotFrame(snapshot(fresh, { certificates: [old, fresh], endpoints: [drifting], findings: [finding()] })),
  );
  await until('the finding is kept', async () => (await collector.estate()).findings.length === 1);
  wire.send(snapshotFrame(snapshot(fresh)));
  await served(fresh.fingerprint);

  const answer: HistoryAnswer = await (await fetch(`${collector.url}/api/v1/history`)).json();
  t.true(Check(HistoryAnswer, answer), JSON.stringify(answer));
  t.true(answer.complete);
  t.is(answer.findings.length, 1);
  const [drift] = answer.findings;
  t.like(drift, { hostName: 'web-1', code: 'not-served', severity: 'critical' });
  t.true(drift?.until !== undefined && drift.from < drift.until);
  t.is(answer.servings.length, 1);
  const [serving] = answer.servings;
  t.like(serving, { endpoint: drifting.id, fingerprint: fresh.fingerprint });
  t.true(serving?.servedAt !== undefined && serving.issuedAt < serving.servedAt);

  for (const days of ['0', '731', 'x', '-1', '1.5'])
    t.is((await fetch(`${collector.url}/api/v1/history?days=${days}`)).status, 400, days);
  t.is((await fetch(`${collector.url}/api/v1/history?days=730`)).status, 200);
});
