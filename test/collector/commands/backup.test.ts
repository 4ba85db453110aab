import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { momentOf } from '../helpers/moment.ts';
import { addToken, runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, ended, enrol, type Wire, type WireIdentity } from '../helpers/wire-agent.ts';

const epoch = 'epoch-0001';

async function run(...args: string[]) {
  const child = runCollector(args);
  const code = await child.ended;
  return { code, out: child.lines.join('\n'), err: child.complaints.join('\n') };
}

function place(t: ExecutionContext) {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const data = join(directory, 'data');
  return { directory, data, common: ['--config', config, '--data', data], file: join(directory, 'backup.db') };
}

/** The events in a database by agent, as seqs. */
function kept(file: string): Map<string, number[]> {
  const sql = new Database(file, { readonly: true });
  const rows = sql
    .prepare<[], { agent: string; seq: number }>(
      `SELECT host.agent_id AS agent, seq FROM event JOIN epoch ON epoch.id = event.epoch
       JOIN host ON host.id = epoch.host ORDER BY agent, seq`,
    )
    .all();
  sql.close();
  return new Map(
    [...Map.groupBy(rows, ({ agent }) => agent)].map(([agent, list]) => [agent, list.map(({ seq }) => seq)]),
  );
}

test('a backup while 50 agents are told is one moment of each of them, and restores as that moment', async (t) => {
  const { data, common, file } = place(t);
  const served = await spawnCollector(t, common);
  const agents: { identity: WireIdentity; wire: Wire; sent: number; acked: number }[] = [];
  // One after the other: of one address only so many may wait to prove themselves.
  for (let index = 0; index < 50; index++) {
    const invitation = await addToken(data, served.agents, 3_600_000, Date.now());
    const identity = await enrol(invitation, `web-${index}`);
    agents.push({ identity, wire: await begin(invitation, identity), sent: 0, acked: 0 });
  }
  let stop = false;
  const telling = agents.map(async (agent, index) => {
    for (let round = 0; !stop; round++) {
      agent.wire.send(snapshotFrame(snapshot(certificate(`${index} ${round}`))));
      agent.wire.send({ type: 'events', epoch, events: [event(agent.sent + 1), event(agent.sent + 2)] });
      agent.sent += 2;
      agent.acked = (await agent.wire.next('ack')).seq;
    }
  });
  const before = new Map(agents.map(({ identity, acked }) => [identity.agentId, acked]));
  const backedUp = await run('backup', file, ...common, '--json');
  const sent = new Map(agents.map((agent) => [agent.identity.agentId, agent.sent]));
  stop = true;
  await Promise.all(telling);
  t.is(backedUp.code, 0, backedUp.err);
  const told: { hosts: number; events: number; certificates: number } = JSON.parse(backedUp.out);
  t.is(told.hosts, 50);
  t.is(statSync(file).mode & 0o777, 0o600);
  t.deepEqual(
    readdirSync(data).filter((name) => name.startsWith('backup-')),
    [],
    'nothing is left in the data directory',
  );
  const copied = kept(file);
  const check = (found: Map<string, number[]>, where: string) => {
    for (const { identity } of agents) {
      const seqs = found.get(identity.agentId) ?? [];
      t.deepEqual(
        seqs,
        Array.from({ length: seqs.length }, (_, i) => i + 1),
        `${where}: no hole`,
      );
      t.true(seqs.length >= (before.get(identity.agentId) ?? 0), `${where}: all that was acknowledged before`);
      t.true(seqs.length <= (sent.get(identity.agentId) ?? 0), `${where}: nothing that came later`);
    }
  };
  check(copied, 'backup');
  // One moment of all of them: the events are those that the live database had first, and of what each agent told in turn, a snapshot and
  // two events, the rest is as far.
  const moment = momentOf(file);
  t.deepEqual(moment.events, momentOf(join(data, 'certherd.db')).events.slice(0, moment.events.length));
  t.is(moment.agents.size, 50);
  t.true(moment.events.length > 100, `${moment.events.length}`);
  t.log(`${moment.events.length} events`);
  for (const [agentId, { served, acked, isCurrent }] of moment.agents) {
    t.is(acked, copied.get(agentId)?.length ?? 0, agentId);
    t.true(served === acked / 2 || served === acked / 2 + 1, `${served} snapshots and ${acked} events`);
    t.true(isCurrent, agentId);
  }
  t.is([...copied.values()].flat().length, told.events);

  served.process.kill('SIGTERM');
  await served.ended;
  const restored = await run('restore', file, ...common);
  t.is(restored.code, 0, restored.err);
  t.regex(restored.out, /^Restored: 50 host\(s\), \d+ certificate\(s\), \d+ event\(s\) as of 20.*, checked$/m);
  t.deepEqual(kept(join(data, 'certherd.db')), copied);
  const aside = /^The database of before is kept: (.+)$/m.exec(restored.out)?.[1] ?? '';
  t.true([...kept(aside).values()].flat().length >= told.events, 'and the newer one is kept');
});

