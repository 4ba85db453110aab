import fs from 'node:fs';
import path from 'node:path';
import { formatJoin } from '@certherd/protocol/join';
import test from 'ava';
import { startTestCollector } from '../collector/helpers/real-collector.ts';
import { plainEnvironment } from '../helpers/testbed/children.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
/** All by which an enrolment leaves the process: into its files, to the collector, to the terminal. */
const leaving = 'write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2,mkdir';
/** Far above what an enrolment takes. */
const mostCalls = 100;

test('killed at whatever point of its enrolment, a host enrols with the same join string, once', async (t) => {
  t.timeout(600_000);
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const collector = await startTestCollector(t);
  const killed = { before: 0, after: 0 };
  for (let call = 1; ; call++) {
    t.true(call < mostCalls);
    const directory = sandbox.folder(`host-${call}`);
    const config = path.join(directory, 'agent.toml');
    fs.writeFileSync(config, `host_name = "host-${call}"\nstate_directory = "${directory}/state"\n`);
    const enroll = [program, 'enroll', formatJoin(await collector.join()), '--json', '--config', config];
    const inject = ['-f', '-qq', '-o', '/dev/null', '-e', `inject=${leaving}:signal=KILL:when=${call}`];
    // What Node itself would write at the end of a run is none of its calls.
    const first = await sandbox.run('/usr/bin/strace', [...inject, process.execPath, ...enroll], {
      env: plainEnvironment,
    });
    const namesake = async () => (await collector.estate()).hosts.filter(({ name }) => name === `host-${call}`);
    const wasSent = (await namesake()).length > 0;
    const second = await sandbox.run(process.execPath, enroll);
    t.is(second.exit, 0, `after a kill at call ${call}: ${second.stderr}`);
    const { agentId } = JSON.parse(second.stdout) as { agentId: string };
    const kept = JSON.parse(fs.readFileSync(`${directory}/state/enrolment.json`, 'utf8')) as { agentId: string };
    t.deepEqual(
      (await namesake()).map((host) => host.agentId),
      [agentId],
      `after a kill at call ${call} there is one host`,
    );
    t.is(kept.agentId, agentId);
    t.deepEqual(
      fs.readdirSync(`${directory}/state`).filter((name) => fs.statSync(`${directory}/state/${name}`).mode & 0o077),
      [],
      'and nothing that others may read',
    );
    if (first.exit === 0) break;
    killed[wasSent ? 'after' : 'before'] += 1;
  }
  t.true(killed.before >= 3 && killed.after >= 2, JSON.stringify(killed));
});
