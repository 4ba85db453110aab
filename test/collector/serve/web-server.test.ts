import { request } from 'node:http';
import test from 'ava';
import { signAnswer } from '../../../collector/notify/answer-link.ts';
import type { Estate } from '../../../collector/serve/estate.ts';
import { isOwnHost } from '../../../collector/serve/host-guard.ts';
import { certificate, endpoint, event, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';
import { until } from '../../helpers/testbed/until.ts';

test('every answer carries the strict content security policy and nosniff', async (t) => {
  const { url } = await startTestCollector(t);
  for (const path of ['/', '/api/v1/estate', '/metrics', '/healthz', '/nothing']) {
    const { headers } = await fetch(url + path);
    t.is(
      headers.get('content-security-policy'),
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;connect-src 'self';frame-ancestors 'none';base-uri 'none';form-action 'none'",
      path,
    );
    t.is(headers.get('x-content-type-options'), 'nosniff');
    t.is(headers.get('x-frame-options'), 'DENY');
    t.is(headers.get('access-control-allow-origin'), null);
  }
});

test('a link in a message of a channel with the longest name is looked at', async (t) => {
  const { url } = await startTestCollector(t);
  const token = signAnswer('another key', { incident: '0123456789', channel: 'c'.repeat(64), until: Date.now() });
  const answer = await fetch(`${url}/answer/${token}`);
  t.is(answer.status, 404);
  t.is(answer.headers.get('referrer-policy'), 'same-origin', 'else the form comes from nowhere');
  t.regex(await answer.text(), /This link is not good any more/);
});

test('a page file is asked for again only when it changed', async (t) => {
  const { url } = await startTestCollector(t);
  const first = await fetch(url);
  t.is(await first.text(), '<p>page</p>');
  t.is(first.headers.get('cache-control'), 'no-cache');
  const etag = first.headers.get('etag') ?? '';
  const second = await fetch(url, { headers: { 'if-none-match': etag } });
  t.is(second.status, 304);
});

test('a Host header from elsewhere is refused on every route', async (t) => {
  const { webAddress } = await startTestCollector(t);
  for (const path of ['/', '/api/v1/estate', '/api/v1/live', '/metrics', '/nothing'])
    t.is(await statusFor(webAddress.port, path, 'rebound.example.test'), 421, path);
  t.is(await statusFor(webAddress.port, '/', `localhost:${webAddress.port}`), 200);
});

test('own hosts are loopback names and addresses, and the one that is listened on', (t) => {
  for (const host of [
    'localhost',
    'LOCALHOST:8480',
    'page.localhost',
    '127.0.0.1',
    '127.9.9.9:1',
    '[::1]',
    '[::1]:80',
    '192.0.2.1:8480',
  ])
    t.true(isOwnHost(host, '192.0.2.1'), host);
  for (const host of [
    undefined,
    '',
    'example.test',
    '127.0.0.1.example.test',
    '127.1',
    'localhost.example.test',
    '192.0.2.2',
    '[::2]',
    'a@localhost',
    'localhost:80:80',
  ])
    t.false(isOwnHost(host, '192.0.2.1'), String(host));
});

test('only GET and HEAD are known, and errors are problem JSON', async (t) => {
  const { url } = await startTestCollector(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const response = await fetch(`${url}/api/v1/hosts`, { method });
    t.is(response.status, 405, method);
    t.is(response.headers.get('allow'), 'GET, HEAD');
    t.is(response.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    const problem: { status: number } = await response.json();
    t.is(problem.status, 405);
  }
  t.is((await fetch(`${url}/api/v1/hosts`, { method: 'HEAD' })).status, 200);
  const missing = await fetch(`${url}/%3Cscript%3E`);
  t.is(missing.status, 404);
  t.false((await missing.text()).includes('script'));
  t.is((await fetch(`${url}/api/v1/events?limit=0`)).status, 400);
  t.is((await fetch(`${url}/api/v1/events?after=1&after=2`)).status, 400);
  t.is((await fetch(`${url}/%`)).status, 400);
});

test('the lists hold the same items as the estate', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  wire.send(snapshotFrame(snapshot(certificate('one'), { findings: [finding()] })));
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1), event(2), event(3)] });
  await wire.next('ack');
  const estate = await collector.estate();
  for (const list of ['hosts', 'certificates', 'endpoints', 'findings', 'lineages'] as const) {
    const answer: { version: 1; items: object[] } = await (await fetch(`${collector.url}/api/v1/${list}`)).json();
    t.is(answer.version, 1);
    t.is(answer.items.length, 1);
    t.deepEqual(withoutTimes(answer.items), withoutTimes(estate[list]), list);
  }
  const page: {
    items: { seq: number }[];
    next: number;
  } = await (await fetch(`${collector.url}/api/v1/events?limit=2`)).json();
  t.deepEqual(
    page.items.map(({ seq }) => seq),
    [2, 3],
  );
  const rest: typeof page = await (await fetch(`${collector.url}/api/v1/events?after=0&limit=2`)).json();
  t.deepEqual(
    rest.items.map(({ seq }) => seq),
    [1, 2],
  );
  const next: typeof page = await (await fetch(`${collector.url}/api/v1/events?after=${rest.next}`)).json();
  t.deepEqual(
    next.items.map(({ seq }) => seq),
    [3],
  );
});

