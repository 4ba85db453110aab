import test from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { startReceiver } from '../helpers/receivers.ts';
import { startedTelling } from '../helpers/started-telling.ts';

for (const [status, header, leastMs] of [
  [429, { 'retry-after': '600' }, 600_000],
  [503, { 'retry-after': '600' }, 600_000],
  [429, {}, 2_500],
] as const)
  test(`a receiver that answers ${status}${'retry-after' in header ? ' with Retry-After' : ''} is sent no message before it may be asked again, whichever it is; then it has each once`, async (t) => {
    const [busy, other] = [await startReceiver(t), await startReceiver(t)];
    const hosts = ['web-1', 'web-2', 'web-3'];
    const { clock, pass, warnings } = await startedTelling(t, {
      channels: [
        { name: 'busy', kind: 'webhook', url: `${busy.url}/` },
        { name: 'other', kind: 'webhook', url: `${other.url}/` },
      ],
      rule: { group_by: ['host'], repeat: 'never' },
      silent: () => hosts,
    });
    busy.answer = (response) => void response.writeHead(status, header).end();
    await pass(0);
    await until('it has said so', () => warnings.length > 0);
    await until('the other one has them all', () => other.received.length === 3);
    const askedAt = clock.now();
    const times: number[] = [];
    busy.answer = (response) => {
      times.push(clock.now());
      response.end('ok');
    };
    await until(
      'it has them',
      () => {
        if (times.length === 3) return true;
        clock.advance(2_000);
        return false;
      },
      { everyMs: 5 },
    );
    t.true(times.every((at) => at - askedAt >= leastMs));
    const keys = busy.received.map(({ headers }) => headers['idempotency-key']);
    t.is(new Set(keys).size, 3, 'and the first one once more');
    t.is(keys.length, 4, 'the others were not even tried');
  });
