import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { EventView } from '../../../collector/serve/estate.ts';
import { event } from '../helpers/example-snapshot.ts';
import { addToken, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol, type Wire } from '../helpers/wire-agent.ts';

const epoch = 'epoch-0001';
const total = 600;
const batch = 10;

test('events acknowledged before kill -9 are all there, and what is resent is kept once', async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const data = join(directory, 'data');
  let collector = await spawnCollector(t, ['--config', config, '--data', data]);
  const join_ = await addToken(data, collector.agents, 3_600_000, Date.now());
  const identity = await enrol(join_, 'web-1');
  let acked = 0;
  let kills = 0;
  for (let generation = 1; acked < total; generation++) {
    const wire = await begin({ ...join_, authority: collector.agents }, identity, { generation });
    t.true(wire.welcome.ackedSeq >= acked, 'what was acknowledged is kept');
    acked = wire.welcome.ackedSeq;
    const stop = kills < 3 ? acked + 100 : total;
    acked = await sendUntil(wire, acked, stop);
    if (acked >= total) break;
    // More is on its way, unacknowledged, when the process dies.
    for (let seq = acked + 1; seq <= acked + 200; seq += batch) wire.send(events(seq));
    collector.process.kill('SIGKILL');
    kills++;
    await collector.ended;
    collector = await spawnCollector(t, ['--config', config, '--data', data]);
  }
  const kept: EventView[] = [];
  for (let after = 0; ; ) {
    const page: {
      items: EventView[];
      next: number;
    } = await (await fetch(`${collector.web}api/v1/events?after=${after}&limit=250`)).json();
    if (page.items.length === 0) break;
    kept.push(...page.items);
    after = page.next;
  }
  t.is(kills, 3);
  t.deepEqual(
    kept.map(({ seq }) => seq).sort((a, b) => a - b),
    Array.from({ length: kept.length }, (_, i) => i + 1),
  );
  t.true(kept.length >= total);
  collector.process.kill('SIGTERM');
  t.is(await collector.ended, 0);
});

function events(from: number): object {
  return { type: 'events', epoch, events: Array.from({ length: batch }, (_, index) => event(from + index)) };
}

/** Sends batch after batch, each after the last one's ack; the last acknowledged seq. */
async function sendUntil(wire: Wire, from: number, to: number): Promise<number> {
  let acked = from;
  while (acked < to) {
    wire.send(events(acked + 1));
    acked = (await wire.next('ack')).seq;
  }
  return acked;
}
