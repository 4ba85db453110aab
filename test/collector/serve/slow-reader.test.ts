import { EventEmitter } from 'node:events';
import { createServer, get } from 'node:http';
import test from 'ava';
import type { EstateChange } from '../../../collector/serve/estate-change.ts';
import { createLive, type Follower } from '../../../collector/serve/live.ts';
import { until } from '../../helpers/testbed/until.ts';
import { handClock } from '../helpers/hand-clock.ts';

const somewhere = { address: '192.0.2.1', user: undefined };

test('a page that does not read is dropped, and another one is not', async (t) => {
  const clock = handClock(0);
  const live = createLive(clock);
  const server = createServer((_, response) => {
    live.follow(response, undefined, somewhere);
  }).listen(0, '127.0.0.1');
  t.teardown(() => {
    live.close();
    server.closeAllConnections();
    server.close();
  });
  await EventEmitter.once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const open = () =>
    new Promise<import('node:http').IncomingMessage>((resolve) => {
      get({ host: '127.0.0.1', port, agent: false }, resolve).on('error', () => {});
    });
  const slow = await open();
  slow.on('error', () => {});
  slow.pause();
  const reader = await open();
  let heard = 0;
  let revision = 1;
  reader.on('data', (text) => (heard += String(text).length));
  await until('both follow', () => live.followers() === 2);
  await until('the slow one is dropped', () => {
    live.publish(change(400_000), ++revision);
    return live.followers() === 1;
  });
  const before = heard;
  live.publish(change(1), ++revision);
  await until('the reader still hears', () => heard > before);
  t.is(live.followers(), 1);
});

test('each change is written once for all who follow, and who comes back gets what it missed', (t) => {
  const live = createLive(handClock(0));
  const [one, other] = [reader(), reader()];
  live.follow(one, undefined, somewhere);
  live.follow(other, undefined, somewhere);
  t.deepEqual(one.events(), ['tick', 'reset']);
  for (const revision of [2, 3, 4]) live.publish(change(revision), revision);
  t.deepEqual(one.events().slice(2), ['change', 'change', 'change']);
  t.is(one.written.at(-1), other.written.at(-1), 'the same bytes, not a copy of them');

  const back = reader();
  live.follow(back, live.idOf(2), somewhere);
  t.deepEqual(back.events(), ['tick', 'change', 'change']);
  t.is(back.written.at(-1), one.written.at(-1));
  for (const id of [live.idOf(5), live.idOf(4).replace(/^./, 'x'), '', 'x-1', `${live.idOf(4)}0`]) {
    const lost = reader();
    live.follow(lost, id, somewhere);
    t.deepEqual(lost.events(), ['tick', 'reset'], id);
  }
  const knowing = reader();
  live.follow(knowing, live.idOf(4), somewhere);
  t.deepEqual(knowing.events(), ['tick']);
});

test('who missed more than is kept, or a change that is larger than the estate is worth, reads it again', (t) => {
  const live = createLive(handClock(0));
  for (let revision = 2; revision <= 30; revision++) live.publish(change(600_000), revision);
  const late = reader();
  live.follow(late, live.idOf(2), somewhere);
  t.deepEqual(late.events(), ['tick', 'reset']);
  const soon = reader();
  live.follow(soon, live.idOf(28), somewhere);
  t.deepEqual(soon.events(), ['tick', 'change', 'change']);
  live.publish(change(2_000_000), 31);
  live.publish('unreadable', 31);
  live.publish(change(1), 32);
  t.deepEqual(soon.events().slice(3), ['reset', 'reset', 'change']);
  t.regex(soon.text(), /"unreadable":true/);
  const back = reader();
  live.follow(back, live.idOf(31), somewhere);
  t.deepEqual(back.events(), ['tick', 'change']);
});

test('a page hears a tick every two seconds', (t) => {
  const clock = handClock(0);
  const live = createLive(clock);
  const response = reader();
  live.follow(response, undefined, somewhere);
  const { length } = response.text();
  clock.advance(6_000);
  t.is(
    response.text().slice(length),
    [2, 4, 6].map((second) => `event: tick\ndata: {"at":"1970-01-01T00:00:0${second}.000Z"}\n\n`).join(''),
  );
});

test('a page that left while it was looked up does not follow', (t) => {
  const live = createLive(handClock(0));
  t.teardown(live.close);
  const gone = reader();
  t.false(live.follow(Object.assign(gone, { destroyed: true }), undefined, somewhere));
  t.is(live.followers(), 0);
  t.deepEqual(gone.written, []);
});

/** A change of about so many bytes. */
function change(bytes: number): EstateChange {
  return {
    at: '1970-01-01T00:00:00.000Z',
    hosts: [],
    heard: [],
    certificates: [],
    gone: ['x'.repeat(bytes)],
    events: [],
  };
}

function reader() {
  const written: Uint8Array[] = [];
  const response: Follower = Object.assign(new EventEmitter(), {
    write: (text: Uint8Array) => written.push(text) > 0,
    writableLength: 0,
    destroyed: false,
    end() {},
    destroy() {},
  });
  const text = () => Buffer.concat(written).toString();
  return Object.assign(response, {
    written,
    text,
    events: () => [...text().matchAll(/^event: (\w+)$/gm)].map(([, name]) => name ?? ''),
  });
}
