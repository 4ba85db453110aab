import { Validator } from '@seriousme/openapi-schema-validator';
import test from 'ava';
import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { routeTable } from '../../../collector/serve/access/route-table.ts';
import { isNamed } from '../../../collector/serve/api/entity-tag.ts';
import { cursorOf, keyOf, pageOf } from '../../../collector/serve/api/paging.ts';
import { createRateLimit } from '../../../collector/serve/api/rate-limit.ts';
import { routes } from '../../../collector/serve/api/routes.ts';
import { Problem } from '../../../collector/serve/api/views.ts';
import { EstateChange } from '../../../collector/serve/estate-change.ts';
import type { WallView } from '../../../collector/serve/wall-view.ts';
import { needsOf } from '../../../collector/present/needs.ts';
import { nextToEnd, proofOf } from '../../../collector/present/proof.ts';
import fc from '../../helpers/properties.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, endpoint, event, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { startTestCollector, type TestCollector } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

/** Hosts web-0 and web-1, each with five certificates, endpoints and findings. */
async function smallFleet(t: Parameters<typeof startTestCollector>[0]): Promise<TestCollector> {
  const collector = await startTestCollector(t);
  for (const name of ['web-0', 'web-1']) {
    const wire = await begin(await collector.join(), await enrol(await collector.join(), name), { hostName: name });
    const list = Array.from({ length: 5 }, (_, index) =>
      certificate(`${name} ${index}`, { subjectAltNames: [`shop-${index}.example.test`] }),
    );
    const [first = certificate('')] = list;
    const endpoints = list.map((one, index) =>
      endpoint(one, { id: `shop-${index}`, serverName: `shop-${index}.example.test` }),
    );
    const findings = list.map((_, index) =>
      finding({
        severity: index % 2 === 0 ? 'critical' : 'warning',
        subject: { kind: 'endpoint', id: `shop-${index}` },
      }),
    );
    wire.send(snapshotFrame(snapshot(first, { certificates: list, endpoints, findings })));
    wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1), event(2), event(3, { kind: 'renewal' })] });
    await wire.next('ack');
  }
  await until('all is kept', async () => (await collector.estate()).endpoints.length === 10);
  return collector;
}

interface Answer {
  items: Record<string, unknown>[];
  next?: string | number;
}

async function get(url: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: (): Answer => JSON.parse(text) };
}

test('every route of the API is in the table, and described: by valid OpenAPI 3.1, and by a page without a script', async (t) => {
  const { url, webRoutes } = await startTestCollector(t);
  t.deepEqual(
    webRoutes.filter((one) => one.includes(' /api/v1/')).sort(),
    routes.map(({ method, path }) => `${method} ${path}`).sort(),
  );
  const document: {
    paths: Record<string, Record<string, { description: string; requestBody?: unknown }>>;
    openapi: string;
  } = JSON.parse((await get(url, '/api/v1/openapi.json')).text);
  const { valid, errors } = await new Validator().validate(document);
  t.true(valid, JSON.stringify(errors));
  t.is(document.openapi, '3.1.0');
  for (const { method, path, body } of routes) {
    const told = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    t.is(told?.requestBody !== undefined, body !== undefined, path);
    t.regex(told?.description ?? '', /^Needs the role (?:viewer|operator|admin)\.$|^For whoever asks\.$/, path);
  }
  const page = await get(url, '/api');
  t.is(page.status, 200);
  t.is(page.headers.get('content-type'), 'text/html; charset=utf-8');
  for (const [path, verbs] of Object.entries(document.paths))
    for (const verb of Object.keys(verbs)) {
      const heading = path.includes('{') || verb !== 'get' ? path : `<a href="${path}">${path}</a>`;
      t.true(page.text.includes(`<h2>${verb.toUpperCase()} ${heading}</h2>`), `${verb} ${path}`);
    }
  t.notRegex(page.text, /<script|https?:\/\/(?!www\.w3\.org)/);
});

