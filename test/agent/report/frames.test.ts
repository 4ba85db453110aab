import { CollectorFrame } from '@certherd/protocol/frame';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { Check } from 'typebox/value';
import { readCollectorFrame } from '../../../agent/report/frames.ts';

const types = CollectorFrame.anyOf.map(({ properties }) => properties.type.const);
const at = new Date(0).toISOString();

/** Fields of several kinds of frame, right ones and wrong ones, under any type. */
const something = fc.record(
  {
    type: fc.oneof(fc.constantFrom(...types, 'hello', 'toString', '__proto__'), fc.anything()),
    at: fc.constantFrom(at, 'noon', 0),
    epoch: fc.constantFrom('e', 7),
    seq: fc.constantFrom(0, 3, -1, 1.5),
    nonce: fc.constantFrom('n', 'A'.repeat(43)),
    reason: fc.constantFrom('revoked', 'unknown'),
    collectorId: fc.constantFrom('c', ''),
    publicKey: fc.string(),
    more: fc.anything(),
  },
  { requiredKeys: [] },
);

/** As they are, with a value that may be wrong. */
const almost = fc.oneof(
  fc.record({ type: fc.constant('heartbeat'), at: fc.constantFrom(at, 'noon', 0) }),
  fc.record({ type: fc.constant('ack'), epoch: fc.constantFrom('e', 7), seq: fc.constantFrom(0, 3, -1, 1.5) }),
  fc.record({ type: fc.constantFrom(...types) }),
);

test('a frame is read where the whole protocol knows it, and nowhere else', (t) => {
  for (const text of ['', '{', 'null', '[]', '"heartbeat"', '{"type":"heartbeat"', '{"type":["heartbeat"]}'])
    t.is(readCollectorFrame(text), undefined, text);
  t.deepEqual(readCollectorFrame(JSON.stringify({ type: 'heartbeat', at })), { type: 'heartbeat', at });
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(something, almost), (frame) => {
      const text = JSON.stringify(frame);
      const value: unknown = JSON.parse(text);
      const known = readCollectorFrame(text);
      t.deepEqual(known as unknown, Check(CollectorFrame, value) ? value : undefined, text);
      if (known) read += 1;
    }),
    { numRuns: 1000 },
  );
  t.true(read > 0);
});
