import { execFile } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, readEstate, runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol, refusal } from '../helpers/wire-agent.ts';

const run = promisify(execFile);
const epoch = 'epoch-0001';

test('when nothing can be written no event is acknowledged, pages still read, and all heals by itself', async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\n');
  const data = join(directory, 'data');
  const collector = await spawnCollector(t, ['--config', config, '--data', data]);
  const asked = join(directory, 'asked.toml');
  writeFileSync(asked, `web_listen = "${new URL(collector.web).host}"\n`);
  const health = async () => {
    const child = runCollector(['health', '--config', asked]);
    return [await child.ended, ...child.lines, ...child.complaints].join(' ');
  };
  const invitation = await addToken(data, collector.agents, 3_600_000, Date.now());
  const identity = await enrol(invitation, 'web-1');
  const wire = await begin(invitation, identity);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  wire.send({ type: 'events', epoch, events: [event(1)] });
  t.is((await wire.next('ack')).seq, 1);

  // The kernel refuses every write beyond what the write-ahead log holds now (EFBIG), as a full disk would.
  const limit = (bytes: string) =>
    run('prlimit', ['--pid', String(collector.process.pid), `--fsize=${bytes}:unlimited`]);
  await limit(String(statSync(join(data, 'certherd.db-wal')).size));
  wire.send({ type: 'events', epoch, events: [event(2)] });
  const refused = await refusal(wire);
  t.deepEqual(refused, { frame: { type: 'refused', reason: 'try-later', retryAfterSeconds: 20 }, code: 4008 });
  await t.throwsAsync(wire.next('ack'), { message: /without ack/ });
  const estate = await readEstate(collector.web);
  t.deepEqual(
    estate.events.map(({ seq }) => seq),
    [1],
  );
  t.is(estate.endpoints.length, 1);
  t.is((await fetch(`${collector.web}healthz`)).status, 503);
  t.is(await statusAt(collector.agents, '/healthz'), 503);
  t.is(await statusAt(collector.agents, '/livez'), 200, 'which is no reason to start it again');
  t.regex(
    await health(),
    /^1 certherd-collector: \S+: it answers that nothing can be written: certherd-collector doctor says why$/,
  );
  t.is(collector.process.exitCode, null);

  await limit('unlimited');
  await until('writable again', async () => (await fetch(`${collector.web}healthz`)).status === 200);
  t.regex(await health(), /^0 ok: 127\.0\.0\.1:\d+ answers, and what agents tell is kept$/);
  const again = await begin(invitation, identity, { generation: 2 });
  t.is(again.welcome.ackedSeq, 1);
  again.send({ type: 'events', epoch, events: [event(2)] });
  t.is((await again.next('ack')).seq, 2);

  collector.process.kill('SIGTERM');
  t.is(await collector.ended, 0);
  t.regex(await health(), /^1 certherd-collector: \S+: nobody answers \(ECONNREFUSED\)$/);
});

function statusAt(agents: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = get(`https://${agents}${path}`, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject);
  });
}