test('every answer is as the description says', async (t) => {
  const { url } = await smallFleet(t);
  const [fingerprint = ''] = (await get(url, '/api/v1/certificates'))
    .json()
    .items.map((one) => String(one['fingerprint']));
  const table = routeTable([]);
  for (const { method, path, answer, tagged } of routes) {
    // Others are asked, and compared, where they change something, or somebody has signed in.
    if (method !== 'GET' || path === '/api/v1/live' || table(method, path)?.least === 'admin') continue;
    if (path === '/api/v1/requests/:id') continue;
    const filled = path.replace(':fingerprint', fingerprint).replace(':id', '1');
    const found = await get(url, path.endsWith('/campaign-plan') ? `${path}?issuer=*` : filled);
    if (path.endsWith('/pem') || path.endsWith('/campaigns/:id')) {
      t.is(found.status, 404, 'no agent has told it, or there is none');
      t.true(Check(Problem, JSON.parse(found.text)));
      continue;
    }
    t.is(found.status, 200, path);
    if (!('schema' in answer)) continue;
    t.true(
      Check(answer.schema, JSON.parse(found.text)),
      `${path}: ${firstError(answer.schema, JSON.parse(found.text))}`,
    );
    const tag = found.headers.get('etag') ?? '';
    t.is(
      found.headers.get('cache-control')?.includes('no-cache') === true,
      tagged || path.endsWith('openapi.json'),
      path,
    );
    if (!tagged) continue;
    const again = await get(url, path, { 'if-none-match': `"x", ${tag}` });
    t.is(again.status === 304 || again.headers.get('etag') !== tag, true, path);
    t.is((await get(url, path, { 'if-none-match': '"x"' })).status, 200);
  }
  const change = (await fetch(`${url}/api/v1/live`)).body?.pipeThrough(new TextDecoderStream()).getReader();
  t.regex((await change?.read())?.value ?? '', /retry: 1000/);
  await change?.cancel();
  t.true(
    Check(EstateChange, {
      at: '2026-11-23T12:00:00.000Z',
      hosts: [],
      heard: [],
      certificates: [],
      gone: [],
      events: [],
    }),
  );
});

test('the wall tells by name what the page finds most urgent, its counts, and nothing more', async (t) => {
  const collector = await smallFleet(t);
  const wall: WallView = JSON.parse((await get(collector.url, '/api/v1/wall')).text);
  const estate = await collector.estate();
  const { pressing } = needsOf(estate);
  const proof = proofOf(estate);
  t.deepEqual([pressing.length > 4, new Set(wall.needs.map(({ key }) => key)).size], [true, 4]);
  t.like(wall, {
    pressing: pressing.length,
    endpoints: { all: proof.endpointCount, proved: proof.endpoints.proved },
    hosts: { all: proof.hostCount },
    needs: pressing.slice(0, 4).map(({ severity, deadline: life }) => ({ severity, life })),
    lookedAt: proof.lookedAt,
  });
  t.is(wall.next?.notAfter, nextToEnd(estate.certificates, Date.now())?.notAfter);
  const text = JSON.stringify(wall);
  const kept = ['systemctl', 'evidence', 'agentVersion', '/etc/letsencrypt/live', ...pressing.map(({ key }) => key)];
  for (const told of kept) t.false(text.includes(told), told);
});

test('page by page the lists give what they give at once, whatever the size of a page', async (t) => {
  const { url } = await smallFleet(t);
  for (const list of ['hosts', 'certificates', 'endpoints', 'findings', 'lineages']) {
    const whole = (await get(url, `/api/v1/${list}`)).json();
    t.is(whole.next, undefined);
    for (const limit of [1, 3, 5]) {
      const items: unknown[] = [];
      let next: string | number | undefined = '';
      for (let pages = 0; next !== undefined && pages < 20; pages += 1) {
        const cursor: string = next === '' ? '' : `&cursor=${next}`;
        const page = (await get(url, `/api/v1/${list}?limit=${limit}${cursor}`)).json();
        t.true(page.items.length > 0 && page.items.length <= limit, list);
        items.push(...page.items);
        next = page.next;
      }
      t.deepEqual(withoutTimes(items), withoutTimes(whole.items), `${list} by ${limit}`);
    }
  }
});

test('filters leave what fits, with * for any characters', async (t) => {
  const { url } = await smallFleet(t);
  const count = async (query: string) => (await get(url, `/api/v1/${query}`)).json().items.length;
  t.is(await count('hosts?host=WEB-1'), 1);
  t.is(await count('hosts?host=web-*&status=critical'), 2);
  t.is(await count('hosts?status=healthy'), 0);
  t.is(await count('endpoints?host=web-0'), 5);
  t.is(await count('endpoints?name=shop-3.*'), 2);
  t.is(await count('endpoints?status=proved&name=*.example.test'), 10);
  t.is(await count('certificates?name=shop-1.example.test&host=web-1'), 1);
  t.is(await count('certificates?basis=der'), 0);
  t.is(await count('findings?severity=warning'), 4);
  t.is(await count('findings?code=not-served&host=web-0'), 5);
  t.is(await count('lineages?name=shop'), 2);
  t.is(await count('events?after=0&kind=renewal'), 2);
  t.is(await count('events?after=0&host=web-1'), 3);
  const [host] = (await get(url, '/api/v1/hosts?host=web-1')).json().items;
  t.is(await count(`endpoints?host=${String(host?.['agentId'])}`), 5, 'an agent’s id names its host too');
  const events = (await get(url, '/api/v1/events?after=0&limit=2')).json();
  t.is((await get(url, `/api/v1/events?cursor=${events.next}`)).json().items.length, 4);
});

