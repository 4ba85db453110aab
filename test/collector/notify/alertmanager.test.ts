import type { ServerResponse } from 'node:http';
import test from 'ava';
import type { Message } from '../../../collector/notify/message.ts';
import { until } from '../../helpers/testbed/until.ts';
import { type Received, startReceiver } from '../helpers/receivers.ts';
import { startedTelling, tickMs } from '../helpers/started-telling.ts';

// What Alertmanager is told again and again, and what it has to know to let go.

interface Alert {
  labels: { instance: string };
  endsAt: string;
}

const alertsOf = (received: readonly Received[]) => received.flatMap(({ body }): Alert[] => JSON.parse(body));
/** Hosts whose alert, as it was told last, stands at this instant. */
const firing = (received: readonly Received[], at: number) => {
  const last = new Map(alertsOf(received).map(({ labels, endsAt }) => [labels.instance, Date.parse(endsAt)]));
  return [...last].filter(([, endsAt]) => endsAt > at).map(([host]) => host);
};

test('each of 700 places is told, told again and resolved; a person is told of a hundred', async (t) => {
  const alertmanager = await startReceiver(t);
  const hook = await startReceiver(t);
  const all = Array.from({ length: 700 }, (_, index) => `web-${index}`);
  let silent = all;
  const { clock, pass, passUntil } = await startedTelling(t, {
    channels: [
      { name: 'hook', kind: 'webhook', url: `${hook.url}/` },
      { name: 'am', kind: 'alertmanager', url: alertmanager.url },
    ],
    rule: { group_by: ['code'], repeat: 'never' },
    silent: () => silent,
  });
  const times = (host: string) =>
    alertsOf(alertmanager.received).filter(({ labels }) => labels.instance === host).length;
  await pass(0);
  await until('all are told', () => alertsOf(alertmanager.received).length === 700);
  t.is(firing(alertmanager.received, clock.now()).length, 700);
  for (const { body } of alertmanager.received) t.true(body.length < 1_000_000);
  await passUntil('all are told again', () => all.every((host) => times(host) > 1));
  silent = all.slice(0, 1);
  await passUntil('what still stands is told again', () => times('web-0') > times('web-1'));
  silent = [];
  await pass(tickMs);
  const over = () => alertsOf(alertmanager.received).filter(({ endsAt }) => Date.parse(endsAt) === clock.now());
  await until('all that was told is over', () => new Set(over().map(({ labels }) => labels.instance)).size === 700);
  await until('people heard of it', () => hook.received.length === 2);
  t.deepEqual(firing(alertmanager.received, clock.now()), []);
  const people = hook.received.map(({ body }): Message => JSON.parse(body));
  t.deepEqual(
    people.map(({ kind, places, placesTotal }) => [kind, places.length, placesTotal]),
    [
      ['opened', 100, 700],
      ['resolved', 100, 700],
    ],
  );
});

test('what is resolved while what stands is told again is not told as standing any more', async (t) => {
  const alertmanager = await startReceiver(t);
  const hook = await startReceiver(t);
  let silent = ['web-1', 'web-2'];
  const { store, clock, telling, pass, passUntil } = await startedTelling(t, {
    channels: [
      { name: 'am', kind: 'alertmanager', url: alertmanager.url },
      { name: 'hook', kind: 'webhook', url: `${hook.url}/` },
    ],
    rule: { group_by: ['host'], repeat: 'never' },
    silent: () => silent,
  });
  const { received } = alertmanager;
  await pass(0);
  await until('both are told', () => received.length === 2);
  let hanging: ServerResponse | undefined;
  alertmanager.answer = (response) => {
    if (hanging) response.end('ok');
    else hanging = response;
  };
  await passUntil('the first is told again, and hangs', () => hanging !== undefined);
  silent = [];
  await pass(tickMs);
  t.deepEqual(await store.telling.incidents(), []);
  await until('people heard of it', () => hook.received.length === 4);
  hanging?.end('ok');
  const over = () => alertsOf(received).filter(({ endsAt }) => Date.parse(endsAt) <= clock.now());
  await until('that both are over is told', () => over().length === 2);
  await pass(300_000);
  await telling.close();
  t.deepEqual(firing(received, clock.now()), []);
});