test('after a restoration agents send all they see, and what they had told since is a gap', async (t) => {
  const { data, common, file } = place(t);
  const first = await spawnCollector(t, common);
  const invitation = await addToken(data, first.agents, 3_600_000, Date.now());
  const identity = await enrol(invitation, 'web-1');
  const frame = snapshotFrame(snapshot(certificate('one')));
  const tell = async (at: string, who: WireIdentity, generation: number, seqs: number[]) => {
    const wire = await begin({ ...invitation, authority: at }, who, { generation, snapshotDigest: frame.digest });
    if (wire.welcome.wantSnapshot) wire.send(frame);
    wire.send({ type: 'events', epoch, events: seqs.map((seq) => event(seq)) });
    await wire.next('ack');
    return wire;
  };
  await ended(await tell(first.agents, identity, 1, [1, 2]));
  const unused = await addToken(data, first.agents, 3_600_000, Date.now());
  t.is((await run('backup', file, ...common)).code, 0);
  await tell(first.agents, identity, 2, [3, 4, 5]);
  const late = await enrol(await addToken(data, first.agents, 3_600_000, Date.now()), 'web-2');
  const busy = await run('restore', file, ...common);
  t.is(busy.code, 1);
  t.regex(busy.err, /: already served by another certherd-collector \(process \d+\): stop it/);
  first.process.kill('SIGTERM');
  await first.ended;
  const restored = await run('restore', file, ...common);
  t.is(restored.code, 0, restored.err);

  const second = await spawnCollector(t, common);
  // The agent had these acknowledged and dropped them.
  const wire = await tell(second.agents, identity, 3, [6, 7]);
  t.is(wire.welcome.ackedSeq, 2);
  t.true(wire.welcome.wantSnapshot, 'though its digest is the one in the backup');
  const { items }: { items: { seq: number; kind: string; detail: Record<string, string> }[] } = await (
    await fetch(`${second.web}api/v1/events`)
  ).json();
  t.deepEqual(
    items.map(({ seq, kind }) => [seq, kind]),
    [
      [1, 'deployment'],
      [2, 'deployment'],
      [5, 'gap'],
      [6, 'deployment'],
      [7, 'deployment'],
    ],
  );
  t.deepEqual(items[2]?.detail, { lost: '3', missing: '3 to 5', by: 'collector' });
  const { items: times }: { items: { backedUpAt: string; restoredAt: string }[] } = await (
    await fetch(`${second.web}api/v1/restorations`)
  ).json();
  t.is(times.length, 1);
  t.true(Date.parse(times[0]?.backedUpAt ?? '') < Date.parse(times[0]?.restoredAt ?? ''));
  await ended(wire);
  const again = await tell(second.agents, identity, 4, [8]);
  t.false(again.welcome.wantSnapshot, 'once is enough');

  await t.throwsAsync(enrol({ ...unused, authority: second.agents }, 'web-3'), { message: /without enrolled/ });
  const stranger = begin({ ...invitation, authority: second.agents }, late, { generation: 2 });
  await t.throwsAsync(stranger, { message: 'closed (4002) without welcome' });
});

