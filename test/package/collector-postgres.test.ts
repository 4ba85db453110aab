import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { run } from '../../scripts/package/programs.ts';
import { certificate, event, snapshot, snapshotFrame } from '../collector/helpers/example-snapshot.ts';
import { endServers, freshDatabase, query } from '../collector/helpers/stores.ts';
import { begin, ended, enrol, readJoin } from '../collector/helpers/wire-agent.ts';
import { packagedFiles } from '../helpers/packaged-files.ts';
import { postgresBinaries } from '../helpers/testbed/postgres.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

// The single binary: its own driver for PostgreSQL, and both stores' migrations out of it. Slow: ./scripts/test --full.

const isFull = process.env['CERTHERD_FULL'] === '1' && postgresBinaries !== undefined;
const full = isFull ? test.serial : test.serial.skip;

test.after.always(endServers);

full(
  'the collector’s binary begins with SQLite, moves to PostgreSQL, and is killed there: its agent goes on',
  async (t) => {
    t.timeout(600_000);
    const { binary } = await packagedFiles({ app: 'collector' });
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const url = await freshDatabase();
    const data = ['--data', join(sandbox.directory, 'data')];
    const settings = (name: string, more: string) => {
      const file = join(sandbox.directory, `${name}.toml`);
      writeFileSync(file, `agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\n${more}`, { mode: 0o600 });
      return ['--config', file, ...data];
    };
    const withFile = settings('file', '');
    const withServer = settings('server', `store = "${url}"\n`);
    const command = async (...words: string[]) => {
      const ran = await run([binary, ...words], {});
      t.is(ran.exit, 0, ran.stderr);
      return ran.stdout;
    };
    let started = 0;
    const serve = async (words: readonly string[]) => {
      const child = sandbox.start(binary, ['serve', ...words], join(sandbox.directory, `serve-${++started}.log`));
      const agents = await until('it serves', () => /^agents: (\S+)$/m.exec(child.output())?.[1], {
        hopeless: () => (child.running() ? undefined : child.output()),
      });
      const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
        child.signal(signal);
        await until('it is gone', () => !child.running());
      };
      return { agents, end };
    };

    const first = await serve(withFile);
    const join_ = readJoin(await command('token', 'create', '--url', first.agents, ...withFile));
    const identity = await enrol(join_, 'web-1');
    const wire = await begin(join_, identity);
    const frame = snapshotFrame(snapshot(certificate('one')));
    wire.send(frame);
    wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1), event(2)] });
    t.is((await wire.next('ack')).seq, 2);
    await ended(wire);
    await first.end('SIGTERM');

    const moved = JSON.parse(await command('move', '--to', url, '--json', ...withFile));
    t.like(moved, { moved: true, tables: { host: 1, event: 2 } });
    const { digest: snapshotDigest } = frame;
    for (const generation of [2, 3]) {
      const served = await serve(withServer);
      const again = await begin({ ...join_, authority: served.agents }, identity, { generation, snapshotDigest });
      t.like(again.welcome, { wantSnapshot: false, ackedSeq: generation });
      again.send({ type: 'events', epoch: 'epoch-0001', events: [event(generation + 1)] });
      t.is((await again.next('ack')).seq, generation + 1);
      await served.end('SIGKILL');
    }
    t.deepEqual(
      (await query(url, 'SELECT seq FROM event ORDER BY id')).map(({ seq }) => Number(seq)),
      [1, 2, 3, 4],
    );
  },
);