test('while a large estate or its metrics are sent, everything else has its turn', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  const many = Array.from({ length: 800 }, (_, index) => certificate(`many-${index}`));
  const endpoints = many.map((one, index) => endpoint(one, { id: `${index}` }));
  wire.send(snapshotFrame(snapshot(certificate('one'), { certificates: [certificate('one'), ...many], endpoints })));
  await until('kept', async () => (await collector.estate()).endpoints.length === many.length);
  for (const path of ['/api/v1/estate', '/metrics']) {
    let turns = 0;
    let sent = false;
    const count = (): void => {
      turns += 1;
      if (!sent) setImmediate(count);
    };
    const answer = fetch(collector.url + path).then((response) => response.text());
    count();
    const { length } = await answer;
    sent = true;
    t.true(length > 400_000, `${length}`);
    t.true(turns > length / 32_768, `${path}: ${turns} turns for ${length} characters`);
  }
});

test('hostile strings pass through the API as data', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const hostile = '</script><img src=x onerror=alert(1)>\u202E\u0000\u001B[2J<!channel>';
  const wire = await begin(join, await enrol(join, hostile), { hostName: hostile });
  const one = certificate('one', { subject: `CN=${hostile}`, subjectAltNames: [hostile] });
  wire.send(snapshotFrame(snapshot(one)));
  await until('kept', async () => (await collector.estate()).certificates.length === 1);
  const response = await fetch(`${collector.url}/api/v1/estate`);
  t.is(response.headers.get('content-type'), 'application/json; charset=utf-8');
  const estate: Estate = await response.json();
  t.is(estate.hosts[0]?.name, hostile);
  t.deepEqual(estate.certificates[0]?.subjectAltNames, [hostile]);
});

test('health is answered on both listeners, and the agents’ listener knows nothing else', async (t) => {
  const { url, agentAddress } = await startTestCollector(t);
  t.deepEqual(await (await fetch(`${url}/healthz`)).json(), { status: 'ok' });
  const { get } = await import('node:https');
  const ask = (path: string, headers: Record<string, string> = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      get(
        { host: '127.0.0.1', port: agentAddress.port, path, headers, rejectUnauthorized: false, agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      ).on('error', reject);
    });
  t.is(await ask('/healthz'), 200);
  t.is(await ask('/'), 404);
  t.is(await ask('/api/v1/estate'), 404);
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  t.is(await ask('/elsewhere', upgrade), 404);
  t.is(await ask('/agent/v1', { ...upgrade, origin: 'https://evil.example.test' }), 404);
});

function statusFor(port: number, path: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (response) => {
      response.destroy();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

function withoutTimes(items: readonly object[]): object[] {
  return items.map((item) => ({ ...item, lastHeardAt: '', observedAt: '' }));
}
