import test from 'ava';
import { composeMessage } from '../../../collector/notify/compose.ts';
import { concern, settingsOf } from '../helpers/notify-world.ts';

const of = (labels: Record<string, string>, notify: object, change: Parameters<typeof concern>[1] = {}) =>
  composeMessage([concern('web-1', { labels, ...change })], {
    id: 'i-1',
    incident: 'i',
    kind: 'opened',
    settings: settingsOf({}, notify),
    answer: undefined,
    mostPlaces: 9,
  });

test('a message leads to the runbook that its label names, else to that of the settings, else to the page’s own', (t) => {
  const page = { page: 'https://certherd.example/' };
  const both = { ...page, runbooks: 'https://wiki.example/tls/{code}?c={code}' };
  t.is(of({ runbook: 'https://own.example/x' }, both).runbook, 'https://own.example/x');
  t.is(of({}, both).runbook, 'https://wiki.example/tls/not-served?c=not-served');
  t.is(of({}, page).runbook, 'https://certherd.example/findings#not-served');
  t.is(of({}, {}).runbook, undefined);
  for (const runbook of ['javascript:alert(1)', 'see the wiki', 'https://', 'file:///etc/passwd'])
    t.is(of({ runbook }, both).runbook, 'https://wiki.example/tls/not-served?c=not-served', runbook);
  t.is(of({}, both, { code: '../x y' }).runbook, 'https://wiki.example/tls/..%2Fx%20y?c=..%2Fx%20y');
});

test('a title is the name on its host; of what is seen from outside it has the address', (t) => {
  t.is(of({}, {}).title, 'not-served: shop.example.test on web-1');
  const id = 'shop.example.test@192.0.2.1:443/ecdsa';
  const front = { code: 'front-holds-copy', subject: { kind: 'endpoint' as const, id } };
  t.is(of({}, {}, front).title, `front-holds-copy: ${id} on web-1`);
});