test('what does not fit the description is a problem that repeats nothing', async (t) => {
  const { url } = await startTestCollector(t);
  for (const path of [
    'hosts?limit=0',
    'hosts?limit=1001',
    'hosts?limit=many',
    'hosts?status=angry',
    'hosts?owner=%3Cscript%3E',
    'hosts?limit=1&limit=2',
    'hosts?cursor=nonsense',
    `endpoints?cursor=${cursorOf(['a', 'b'])}`,
    `certificates?cursor=${cursorOf(['x', 'y'])}`,
    'events?after=-1',
    'certificates/ABC/history',
    `requests?limit=1e3&%3Cscript%3E=1`,
  ]) {
    const { status, headers, text } = await get(url, `/api/v1/${path}`);
    t.is(status, 400, path);
    t.is(headers.get('content-type'), 'application/problem+json; charset=utf-8');
    t.true(Check(Problem, JSON.parse(text)), text);
    t.notRegex(text, /script|angry|nonsense/);
  }
});

test('an address that asks too often is told when to ask again, and others are answered', async (t) => {
  const { url } = await startTestCollector(t, {}, handClock(Date.now()));
  for (let asked = 0; asked < 1_000; asked += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => get(url, '/api/v1/labels')));
    t.true(answers.every(({ status }) => status === 200));
  }
  const refused = await get(url, '/api/v1/labels');
  t.is(refused.status, 429);
  t.is(refused.headers.get('retry-after'), '1');
  t.true(Check(Problem, JSON.parse(refused.text)));
  for (const path of ['/%61pi/v1/labels', '/metrics', '/answer/x.y', '/sign-in'])
    t.is((await fetch(url + path)).status, 429, path);
  t.is((await fetch(`${url}/healthz`)).status, 200, 'which is none of the API');
});

test('a bucket fills again by the second, addresses have their own, and an IPv6 network has one', (t) => {
  const clock = handClock(0);
  const limit = createRateLimit(clock, { perSecond: 2, burst: 4 });
  const take = (address: string, times: number) => Array.from({ length: times }, () => limit.take(address));
  t.deepEqual(take('192.0.2.1', 5), [0, 0, 0, 0, 1]);
  t.is(limit.take('192.0.2.2'), 0);
  t.deepEqual(take('2001:db8::1', 4), [0, 0, 0, 0]);
  t.is(limit.take('2001:db8:0:0:9::2'), 1);
  t.is(limit.take('2001:db8:0:1::2'), 0);
  t.is(limit.take('::ffff:192.0.2.3'), 0);
  clock.advance(1_000);
  t.deepEqual(take('192.0.2.1', 3), [0, 0, 1]);
  clock.advance(60_000);
  t.deepEqual(take('192.0.2.1', 5), [0, 0, 0, 0, 1]);
});

test('a page is what fits, in order, and its cursor leads to the rest', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20)), fc.integer({ min: 1, max: 7 }), async (numbers, limit) => {
      const list = numbers.map((item, index) => ({ item, key: [index] }));
      const fits = (item: number) => item % 2 === 0;
      const found: number[] = [];
      let from = 0;
      for (;;) {
        const { items, next } = await pageOf(list.slice(from), limit, fits);
        found.push(...items);
        t.true(items.length <= limit);
        if (next === undefined) break;
        t.is(items.length, limit);
        from = Number(keyOf(next, ['number'])?.[0]) + 1;
      }
      t.deepEqual(found, numbers.filter(fits));
    }),
  );
});

test('whatever a cursor says, it is a key of the list or none', (t) => {
  fc.assert(
    fc.property(fc.string(), fc.json(), (text, json) => {
      for (const cursor of [text, Buffer.from(json).toString('base64url')]) {
        const key = keyOf(cursor, ['string', 'number']);
        t.true(key === undefined || (typeof key[0] === 'string' && typeof key[1] === 'number' && key.length === 2));
      }
    }),
  );
  t.deepEqual(keyOf(cursorOf(['a', 1]), ['string', 'number']), ['a', 1]);
});

test('a tag is named as RFC 9110 compares weakly', (t) => {
  for (const header of ['W/"a-1"', '"a-1"', '"x", W/"a-1"', '*']) t.true(isNamed(header, 'W/"a-1"'), header);
  for (const header of [undefined, '', '"a-2"', 'a-1']) t.false(isNamed(header, 'W/"a-1"'), String(header));
});

function firstError(schema: TSchema, value: unknown): string {
  return JSON.stringify(Errors(schema, value)[0] ?? {});
}

function withoutTimes(items: readonly unknown[]): unknown[] {
  const texts: unknown = JSON.parse(
    JSON.stringify(items, (name, value: unknown) => (/^(?:lastHeard|observed)At$/.test(name) ? '' : value)),
  );
  return Array.isArray(texts) ? texts : [];
}
