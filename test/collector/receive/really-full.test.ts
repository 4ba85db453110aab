import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { readEstate, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol, readJoin, refusal } from '../helpers/wire-agent.ts';

const main = join(import.meta.dirname, '../../../collector/main.ts');
const epoch = 'epoch-0001';

test('on a disk that is really full nothing is acknowledged, pages still read, and all heals once there is room', async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  const data = join(directory, 'data');
  mkdirSync(data);
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const common = ['--config', config, '--data', data];
  // The file system is the collector's own: commands enter its mount namespace by its process.
  const script = join(directory, 'serve.ts');
  writeFileSync(
    script,
    `import { execFileSync } from 'node:child_process';
     execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=700', 'tmpfs', ${JSON.stringify(data)}]);
     process.argv.splice(2, process.argv.length, 'serve', ...${JSON.stringify(common)});
     await import(${JSON.stringify(main)});`,
  );
  const child = spawn('unshare', ['--mount', process.execPath, script], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const web = await until('it serves', () => lines.find((line) => line.startsWith('web: '))?.slice(5), {
    deadlineMs: 60_000,
  });
  const inside = async (...argv: string[]) => {
    const entered = spawn('nsenter', ['--mount', '--target', String(child.pid), ...argv], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const out: Buffer[] = [];
    entered.stdout.on('data', (part: Buffer) => out.push(part));
    await once(entered, 'close');
    return Buffer.concat(out).toString().trim();
  };
  const invitation = readJoin(await inside(process.execPath, main, 'token', 'create', ...common));
  const authority = lines.find((line) => line.startsWith('agents: '))?.slice(8) ?? '';
  const local = { ...invitation, authority };
  const identity = await enrol(local, 'web-1');
  const wire = await begin(local, identity);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  await until('the snapshot is kept', async () => (await readEstate(web)).endpoints.length === 1);
  // What fills it is another's: the database cannot know how much room there is.
  await inside('dd', 'if=/dev/zero', `of=${data}/filler`, 'bs=64k', 'count=1000', 'status=none');
  let acked = 0;
  const steps = [{ step: 'log', ok: true, durationMs: 1, detail: 'x'.repeat(4000) }];
  const tell = async () => {
    for (let seq = 1; ; seq++) {
      wire.send({ type: 'events', epoch, events: [event(seq, { steps })] });
      acked = (await wire.next('ack')).seq;
    }
  };
  await t.throwsAsync(tell(), { message: /without ack/ });
  t.like(await refusal(wire), { code: 4008, frame: { reason: 'try-later', retryAfterSeconds: 20 } });
  const estate = await readEstate(web);
  t.is(estate.endpoints.length, 1);
  t.is(Math.max(0, ...estate.events.map(({ seq }) => seq)), acked, 'what is shown is what was acknowledged');

  await inside('rm', `${data}/filler`);
  await until('writable again', async () => (await fetch(`${web}healthz`)).status === 200);
  const again = await begin(local, identity, { generation: 2 });
  t.is(again.welcome.ackedSeq, acked);
  again.send({ type: 'events', epoch, events: [event(acked + 1)] });
  t.is((await again.next('ack')).seq, acked + 1);
  again.close();
});
