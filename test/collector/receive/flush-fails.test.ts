import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { injectInto } from '../helpers/injected.ts';
import { addToken, readEstate, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, connect, enrol, hello, refusal } from '../helpers/wire-agent.ts';

const epoch = 'epoch-0001';

test('while flushes to disk fail nothing is acknowledged and pages still read; afterwards all goes on, and a kill finds nothing lost or doubled', async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const data = join(directory, 'data');
  const serve = () => spawnCollector(t, ['--config', config, '--data', data]);
  let collector = await serve();
  const invitation = await addToken(data, collector.agents, 3_600_000, Date.now());
  const identity = await enrol(invitation, 'web-1');
  const wire = await begin(invitation, identity);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  wire.send({ type: 'events', epoch, events: [event(1)] });
  t.is((await wire.next('ack')).seq, 1);

  const log = join(directory, 'trace');
  const heal = await injectInto(t, collector.process.pid, 'fsync,fdatasync,sync_file_range:error=EIO', log);
  wire.send({ type: 'events', epoch, events: [event(2)] });
  await t.throwsAsync(wire.next('ack'), { message: /without ack/ });
  t.like(await refusal(wire), { code: 4008, frame: { reason: 'try-later' } });
  const early = await connect(invitation);
  early.send(hello(early, identity, { generation: 2 }));
  t.is((await refusal(early)).frame.reason, 'try-later', 'nor is a session begun');
  t.deepEqual(
    (await readEstate(collector.web)).events.map(({ seq }) => seq),
    [1],
  );
  await until('it says so', async () => (await fetch(`${collector.web}healthz`)).status === 503);
  t.regex(readFileSync(log, 'utf8'), /EIO .*INJECTED/);

  await heal();
  await until('it can be written again', async () => (await fetch(`${collector.web}healthz`)).status === 200);
  const again = await begin(invitation, identity, { generation: 3 });
  t.is(again.welcome.ackedSeq, 1);
  again.send({ type: 'events', epoch, events: [event(2), event(3)] });
  t.is((await again.next('ack')).seq, 3);
  collector.process.kill('SIGKILL');
  await collector.ended;
  collector = await serve();
  const { events, endpoints } = await readEstate(collector.web);
  t.deepEqual(
    events.map(({ seq }) => seq),
    [3, 2, 1],
  );
  t.is(endpoints.length, 1);
});
