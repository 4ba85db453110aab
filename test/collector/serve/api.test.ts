import { Validator } from '@seriousme/openapi-schema-validator';
import test from 'ava';
import type { TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { routeTable } from '../../../collector/serve/access/route-table.ts';
import { isNamed } from '../../../collector/serve/api/entity-tag.ts';
import { cursorOf } from '../../../collector/serve/api/paging.ts';
import { routes } from '../../../collector/serve/api/routes.ts';
import { Problem } from '../../../collector/serve/api/views.ts';
import { EstateChange } from '../../../collector/serve/estate-change.ts';
import type { WallView } from '../../../collector/serve/wall-view.ts';
import { needsOf } from '../../../collector/present/needs.ts';
import { nextToEnd, proofOf } from '../../../collector/present/proof.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { get, smallFleet } from '../helpers/small-fleet.ts';

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

/** Of routes that need to be asked for something. An endpoint's id may be as long as an agent may tell it. */
const asked: Readonly<Record<string, string>> = {
  '/api/v1/campaign-plan': '?issuer=*',
  '/api/v1/endpoint-history': `?agentId=agent-01&endpoint=${'x'.repeat(2048)}`,
};

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
    const found = await get(url, `${filled}${asked[path] ?? ''}`);
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

test('a tag is named as RFC 9110 compares weakly', (t) => {
  for (const header of ['W/"a-1"', '"a-1"', '"x", W/"a-1"', '*']) t.true(isNamed(header, 'W/"a-1"'), header);
  for (const header of [undefined, '', '"a-2"', 'a-1']) t.false(isNamed(header, 'W/"a-1"'), String(header));
});

function firstError(schema: TSchema, value: unknown): string {
  return JSON.stringify(Errors(schema, value)[0] ?? {});
}
