import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { logKey } from '../../../../collector/scan/transparency/checkpoint.ts';
import { connectLog } from '../../../../collector/scan/transparency/get.ts';
import { nextState } from '../../../../collector/scan/transparency/log-state.ts';
import { type LogNeeds, readLog } from '../../../../collector/scan/transparency/read-log.ts';
import { watching } from '../../../../collector/scan/transparency/watched-names.ts';
import type { LogState } from '../../../../collector/store/transparency.ts';
import { mint } from '../../../helpers/mint.ts';
import { startStaticLog } from '../../../helpers/static-log.ts';

const other = await mint({ names: ['elsewhere.test'] });
const shop = await mint({ names: ['shop.example.test', '*.Example.TEST', 'elsewhere.test'] });
const bare = await mint({ names: ['notexample.test', 'example.test.elsewhere.test'] });

async function reading(t: ExecutionContext, change: Partial<LogNeeds> = {}) {
  const log = await startStaticLog(t);
  const connection = connectLog(log.url, new Set(['loopback']), {});
  t.teardown(connection.close);
  const key = logKey(log.key);
  if (!key) throw new Error('no key');
  const needs: LogNeeds = {
    log: { origin: log.origin, key },
    get: connection.get,
    isWatched: watching(['example.test']),
    mostTiles: 1000,
    firstEntries: 65_536,
    now: Date.now(),
    ...change,
  };
  const fill = (count: number) => {
    for (let index = 0; index < count; index++) log.add(other.der);
  };
  return { log, needs, fill, read: (state?: LogState) => readLog(state, needs) };
}

test('a log is read on from where it was read to, each entry once, and what is found is of the watched domains', async (t) => {
  const { log, fill, read } = await reading(t);
  fill(300);
  log.add(shop.der, 'precertificate');
  log.add(bare.der);
  log.publish();
  const first = await read();
  t.is(first.failure, undefined);
  t.deepEqual([first.state.proved.size, first.state.size, first.state.towards], [302, 302, undefined]);
  const [precertificate, ...others] = first.found;
  t.deepEqual(others, []);
  t.like(precertificate, { entry: 300, log: log.origin, serialNumber: shop.x509.serialNumber, fingerprint: undefined });
  t.deepEqual(precertificate?.names, ['shop.example.test', '*.example.test']);
  t.is(precertificate?.notAfter, Date.parse(shop.x509.validTo));

  log.add(shop.der);
  fill(210);
  log.publish();
  const asked = log.asked.length;
  const second = await read(first.state);
  t.deepEqual([second.failure, second.state.proved.size], [undefined, 513]);
  const fingerprint = createHash('sha256').update(shop.der).digest('hex');
  t.like(second.found, { length: 1 });
  t.like(second.found[0], { id: precertificate?.id, entry: 302, fingerprint }, 'the same serial number and issuer');
  t.deepEqual(log.asked.slice(asked), ['checkpoint', 'tile/data/001', 'tile/data/002.p/1']);
  const third = await read(second.state);
  t.deepEqual([third.found, third.state.proved.size], [[], 513]);
  t.is(log.asked.at(-1), 'checkpoint', 'nothing new: no tile is asked for');
});

test('a pass reads so many tiles and the next one goes on; what was found counts when the tree it belongs to is whole', async (t) => {
  const { log, fill, needs } = await reading(t);
  log.add(shop.der);
  fill(1000);
  log.publish();
  let state: LogState | undefined;
  const found: number[] = [];
  for (let pass = 0; pass < 3; pass++) {
    const before = found.length;
    const next: Awaited<ReturnType<typeof readLog>> = await readLog(state, { ...needs, mostTiles: 2 });
    state = next.state;
    found.push(...next.found.map(({ entry }) => entry));
    if (state.towards) t.is(found.length, before, 'not proved yet');
    // Others are logged meanwhile: it goes on towards the tree that was signed first.
    log.add(other.der);
    log.publish();
  }
  t.deepEqual(found, [0]);
  t.true((state?.proved.size ?? 0) >= 1001);
});

