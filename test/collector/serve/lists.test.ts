import test from 'ava';
import { cursorOf, keyOf, pageOf } from '../../../collector/serve/api/paging.ts';
import fc from '../../helpers/properties.ts';
import { get, smallFleet } from '../helpers/small-fleet.ts';

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

test('others have their turn while hosts are looked into that have nothing', async (t) => {
  let turns = 0;
  const next = setImmediate(() => (turns += 1));
  t.teardown(() => clearImmediate(next));
  const hosts = Array.from({ length: 200 }, () => 'host' as const);
  t.deepEqual(await pageOf<number>([...hosts, { item: 1, key: [1] }], 5, () => true), { items: [1] });
  t.is(turns, 1);
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

function withoutTimes(items: readonly unknown[]): unknown[] {
  const texts: unknown = JSON.parse(
    JSON.stringify(items, (name, value: unknown) => (/^(?:lastHeard|observed)At$/.test(name) ? '' : value)),
  );
  return Array.isArray(texts) ? texts : [];
}
