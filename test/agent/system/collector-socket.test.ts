import fs from 'node:fs';
import test from 'ava';
import { collectorSocketOpener } from '../../../agent/system/collector-socket.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { startHostileCollector } from '../../helpers/hostile-collector.ts';

test('a collector that reads nothing is left before what waits for it has grown beyond a few frames', async (t) => {
  const directory = testDirectory(t);
  const collector = await startHostileCollector(t, directory, directory);
  const { authority, pin } = JSON.parse(fs.readFileSync(`${directory}/enrolment.json`, 'utf8')) as Record<
    'authority' | 'pin',
    string
  >;
  const opened = await collectorSocketOpener([], {})({ authority, pin });
  if (!opened.ok) throw new Error(opened.failure.detail);
  const socket = opened.value;
  let isClosed = false;
  void socket.closed.then(() => {
    isClosed = true;
  });
  socket.send('{"type":"hello"}');
  (await collector.connected()).pause();
  const frame = 'x'.repeat(1024 * 1024);
  let sent = 0;
  for (; !isClosed && sent < 64; sent++) {
    socket.send(frame);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await socket.closed;
  t.true(sent < 64, `${sent} MiB`);
});
