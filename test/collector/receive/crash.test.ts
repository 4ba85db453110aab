import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { injectInto } from '../helpers/injected.ts';
import { addToken, readEstate, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const epoch = 'epoch-0001';

test('killed after it wrote its commit and before it acked, a collector has what was told: what is resent is kept once', async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const data = join(directory, 'data');
  const serve = () => spawnCollector(t, ['--config', config, '--data', data]);
  let collector = await serve();
  const invitation = await addToken(data, collector.agents, 3_600_000, Date.now());
  const identity = await enrol(invitation, 'web-1');
  const session = (generation: number) =>
    begin({ ...invitation, authority: collector.agents }, identity, { generation });
  let wire = await session(1);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  wire.send({ type: 'events', epoch, events: [event(1)] });
  let acked = (await wire.next('ack')).seq;
  // Another commit may come first and take the kill: the next round has it then.
  for (let generation = 2, isBetween = false; !isBetween; generation++) {
    t.true(generation < 10);
    const log = join(directory, `trace-${generation}`);
    // A commit's last page is written, and no flush of it begins (SQLite's wal.c); without a flush there is no ack.
    await injectInto(t, collector.process.pid, 'fsync,fdatasync:signal=KILL:when=1', log);
    wire.send({ type: 'events', epoch, events: [event(acked + 1), event(acked + 2)] });
    await t.throwsAsync(wire.next('ack'), { message: /without ack/ });
    await until('it is killed', () => collector.process.signalCode === 'SIGKILL');
    await collector.ended;
    t.regex(
      readFileSync(log, 'utf8'),
      /pwrite64\(.*\n(?:.*\n)*?\d+ +f(?:data)?sync\(/,
      'as it was to flush what it had written',
    );
    collector = await serve();
    wire = await session(generation);
    isBetween = wire.welcome.ackedSeq === acked + 2;
    t.true(isBetween || wire.welcome.ackedSeq === acked);
  }
  // The agent never heard of it.
  wire.send({ type: 'events', epoch, events: [event(acked + 1), event(acked + 2), event(acked + 3)] });
  acked = (await wire.next('ack')).seq;
  const { events, endpoints } = await readEstate(collector.web);
  t.deepEqual(
    events.map(({ seq }) => seq),
    [4, 3, 2, 1],
  );
  t.is(acked, 4);
  t.is(endpoints[0]?.served, certificate('one').fingerprint);
});