test('of a large log the last entries are read the first time, proved by the hashes of all that lies before', async (t) => {
  const { log, fill, read, needs } = await reading(t, { firstEntries: 300 });
  log.add(shop.der);
  fill(256 * 7 + 20);
  log.add(shop.der);
  log.publish();
  const first = await read();
  t.is(first.failure, undefined);
  t.deepEqual(
    first.found.map(({ entry }) => entry),
    [256 * 7 + 21],
  );
  t.is(first.state.proved.size, 256 * 7 + 22);
  t.true(log.asked.includes('tile/1/000.p/7') && !log.asked.includes('tile/data/000'));
  log.spoil((path, body) => (path.startsWith('tile/1/') ? Buffer.from(body.map((byte) => byte ^ 1)) : undefined));
  t.regex((await readLog(undefined, needs)).failure?.detail ?? '', /not what its key signed/);
});

test('what a log did not sign is not believed, and nothing of it is kept', async (t) => {
  const { log, fill, read, needs } = await reading(t);
  fill(5);
  log.publish();
  const honest = await read();
  log.add(shop.der);
  log.publish();
  const refused = async (why: RegExp, change: Parameters<typeof log.spoil>[0]) => {
    log.spoil(change);
    const pass = await read(honest.state);
    t.regex(pass.failure?.detail ?? '', why);
    t.deepEqual([pass.found, pass.state.proved, pass.state.towards], [[], honest.state.proved, undefined]);
  };
  const of = (start: string, change: (body: Buffer) => Buffer) => (path: string, body: Buffer) =>
    path.startsWith(start) ? change(body) : undefined;
  const text = (change: (text: string) => string) =>
    of('checkpoint', (body) => Buffer.from(change(body.toString('utf8'))));
  await refused(
    /signature is not of the key/,
    text((note) => note.replace('\n6\n', '\n7\n')),
  );
  await refused(
    /of another log/,
    text((note) => note.replace(log.origin, 'other.example.test/2026h2')),
  );
  await refused(
    /no signature of the key/,
    text((note) => note.replace(/\n\u2014 log[^\n]+/, '')),
  );
  await refused(
    /no checkpoint/,
    text((note) => note.replace('\n\n', '\nextension\n\n')),
  );
  await refused(
    /not what its key signed/,
    of('tile/data/', (body) => Buffer.from(body).fill(9, body.length - 120, body.length - 110)),
  );
  await refused(
    /is none/,
    of('tile/data/', (body) => body.subarray(0, body.length - 1)),
  );
  await refused(
    /entries/,
    of('tile/data/', (body) => body.subarray(0, 0)),
  );
  log.spoil(() => undefined);
  const good = await read(honest.state);
  t.deepEqual([good.failure, good.found.length], [undefined, 1]);
  log.rewrite(2, bare.der);
  t.regex((await read(good.state)).failure?.detail ?? '', /signed two trees of 6 entries/);
  log.add(other.der);
  log.publish();
  t.regex(
    (await read(good.state)).failure?.detail ?? '',
    /not what its key signed/,
    'another beginning, and more behind it',
  );
  t.is((await readLog(undefined, { ...needs, log: { ...needs.log, origin: 'wrong.test' } })).found.length, 0);
});

test('an entry that is younger than the tree it is in, and a checkpoint of another day or of fewer entries, are not believed', async (t) => {
  const { log, fill, read, needs } = await reading(t);
  const day = 86_400_000;
  const reasonOf = async (state?: LogState) => (await read(state)).failure?.reason;
  fill(3);
  log.publish();
  const good = await read();
  t.is(good.failure, undefined);
  let smaller = Buffer.alloc(0);
  const answer = await needs.get('checkpoint');
  if (answer.ok) smaller = Buffer.from(answer.value);

  for (const at of [needs.now + 2 * 3_600_000, 9e15]) {
    log.publish(at);
    t.is(await reasonOf(good.state), 'early', String(at));
  }
  log.publish(needs.now - day - 1);
  t.is(await reasonOf(good.state), 'old', 'a log that signs no more is not read to its end');
  log.add(other.der);
  log.publish();
  const more = await read(good.state);
  t.is(more.state.proved.size, 4);
  log.spoil((path) => (path === 'checkpoint' ? smaller : undefined));
  const less = await read(more.state);
  t.deepEqual([less.failure?.reason, less.state.proved], ['smaller', more.state.proved]);
  log.spoil(() => undefined);

  log.add(shop.der, 'certificate', 9e15);
  log.publish();
  const young = await read(more.state);
  t.deepEqual([young.failure?.reason, young.found, young.state.towards], ['wrong-tile', [], undefined]);
  t.regex(young.failure?.detail ?? '', /^tile\/data\/000\.p\/5: entry 4 is younger than the tree$/);
});

