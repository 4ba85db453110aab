import { sign } from 'node:crypto';
import { rotationStatement } from '@certherd/protocol/session';
import test from 'ava';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { event } from '../helpers/example-snapshot.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import {
  begin,
  connect,
  enrol,
  hello,
  makeKey,
  publicHalf,
  refusal,
  type Wire,
  type WireIdentity,
} from '../helpers/wire-agent.ts';

const newest = { minVersion: 1, maxVersion: 3 };

function wish(wire: Wire, { agentId, key }: WireIdentity, next = makeKey(), nonce = wire.challenge.nonce) {
  const publicKey = publicHalf(next);
  const { collectorId } = wire.challenge;
  const statement = Buffer.from(rotationStatement({ collectorId, collectorNonce: nonce, agentId, publicKey }));
  const by = (one: typeof key) => sign(null, statement, one).toString('base64');
  return { next, frame: { type: 'rotate-key', publicKey, signature: by(key), proof: by(next) } };
}

test('a new key takes the place of the old one in a live session, and the old one proves nothing any more', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const identity = await enrol(join, 'web-1');
  const wire = await begin(join, identity, newest);
  const { next, frame } = wish(wire, identity);
  wire.send(frame);
  t.deepEqual(await wire.next('key-rotated'), { type: 'key-rotated', publicKey: frame.publicKey });
  wire.send(frame);
  t.is((await wire.next('key-rotated')).publicKey, frame.publicKey, 'the same wish gets the same answer');
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  t.is((await wire.next('ack')).seq, 1, 'the session goes on');
  wire.close();
  await wire.closed;

  const old = await connect(join);
  old.send(hello(old, identity, { ...newest, generation: 2 }));
  t.is((await refusal(old)).frame.reason, 'not-authenticated');
  const again = await begin(join, { ...identity, key: next }, { ...newest, generation: 3 });
  t.is(again.welcome.ackedSeq, 1, 'it is the same host');

  const store = openSqliteStore(collector.directory, silentLog);
  if (!store.ok) throw new Error(store.failure.message);
  t.deepEqual(
    (await store.value.changes(identity.agentId)).map(({ kind }) => kind),
    ['host-key-replaced'],
  );
  await store.value.close();
});

const refused: [string, string, (wire: Wire, identity: WireIdentity, other: WireIdentity) => object][] = [
  [
    'signed by a strange key',
    'not-authenticated',
    (wire, { agentId }) => wish(wire, { agentId, key: makeKey() }).frame,
  ],
  [
    'of a key that its sender does not hold',
    'not-authenticated',
    (wire, identity) => ({ ...wish(wire, identity).frame, publicKey: publicHalf(makeKey()) }),
  ],
  [
    'of an earlier connection',
    'not-authenticated',
    (wire, identity) => wish(wire, identity, makeKey(), 'n'.repeat(43)).frame,
  ],
  ['for another host', 'not-authenticated', (wire, { key }, { agentId }) => wish(wire, { agentId, key }).frame],
  ["of another host's key", 'not-authenticated', (wire, identity, other) => wish(wire, identity, other.key).frame],
  [
    'of a key that is none',
    'frame-invalid',
    (wire, identity) => ({ ...wish(wire, identity).frame, publicKey: 'AAAA' }),
  ],
];
for (const [title, reason, frame] of refused)
  test.serial(`a wish ${title} ends the session, and the key stays`, async (t) => {
    const collector = await startTestCollector(t);
    const identity = await enrol(await collector.join(), 'web-1');
    const other = await enrol(await collector.join(), 'web-2');
    const join = await collector.join();
    const wire = await begin(join, identity, newest);
    wire.send(frame(wire, identity, other));
    t.is((await refusal(wire)).frame.reason, reason as never);
    for (const one of [identity, other]) {
      const begun = await begin(join, one, { ...newest, generation: 2 });
      t.is(begun.welcome.type, 'welcome');
    }
  });

test('a session of an older version knows no rotation', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const identity = await enrol(join, 'web-1');
  const wire = await begin(join, identity, { minVersion: 1, maxVersion: 2 });
  wire.send(wish(wire, identity).frame);
  t.is((await refusal(wire)).code, 4006);
});
