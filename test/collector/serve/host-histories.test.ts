import test from 'ava';
import { keepHistory } from '../../../collector/serve/host-histories.ts';
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

test('histories of different spans are read one after the other, each once, and few are kept', async (t) => {
  const day = 86_400_000;
  const now = 1_800_000_000_000;
  let reading = 0;
  let most = 0;
  const asked: number[] = [];
  const history = keepHistory({
    hosts: async () => [{ agentId: 'a', name: 'web-1' }],
    async changes(_agentId, since) {
      most = Math.max(most, ++reading);
      asked.push((now - since) / day);
      await new Promise((resolve) => setImmediate(resolve));
      reading -= 1;
      return [];
    },
    now: () => now,
  });
  const spans = Array.from({ length: 9 }, (_, index) => index + 1);
  await Promise.all([...spans, ...spans.slice(2)].map((days) => history(days)));
  t.deepEqual([most, asked], [1, spans], 'as far back as is asked for, and no further');
  await history(9);
  t.is(asked.length, 9);
  await history(1);
  t.is(asked.length, 10, 'the first of nine was not kept');
});

test('a history that could not be read is read again, and the next one waits for no other', async (t) => {
  let fails = true;
  const history = keepHistory({
    hosts: async () => {
      if (fails) throw new Error('no database');
      return [];
    },
    changes: async () => [],
    now: () => 0,
  });
  await t.throwsAsync(history(1), { message: 'no database' });
  fails = false;
  t.deepEqual((await history(1)).findings, []);
});