test('a log whose first reading fails is read from the same place again, and its failure stays until the end of a tree is reached', async (t) => {
  const { log, fill, needs } = await reading(t, { firstEntries: 600, mostTiles: 1 });
  fill(256 * 5);
  log.publish();
  let state: LogState | undefined;
  const pass = async (at: number) => {
    const passed = await readLog(state, needs);
    state = nextState(state, passed, at);
    return state;
  };
  log.spoil((path, body) => (path === 'checkpoint' ? Buffer.from('none') : body));
  t.like(await pass(1), { failure: { reason: 'not-signed', since: 1 }, behindSince: 1, readAt: undefined });
  log.spoil((path, body) => (path === 'tile/data/003' ? body.subarray(0, 100) : undefined));
  for (let at = 2; at < 8; at++) {
    const { failure, towards } = await pass(at);
    t.like(state, { failure: { since: 1 }, behindSince: 1, readAt: undefined, proved: { size: 0 } });
    t.is(failure?.reason, at < 3 ? 'not-signed' : 'wrong-tile', String(at));
    if (towards) t.true(towards.read.size >= 768, 'not from its first entry on');
  }
  t.false(log.asked.includes('tile/data/000'));
  log.spoil(() => undefined);
  for (let at = 8; at < 12; at++) await pass(at);
  t.deepEqual([state?.proved.size, state?.failure, state?.behindSince], [1280, undefined, undefined]);
  t.true((state?.readAt ?? 0) >= 8);
});

test('of more certificates than are kept on the way to a tree it is said how many are left out', async (t) => {
  const { log, needs } = await reading(t);
  const names = Array.from({ length: 100 }, (_, at) => `${'a'.repeat(60)}.${'b'.repeat(60)}.${at}.example.test`);
  const large = await mint({ names });
  for (let index = 0; index < 400; index++) log.add(large.der);
  log.publish();
  const half = await readLog(undefined, { ...needs, mostTiles: 1 });
  const { towards } = half.state;
  t.is((towards?.found.length ?? 0) + (towards?.leftOut ?? 0), 256);
  const whole = await readLog(half.state, needs);
  t.is(whole.found.length + (whole.leftOut ?? 0), 400);
  t.true(whole.found.length > 100 && JSON.stringify(whole.found).length <= 4 * 1024 * 1024);
  t.is(whole.state.proved.size, 400, 'all of it is proved');
});

test('a log may be asked only where anything outside may be, and answers with no more than it should', async (t) => {
  const { log } = await reading(t);
  const forbidden = connectLog(log.url, new Set(), {});
  t.deepEqual(await forbidden.get('checkpoint'), { ok: false, failure: '127.0.0.1 may not be asked: scan_allow' });
  const named = connectLog(log.url.replace('127.0.0.1', 'localhost'), new Set(), {});
  t.regex(String((await named.get('checkpoint')).ok || ''), /^$/);
  t.deepEqual(log.asked, [], 'nobody came');
  const metadata = connectLog('http://169.254.169.254/', new Set(['private', 'loopback']), {});
  t.is((await metadata.get('checkpoint')).ok, false);
  const allowed = connectLog(log.url, new Set(['loopback']), {});
  t.deepEqual(await allowed.get('tile/0/009'), { ok: false, failure: 'tile/0/009: status 404' });
  log.add(other.der);
  log.publish();
  log.spoil((path) => (path.startsWith('tile/data') ? Buffer.alloc(40 * 1024 * 1024) : undefined));
  t.regex(JSON.stringify(await allowed.get('tile/data/000.p/1')), /too large/);
  for (const { close } of [forbidden, named, metadata, allowed]) close();
});

test('a log is read through the proxy that is set up for this process, which resolves its name', async (t) => {
  const { log } = await reading(t);
  const seen: string[] = [];
  const proxy = createServer((request, response) => {
    seen.push(request.url ?? '');
    const path = new URL(request.url ?? '').pathname.replace('/2026h2/', '');
    get(new URL(path, log.url), (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.teardown(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const { port } = proxy.address() as AddressInfo;
  const environment = { HTTP_PROXY: `http://localhost:${port}`, http_proxy: `http://localhost:${port}` };
  const connection = connectLog('http://log.invalid/2026h2', new Set(), environment);
  t.teardown(connection.close);
  const got = await connection.get('checkpoint');
  t.true(got.ok && Buffer.from(got.value).toString('utf8').startsWith(`${log.origin}\n0\n`));
  t.deepEqual(seen, ['http://log.invalid/2026h2/checkpoint']);
});
