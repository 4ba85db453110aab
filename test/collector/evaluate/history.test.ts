import test from 'ava';
import { hostHistoryOf } from '../../../collector/evaluate/history.ts';
import type { Change } from '../../../collector/store/facts.ts';
import { finding } from '../helpers/example-snapshot.ts';

const text = JSON.stringify(finding());

function change(
  at: number,
  kind: Change['kind'],
  subject: string,
  before?: string,
  after?: string,
): Change & { at: number } {
  return { at, kind, subject, before, after };
}

test('a finding stood from when it was told until its end was, and one without an end stands', (t) => {
  const { findings } = hostHistoryOf(
    [
      change(10, 'finding-opened', '1 a', undefined, text),
      change(20, 'finding-closed', '1 a', text),
      change(30, 'finding-opened', '1 a', undefined, text),
      change(35, 'finding-opened', '1 b', undefined, text),
    ],
    0,
  );
  t.deepEqual(
    findings.map(({ from, until }) => [from, until]),
    [
      [10, 20],
      [30, undefined],
      [35, undefined],
    ],
  );
  t.like(findings[0], { code: 'not-served', severity: 'critical' });
});

test('what ended before the time that is asked for is left out, and what reaches into it is not', (t) => {
  const changes = [
    change(10, 'finding-opened', '1 a', undefined, text),
    change(20, 'finding-closed', '1 a', text),
    change(15, 'finding-opened', '1 b', undefined, text),
    change(40, 'finding-closed', '1 b', text),
  ];
  t.deepEqual(
    hostHistoryOf(changes, 30).findings.map(({ from }) => from),
    [15],
  );
});

test('a certificate is on its way from issued to served, and the first one that is known took no other one’s place', (t) => {
  const { servings } = hostHistoryOf(
    [
      change(1, 'endpoint-issued', 'e', undefined, 'old'),
      change(1, 'endpoint-configured', 'e', undefined, 'old'),
      change(1, 'endpoint-served', 'e', undefined, 'old'),
      change(10, 'endpoint-issued', 'e', 'old', 'new'),
      change(12, 'endpoint-configured', 'e', 'old', 'new'),
      change(15, 'endpoint-served', 'e', 'old', 'new'),
      change(16, 'endpoint-served', 'e', 'new', undefined),
      change(17, 'endpoint-served', 'e', undefined, 'new'),
    ],
    0,
  );
  t.deepEqual(servings, [{ endpoint: 'e', fingerprint: 'new', issuedAt: 10, servedAt: 15 }]);
});

test('without a lineage the way begins where it was configured; one that another overtook was never served', (t) => {
  const { servings } = hostHistoryOf(
    [
      change(1, 'endpoint-configured', 'e', undefined, 'a'),
      change(5, 'endpoint-configured', 'e', 'a', 'b'),
      change(6, 'endpoint-configured', 'e', 'b', 'c'),
      change(7, 'endpoint-served', 'e', 'a', 'c'),
    ],
    0,
  );
  t.deepEqual(
    servings.map(({ fingerprint, issuedAt, servedAt }) => [fingerprint, issuedAt, servedAt]),
    [
      ['b', 5, undefined],
      ['c', 6, 7],
    ],
  );
});
