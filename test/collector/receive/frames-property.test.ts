import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentFrame, closeCodes, EventsFrame } from '@certherd/protocol/frame';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { Compile } from 'typebox/compile';
import { createFrameReader } from '../../../collector/receive/frames.ts';
import { readToldEvents, toldEvents } from '../../../collector/receive/told-events.ts';
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
        const { value: one } = frame;
        t.true(
          check.Check(one.type === 'events' ? { ...one, events: one.events.map(({ body }) => JSON.parse(body)) } : one),
        );
      } else {
        t.true(frame.failure.length < 300);
        t.false(/canary-7f3a/.test(frame.failure.replace(/^[^:]*/, '')));
      }
    }),
    { numRuns: 3000 },
  );
  t.true(taken > 100, `${taken} were frames`);
});

/** Mostly `right`, so that a whole event is. */
const mostly = <T>(right: T, ...wrong: T[]) =>
  fc.oneof({ weight: 19, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: fc.constantFrom(right, ...wrong) });
const words = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.string({
      unit: fc.constantFrom('"', '\\', '\n', 'a', '}', ']', ',', 'é', '\u{1F512}', '\ud800', '\0'),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(64), 'x'.repeat(3700), '"},{"seq":2', '__proto__', 'request') },
  { weight: 1, arbitrary: mostly('x', 'x'.repeat(65), 'x'.repeat(4001)) },
);
const oneStep = fc.record(
  {
    step: mostly('reload', 'x'.repeat(65), '\n'),
    ok: fc.boolean(),
    durationMs: fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), mostly(1, 1e21, -0)),
    detail: words,
  },
  { requiredKeys: ['step', 'ok', 'durationMs'] },
);
const oneEvent = fc.record({
  seq: mostly(7, 2 ** 53 - 1, 999_999_999_999_999, -1, 1.5),
  at: mostly('2026-11-23T21:43:35.000Z', '2026-13-01T00:00:00.000Z', '2026-11-23T21:43:35Z'),
  kind: mostly('renewal', 'k'.repeat(64), 'k'.repeat(65), 'K'),
  subject: fc.record({ kind: mostly('host', 'other'), id: words }),
  ok: mostly<unknown>(true, false, 1),
  summary: words,
  detail: fc.dictionary(mostly('request', 'refused', '__proto__', 'x'.repeat(65), '"'), words, { maxKeys: 2 }),
  steps: fc.oneof({ weight: 9, arbitrary: fc.array(oneStep, { maxLength: 2 }) }, mostly(stepsOf(50), stepsOf(51))),
});
const eventsFrame = fc
  .array(oneEvent, { maxLength: 3 })
  .map((events) => JSON.stringify({ type: 'events', epoch: 'epoch-0001', events }));
/** And such a frame with a few characters of it gone, or others in their place. */
const brokenFrame = fc
  .tuple(
    eventsFrame,
    fc.nat(),
    fc.nat(3),
    fc.constantFrom('', '"', ',', '}', ' ', '\\', '\\u0022', '"a":1,', '"request":"id",', '0'),
  )
  .map(([text, at, gone, put]) => {
    const from = at % text.length;
    return text.slice(0, from) + put + text.slice(from + gone);
  });

test('a frame of events that is read from its text alone is one of its schema, and reads as it does by the schema', (t) => {
  const check = Compile(EventsFrame);
  let quick = 0;
  let slow = 0;
  fc.assert(
    fc.property(fc.oneof(eventsFrame, brokenFrame, altered), (text) => {
      const read = readToldEvents(text);
      if (!read) {
        slow += 1;
        return;
      }
      quick += 1;
      const whole: unknown = JSON.parse(text);
      if (!check.Check(whole)) return t.fail(text);
      const bodies = read.events.map(({ body }): unknown => JSON.parse(body));
      t.deepEqual(bodies, whole.events);
      t.deepEqual(
        read.events.map((one, index) => ({ ...one, body: JSON.stringify(bodies[index]) })),
        toldEvents(whole).events,
      );
    }),
    { numRuns: 3000 },
  );
  t.true(quick > 100 && slow > 100, `${quick} were read from their text, ${slow} were not`);
});

test('what agents tell is read from its text, whatever stands in it', (t) => {
  const text = 'He said "no"\n\u0000 é \u{1F512} \\';
  const full = event(7, {
    subject: { kind: 'lineage', id: text },
    summary: text,
    detail: { request: 'id', refused: text },
    steps: [{ step: 'reload', ok: false, durationMs: 0.125, detail: text }],
  });
  const frame = { type: 'events' as const, epoch: 'epoch-0001', events: [full, event(8)] };
  t.deepEqual(readToldEvents(JSON.stringify(frame)), toldEvents(frame));
  t.is(
    readToldEvents(JSON.stringify({ ...frame, events: Array.from({ length: 1001 }, (_, at) => event(at + 1)) })),
    undefined,
  );
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

function stepsOf(count: number): object[] {
  return Array.from({ length: count }, () => ({ step: 'reload', ok: true, durationMs: 1 }));
}
