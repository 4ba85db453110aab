import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import { certificateLabels, keepLabels } from '../../../../collector/serve/metrics/certificate-labels.ts';
import { takeTurns } from '../../../../collector/serve/metrics/turns.ts';
import { certificate } from '../../helpers/example-snapshot.ts';
import { startTestCollector } from '../../helpers/real-collector.ts';
import { handClock } from '../../helpers/hand-clock.ts';

test('one has its turn at a time, in order; who waits too long, or behind too many, has none and takes none', async (t) => {
  const clock = handClock(0);
  const next = takeTurns(clock);
  const first = await next(1_000);
  const [second, third] = [next(1_000), next(5_000)];
  const crowd = Array.from({ length: 15 }, () => next(2_000));
  t.is(await crowd.at(-1), undefined);
  clock.advance(2_000);
  t.is(await second, undefined);
  t.deepEqual(
    await Promise.all(crowd),
    Array.from({ length: 15 }, () => undefined),
  );
  first?.();
  first?.();
  const now = await third;
  t.truthy(now);
  const after = next(1_000);
  now?.();
  t.truthy(await after);
  t.is(clock.timers(), 0);
});

test('scrapes at the same time are all answered, and one that is broken off leaves its turn', async (t) => {
  const { url } = await startTestCollector(t);
  const { port, hostname } = new URL(url);
  const broken = connect(Number(port), hostname);
  await once(broken, 'connect');
  broken.write(`GET /metrics HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
  await once(broken, 'data');
  broken.destroy();
  const texts = await Promise.all(Array.from({ length: 8 }, async () => (await fetch(`${url}/metrics`)).text()));
  for (const text of texts) t.true(text.includes('certherd_hosts'));
});

test('labels that were kept from the scrape before are those that are made anew, and no more are kept than may be', (t) => {
  const some = ['a', 'b', 'c']
    .map((mark) => certificate(mark, { subject: `CN=${mark}` }))
    .map((one) => ({ fingerprint: one.fingerprint, certificate: one, basis: 'der' as const }));
  const labels = keepLabels(2);
  const [first, second] = [labels(), labels()];
  const made = some.map((one) => first(one));
  t.deepEqual(
    some.map((one) => second(one)),
    some.map(certificateLabels),
  );
  const third = labels();
  t.deepEqual(
    some.map((one) => third(one) === made[some.indexOf(one)]),
    [true, true, false],
    'two are the very same, and the third was made anew',
  );
});

test('once its DER is there, a certificate has the labels and the end that this says, and no longer what an agent told', (t) => {
  const [told, proved] = ['2036-01-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'].map((notAfter) =>
    certificate('a', { notAfter }),
  );
  if (!told || !proved) return t.fail();
  const { fingerprint } = told;
  const labels = keepLabels(2);
  labels()({ fingerprint, certificate: told, basis: 'told' });
  const { notAfter } = labels()({ fingerprint, certificate: proved, basis: 'der' });
  t.is(notAfter, Date.parse(proved.notAfter) / 1000);
});
