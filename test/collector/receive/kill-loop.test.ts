import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import Database from 'better-sqlite3';
import { certificate, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, readEstate, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { until } from '../../helpers/testbed/until.ts';
import { checkKept, heal, tell, type Told } from '../helpers/telling-agent.ts';
import { enrol } from '../helpers/wire-agent.ts';

// CERTHERD_SEED names another row of moments; CERTHERD_FULL=1 takes 500 of them.
const kills = process.env['CERTHERD_FULL'] === '1' ? 500 : 20;
const seed = process.env['CERTHERD_SEED'] ?? 'kill-loop';

test(`${kills} times kill -9 at any moment: acked is stored, nothing is doubled, no hole, and the current state is the truth`, async (t) => {
  t.timeout(kills * 30_000);
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const data = join(directory, 'data');
  const started = () => spawnCollector(t, ['--config', config, '--data', data]);
  let collector = await started();
  const invitation = await addToken(data, collector.agents, 3_600_000, Date.now());
  const agents: Told[] = [];
  for (let index = 0; index < 4; index++) {
    const identity = await enrol(await addToken(data, collector.agents, 3_600_000, Date.now()), `web-${index}`);
    const frame = snapshotFrame(snapshot(certificate(`${index} 0`)));
    agents.push({ name: `web-${index}`, identity, generation: 0, sent: 0, acked: 0, looks: 0, frame });
  }
  for (let round = 0; round < kills; round++) {
    const { agents: authority } = collector;
    const telling = agents.map((agent) => tell(agent, { ...invitation, authority }));
    await Promise.race(telling.map(({ firstAck }) => firstAck));
    // The fault itself: a moment that the seed names, within what four agents tell meanwhile.
    await pause(random(round) * 60);
    collector.process.kill('SIGKILL');
    await collector.ended;
    await Promise.all(telling.map(({ ended }) => ended));
    collector = await started();
    const sql = new Database(join(data, 'certherd.db'), { readonly: true });
    const seqsOf = sql
      .prepare<[string], number>(
        `SELECT seq FROM event JOIN epoch ON epoch.id = event.epoch JOIN host ON host.id = epoch.host WHERE agent_id = ? ORDER BY seq`,
      )
      .pluck();
    for (const agent of agents)
      checkKept(agent, seqsOf.all(agent.identity.agentId), (what, found, expected) =>
        t.deepEqual(found, expected, `seed ${seed}, round ${round}: ${what}`),
      );
    sql.close();
  }
  await heal(agents, { ...invitation, authority: collector.agents });
  const served = async () => {
    const { endpoints } = await readEstate(collector.web);
    return agents.map(({ name }) => endpoints.find(({ hostName }) => hostName === name)?.served);
  };
  const truth = agents.map(({ frame }) => frame.snapshot.endpoints[0]?.served);
  await until('the current state is the truth', async () => String(await served()) === String(truth), {
    deadlineMs: 60_000,
  });
  t.deepEqual(await served(), truth);
  const sql = new Database(join(data, 'certherd.db'), { readonly: true });
  t.is(sql.pragma('integrity_check', { simple: true }), 'ok');
  const stored = sql.prepare('SELECT count(*) FROM event').pluck().get();
  sql.close();
  t.is(
    stored,
    agents.reduce((sum, { sent }) => sum + sent, 0),
    'everything that was ever told is there',
  );
  t.true(
    agents.some(({ sent }) => sent > kills),
    'the agents had much to tell',
  );
});

/** 0 to 1, from the seed and the round alone. */
function random(round: number): number {
  return createHash('sha256').update(`${seed} ${round}`).digest().readUInt32BE() / 2 ** 32;
}