test('where nobody serves a backup is made all the same, and a database that came from it is the same', async (t) => {
  const { data, common, file } = place(t);
  const empty = await run('backup', file, ...common);
  t.is(empty.code, 1);
  t.regex(empty.err, /: no collector's data here: give --data/);
  const invitation = await run('token', 'create', ...common, '--url', '127.0.0.1:1');
  t.is(invitation.code, 0);
  const made = await run('backup', file, ...common);
  t.is(made.code, 0, made.err);
  t.regex(made.out, /backup\.db: 0 host\(s\), 0 certificate\(s\), 0 event\(s\) as of .*; 0\.\d MB, checked$/);
  t.regex(made.err, /^The TLS key is not in it\./);
  t.is((await run('backup', file, ...common)).code, 0, 'an earlier backup is replaced');
  chmodSync(file, 0o400);
  const other = join(temporaryDirectory(t), 'other');
  t.is((await run('restore', file, ...common.slice(0, 2), '--data', other)).code, 0, 'also on a new machine');
  t.is(await idOf(other), await idOf(data));
});

test('a backup never takes the place of something else', async (t) => {
  const { data, common, directory } = place(t);
  await run('token', 'create', ...common, '--url', '127.0.0.1:1');
  const precious = join(directory, 'passwd');
  writeFileSync(precious, 'root:x:0:0');
  const refused = async (file: string, why: RegExp) => {
    const { code, err } = await run('backup', file, ...common);
    t.is(code, 1);
    t.regex(err, why);
  };
  await refused(precious, /passwd: is there, and is no backup of a collector: choose another name$/);
  t.is(readFileSync(precious, 'utf8'), 'root:x:0:0');
  await refused(join(data, 'certherd.db'), /that is the live database/);
  await refused(join(directory, 'none', 'backup.db'), /none: there is no such directory: make it/);
});

test('a damaged, newer or foreign backup is refused, named, and the database is as it was', async (t) => {
  const { data, common, file } = place(t);
  await run('token', 'create', ...common, '--url', '127.0.0.1:1');
  await run('backup', file, ...common);
  const before = readFileSync(join(data, 'certherd.db'));
  const whole = readFileSync(file);
  const refused = async (bytes: Buffer, why: RegExp) => {
    writeFileSync(file, bytes);
    const { code, err } = await run('restore', file, ...common);
    t.is(code, 1);
    t.regex(err, why);
    t.true(err.includes(file), err);
    t.true(readFileSync(join(data, 'certherd.db')).equals(before));
    t.false(readdirSync(data).some((name) => name.startsWith('restoring-') || name.includes('.before-')));
  };
  await refused(Buffer.from(whole).fill(0xff, 8192, 16_384), /: damaged \(/);
  await refused(whole.subarray(0, 20_000), /: damaged \(/);
  await refused(Buffer.from('not a database, '.repeat(500)), /: damaged \(/);
  const newer = Buffer.from(whole);
  newer.writeUInt32BE(9000, 60);
  await refused(newer, /: made by a newer certherd-collector \(schema 9000/);
});

test('a damaged database is refused with the command that mends it, and that command mends it', async (t) => {
  const { data, common, file } = place(t);
  await run('token', 'create', ...common, '--url', '127.0.0.1:1');
  await run('backup', file, ...common);
  const database = join(data, 'certherd.db');
  const bytes = readFileSync(database);
  bytes.fill(0xff, 8192, 16_384);
  writeFileSync(database, bytes);
  const broken = await run('serve', ...common);
  t.is(broken.code, 1);
  t.true(broken.err.includes(`${database}: damaged (`), broken.err);
  t.regex(broken.err, /put a backup in its place with certherd-collector restore FILE/);
  const id = await idOf(data, file);
  t.is((await run('restore', file, ...common)).code, 0);
  t.is(await idOf(data), id);
  const aside = readdirSync(data).find((name) => name.startsWith('certherd.db.before-')) ?? '';
  t.true(readFileSync(join(data, aside)).equals(bytes), 'what is left of the damaged one is kept');
});

test('the command socket is for the directory’s owner alone, survives a kill, and works below a long path', async (t) => {
  const { directory, common: short, file } = place(t);
  const data = join(directory, 'long-'.repeat(20), 'data');
  const common = [...short.slice(0, 2), '--data', data];
  const first = await spawnCollector(t, common);
  t.is(statSync(join(data, 'control.sock')).mode & 0o777, 0o600);
  first.process.kill('SIGKILL');
  await first.ended;
  t.true(existsSync(join(data, 'control.sock')));
  t.is((await run('backup', file, ...common)).code, 0, 'a socket of nobody is nobody');
  const second = await spawnCollector(t, common);
  const made = await run('backup', file, ...common);
  t.is(made.code, 0, made.err);
  second.process.kill('SIGTERM');
  t.is(await second.ended, 0);
  t.false(existsSync(join(data, 'control.sock')));
  t.deepEqual(second.complaints, []);
});

async function idOf(directory: string, file?: string): Promise<string> {
  if (file !== undefined) {
    const sql = new Database(file, { readonly: true });
    const id = String(sql.prepare("SELECT value FROM setting WHERE name = 'collector-id'").pluck().get());
    sql.close();
    return id;
  }
  const opened = openSqliteStore(directory, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  await opened.value.close();
  return opened.value.collectorId;
}
