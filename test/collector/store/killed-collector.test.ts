import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import {
  addToken,
  type ChildCollector,
  readEstate,
  spawnCollector,
  temporaryDirectory,
} from '../helpers/real-collector.ts';
import { endServers, freshDatabase, query } from '../helpers/stores.ts';
import { checkKept, heal, tell, type Told } from '../helpers/telling-agent.ts';
import { enrol } from '../helpers/wire-agent.ts';

test.after.always(endServers);

// CERTHERD_SEED names another row of moments; CERTHERD_FULL=1 takes 50 of them.
const kills = process.env['CERTHERD_FULL'] === '1' ? 50 : 6;
const seed = process.env['CERTHERD_SEED'] ?? 'killed-collector';

/** A collector of the fleet, and how to start it again. */
async function member(t: ExecutionContext, directory: string, store: string): Promise<() => Promise<ChildCollector>> {
  const config = join(directory, 'collector.toml');
  const lines = [
    'agent_listen = "127.0.0.1:0"',
    'web_listen = "127.0.0.1:0"',
    `store = "${store}"`,
    'log_level = "error"',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  return () => spawnCollector(t, ['--config', config, '--data', join(directory, 'data')]);
}

test(`${kills} times kill -9 of one of two collectors: agents go on at the other, acked is stored, nothing is doubled`, async (t) => {
  t.timeout(kills * 60_000);
  const store = await freshDatabase();
  const directories = [temporaryDirectory(t), temporaryDirectory(t)] as const;
  const [startOne, startOther] = [await member(t, directories[0], store), await member(t, directories[1], store)];
  let serving = await startOne();
  // Agents trust one key, wherever the load balancer leads them.
  mkdirSync(join(directories[1], 'data'), { mode: 0o700 });
  cpSync(join(directories[0], 'data', 'tls'), join(directories[1], 'data', 'tls'), { recursive: true });
  let standing = await startOther();
  let [startServing, startStanding] = [startOne, startOther];
  const data = join(directories[0], 'data');
  const invitation = await addToken(data, serving.agents, 3_600_000, Date.now(), store);
  const agents: Told[] = [];
  for (let index = 0; index < 3; index++) {
    const identity = await enrol(await addToken(data, serving.agents, 3_600_000, Date.now(), store), `web-${index}`);
    const frame = snapshotFrame(snapshot(certificate(`${index} 0`)));
    agents.push({ name: `web-${index}`, identity, generation: 0, sent: 0, acked: 0, looks: 0, frame });
  }
  for (let round = 0; round < kills; round++) {
    const telling = agents.map((agent) => tell(agent, { ...invitation, authority: serving.agents }));
    await Promise.race(telling.map(({ firstAck }) => firstAck));
    // The fault itself: a moment that the seed names, within what the agents tell meanwhile.
    await pause(random(round) * 100);
    serving.process.kill('SIGKILL');
    await serving.ended;
    await Promise.all(telling.map(({ ended }) => ended));
    for (const agent of agents)
      checkKept(agent, await seqsOf(store, agent), (what, found, expected) =>
        t.deepEqual(found, expected, `seed ${seed}, round ${round}: ${what}`),
      );
    const killed = await startServing();
    [serving, standing] = [standing, killed];
    [startServing, startStanding] = [startStanding, startServing];
  }
  await heal(agents, { ...invitation, authority: serving.agents });
  const truth = agents.map(({ frame }) => frame.snapshot.endpoints[0]?.served);
  for (const { web } of [serving, standing])
    await until('both show what is true now', async () => {
      const { endpoints } = await readEstate(web);
      const served = agents.map(({ name }) => endpoints.find(({ hostName }) => hostName === name)?.served);
      return String(served) === String(truth);
    });
  for (const agent of agents)
    t.is((await seqsOf(store, agent)).length, agent.sent, 'everything that was told is there');
});

async function seqsOf(store: string, { identity }: Told): Promise<number[]> {
  const rows = await query(
    store,
    `SELECT seq FROM event JOIN epoch ON epoch.id = event.epoch JOIN host ON host.id = epoch.host
     WHERE host.agent_id = $1 ORDER BY seq`,
    [identity.agentId],
  );
  return rows.map(({ seq }) => Number(seq));
}

/** 0 to 1, from the seed and the round alone. */
function random(round: number): number {
  return createHash('sha256').update(`${seed} ${round}`).digest().readUInt32BE() / 2 ** 32;
}
