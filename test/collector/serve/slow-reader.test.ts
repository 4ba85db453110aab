import { EventEmitter } from 'node:events';
import { createServer, get } from 'node:http';
import test from 'ava';
import { createLive, type Follower } from '../../../collector/serve/live.ts';
import { until } from '../../helpers/testbed/until.ts';
import { handClock } from '../helpers/hand-clock.ts';

test('a page that does not read is dropped, and another one is not', async (t) => {
  const clock = handClock(0);
  const live = createLive(clock);
  const server = createServer((_, response) => {
    live.follow(response, undefined);
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
  reader.on('data', (text) => (heard += String(text).length));
  await until('both follow', () => live.followers() === 2);
  await until('the slow one is dropped', () => {
    for (let i = 0; i < 250; i++) {
      live.publish('unreadable');
      clock.advance(50);
    }
    return live.followers() === 1;
  });
  const before = heard;
  live.publish('unreadable');
  clock.advance(50);
  await until('the reader still hears', () => heard > before);
  t.is(live.followers(), 1);
});

test('a hundred changes at once are one message', async (t) => {
  const clock = handClock(0);
  const live = createLive(clock);
  const written: string[] = [];
  const response: Follower = Object.assign(new EventEmitter(), {
    write: (text: string) => written.push(text) > 0,
    writableLength: 0,
    end() {},
    destroy() {},
  });
  live.follow(response, undefined);
  written.length = 0;
  for (let i = 0; i < 100; i++) live.publish('unreadable');
  clock.advance(50);
  t.is(written.length, 1);
});

test('a page hears a tick every two seconds', (t) => {
  const clock = handClock(0);
  const live = createLive(clock);
  const written: string[] = [];
  const response: Follower = Object.assign(new EventEmitter(), {
    write: (text: string) => written.push(text) > 0,
    writableLength: 0,
    end() {},
    destroy() {},
  });
  live.follow(response, undefined);
  written.length = 0;
  clock.advance(6_000);
  t.deepEqual(
    written,
    [2, 4, 6].map((second) => `event: tick\ndata: {"at":"1970-01-01T00:00:0${second}.000Z"}\n\n`),
  );
});
