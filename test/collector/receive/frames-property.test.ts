import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentFrame, closeCodes } from '@certherd/protocol/frame';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { Compile } from 'typebox/compile';
import { createFrameReader } from '../../../collector/receive/frames.ts';
import { event } from '../helpers/example-snapshot.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { begin, connect, enrol, hello, type Wire } from '../helpers/wire-agent.ts';

const folder = join(import.meta.dirname, '../../fixtures/messages/v4');
const golden: unknown[] = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
const documented = new Set([...Object.values(closeCodes), 1002, 1007, 1008, 1009]);
/** No status: the other end only answered our own close. */
const ourOwn = 1005;
/** In no frame, and in no message about one. */
const marker = 'canary-7f3a';

const value = fc.oneof(
  fc.json().map((text): unknown => JSON.parse(text)),
  fc.constantFrom<unknown>(null, -1, 2 ** 60, 1e308, '', marker, [], {}, marker.repeat(1000), [[[[]]]]),
);

/** A frame as it should be, with up to three places in it taken out, put in, or changed. */
const altered = fc
  .tuple(
    fc.constantFrom(...golden),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'drop', 'add', 'proto'), value), { maxLength: 3 }),
  )
  .map(([frame, changes]) => {
    const copy = structuredClone(frame);
    for (const [place, change, content] of changes) alter(copy, place, change, structuredClone(content));
    return JSON.stringify(copy);
  });
const cut = fc.tuple(altered, fc.nat()).map(([text, at]) => text.slice(0, at % text.length));
const anyText = fc.oneof({ weight: 5, arbitrary: altered }, { weight: 1, arbitrary: cut }, fc.string(), fc.json());

test('whatever text comes, it is a frame of its schema, or a reason that repeats nothing of it', (t) => {
  const read = createFrameReader();
  const check = Compile(AgentFrame);
  let taken = 0;
  fc.assert(
    fc.property(anyText, (text) => {
      const frame = read(text);
      if (frame.ok) {
        taken += 1;
        t.true(check.Check(frame.value));
      } else {
        t.true(frame.failure.length < 300);
        t.false(/canary-7f3a/.test(frame.failure.replace(/^[^:]*/, '')));
      }
    }),
    { numRuns: 3000 },
  );
  t.true(taken > 100, `${taken} were frames`);
});

test('whatever frames come in whatever order, a connection goes on or ends with a documented code, and its neighbour notices nothing', async (t) => {
  const collector = await startTestCollector(t);
  const invitation = await collector.join();
  const neighbour = await begin(invitation, await enrol(invitation, 'neighbour'));
  const identity = await enrol(await collector.join(), 'web-1');
  let generation = 0;
  let seq = 0;
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(anyText, { minLength: 1, maxLength: 8 }), async (proved, texts) => {
      const wire = await connect(invitation);
      if (proved) {
        wire.send(hello(wire, identity, { generation: ++generation, minVersion: 1, maxVersion: 4 }));
        await wire.next('welcome');
      }
      for (const text of texts) wire.sendText(text);
      await answered(wire);
      neighbour.send({ type: 'events', epoch: 'epoch-0001', events: [event(++seq)] });
      t.is((await neighbour.next('ack')).seq, seq);
      wire.close();
      const code = await wire.closed;
      if (code === ourOwn) return;
      ended += 1;
      t.true(documented.has(code), `${code}`);
    }),
    { numRuns: 120 },
  );
  t.true(ended > 20, `${ended} connections were ended`);
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  const counts = [...metrics.matchAll(/^certherd_refusals_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  const total = counts.reduce((sum, count) => sum + count, 0);
  t.true(total >= ended, `${ended} ends, ${total} counted`);
  t.is((await collector.estate()).hosts.length, 2, 'nobody came into being');
});

/** The connection ended, or a ping was answered: that comes after all that was sent before it was read. */
async function answered(wire: Wire): Promise<void> {
  const pong = new Promise<void>((resolve) => wire.socket.once('pong', () => resolve()));
  if (wire.socket.readyState === wire.socket.OPEN) wire.socket.ping();
  await Promise.race([wire.closed, pong]);
}

function alter(root: unknown, place: number, change: string, content: unknown): void {
  const holders: object[] = [];
  const visit = (one: unknown) => {
    if (typeof one !== 'object' || one === null) return;
    holders.push(one);
    Object.values(one).forEach(visit);
  };
  visit(root);
  const holder = holders[place % holders.length];
  const keys = Object.keys(holder ?? {});
  const key = keys[place % Math.max(1, keys.length)];
  if (!holder) return;
  if (change === 'proto')
    Object.defineProperty(holder, '__proto__', {
      value: content,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else if (change === 'add') Object.assign(holder, { [marker]: content });
  else if (key !== undefined && change === 'drop') Reflect.deleteProperty(holder, key);
  else if (key !== undefined) Reflect.set(holder, key, content);
}
