import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import Database from 'better-sqlite3';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, readEstate, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { until } from '../../helpers/testbed/until.ts';
import { begin, enrol, type Wire, type WireIdentity } from '../helpers/wire-agent.ts';

// CERTHERD_SEED names another row of moments; CERTHERD_FULL=1 takes 500 of them.
const kills = process.env['CERTHERD_FULL'] === '1' ? 500 : 20;
const seed = process.env['CERTHERD_SEED'] ?? 'kill-loop';
const epoch = 'epoch-0001';
const batch = 5;

/** What one agent knows of itself: the ground truth. */
interface Told {
  name: string;
  identity: WireIdentity;
  generation: number;
  sent: number;
  acked: number;
  looks: number;
  frame: ReturnType<typeof snapshotFrame>;
}

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
    check(data, agents, (what, found, expected) =>
      t.deepEqual(found, expected, `seed ${seed}, round ${round}: ${what}`),
    );
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

/** One session: goes on from the collector's ack, then tells looks and events until the connection is gone. */
function tell(agent: Told, invitation: Parameters<typeof begin>[0]): { firstAck: Promise<void>; ended: Promise<void> } {
  let acked = () => {};
  const firstAck = new Promise<void>((resolve) => {
    acked = resolve;
  });
  const ended = (async () => {
    let wire: Wire | undefined;
    try {
      const started = await begin(invitation, agent.identity, hello(agent));
      wire = started;
      agent.acked = Math.max(agent.acked, started.welcome.ackedSeq);
      if (started.welcome.wantSnapshot) started.send(agent.frame);
      let next = started.welcome.ackedSeq + 1;
      for (;;) {
        // Two batches are always on their way.
        while (next <= agent.acked + 2 * batch) {
          agent.frame = snapshotFrame(snapshot(certificate(`${agent.name} ${++agent.looks}`)));
          started.send(agent.frame);
          started.send({
            type: 'events',
            epoch,
            events: Array.from({ length: batch }, (_, index) => event(next + index)),
          });
          next += batch;
          agent.sent = Math.max(agent.sent, next - 1);
        }
        agent.acked = Math.max(agent.acked, (await started.next('ack')).seq);
        acked();
      }
    } catch {
      // The collector was killed.
    } finally {
      wire?.socket.terminate();
    }
  })();
  return { firstAck, ended };
}

function hello(agent: Told) {
  return { generation: ++agent.generation, hostName: agent.name, snapshotDigest: agent.frame.digest };
}

function check(
  data: string,
  agents: readonly Told[],
  same: (what: string, found: unknown, expected: unknown) => void,
): void {
  const sql = new Database(join(data, 'certherd.db'), { readonly: true });
  const seqsOf = sql
    .prepare<[string], number>(
      `SELECT seq FROM event JOIN epoch ON epoch.id = event.epoch JOIN host ON host.id = epoch.host WHERE agent_id = ? ORDER BY seq`,
    )
    .pluck();
  for (const { identity, name, acked, sent } of agents) {
    const seqs = seqsOf.all(identity.agentId);
    same(
      `${name} has no hole and nothing twice`,
      seqs,
      Array.from({ length: seqs.length }, (_, index) => index + 1),
    );
    same(
      `${name}: what was acked is stored, and no more than was sent`,
      seqs.length >= acked && seqs.length <= sent,
      true,
    );
  }
  sql.close();
}

/** Everybody tells what is left, until the collector has it. */
async function heal(agents: Told[], invitation: Parameters<typeof begin>[0]): Promise<void> {
  for (const agent of agents) {
    const wire = await begin(invitation, agent.identity, hello(agent));
    if (wire.welcome.wantSnapshot) wire.send(agent.frame);
    for (let seq = wire.welcome.ackedSeq + 1; seq <= agent.sent; seq += batch)
      wire.send({ type: 'events', epoch, events: Array.from({ length: batch }, (_, index) => event(seq + index)) });
    if (wire.welcome.ackedSeq < agent.sent)
      await until('all is acked', async () => (await wire.next('ack')).seq === agent.sent);
    agent.acked = agent.sent;
    wire.close();
    await wire.closed;
  }
}

/** 0 to 1, from the seed and the round alone. */
function random(round: number): number {
  return createHash('sha256').update(`${seed} ${round}`).digest().readUInt32BE() / 2 ** 32;
}
