import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { WebSocket } from 'ws';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import {
  addToken,
  readEstate,
  runCollector,
  spawnCollector,
  startTestCollector,
  temporaryDirectory,
} from '../helpers/real-collector.ts';
import { begin, connect, enrol, hello, publicHalf, refusal } from '../helpers/wire-agent.ts';

const epoch = 'epoch-0001';

/** A collector in a process of its own with two hosts in session, of the same name. */
async function fleet(t: ExecutionContext) {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\nlog_level = "error"\n');
  const data = join(directory, 'data');
  const common = ['--config', config, '--data', data];
  const collector = await spawnCollector(t, common);
  const invite = () => addToken(data, collector.agents, 3_600_000, Date.now());
  const host = async () => {
    const invitation = await invite();
    const identity = await enrol(invitation, 'web-1');
    return { invitation, identity, wire: await begin(invitation, identity) };
  };
  const revoke = async (...args: string[]) => {
    const child = runCollector(['host', 'revoke', ...args, ...common]);
    return { code: await child.ended, out: child.lines, err: child.complaints };
  };
  return { collector, invite, revoke, revoked: await host(), other: await host() };
}

test('a host that another process revokes is cut off within 5 s in the middle of its stream, and nobody else is', async (t) => {
  const { collector, invite, revoke, revoked, other } = await fleet(t);
  const { agentId } = revoked.identity;
  revoked.wire.send(snapshotFrame(snapshot(certificate('one'), { findings: [finding()] })));
  let acked = 0;
  let open = true;
  const streaming = (async () => {
    for (let seq = 1; open; seq++) {
      revoked.wire.send({ type: 'events', epoch, events: [event(seq)] });
      acked = (await revoked.wire.next('ack')).seq;
    }
  })().catch(() => {});
  await until('it streams', () => acked > 10);

  const ambiguous = await revoke('web-1', '--yes');
  t.is(ambiguous.code, 1);
  t.regex(ambiguous.err.join('\n'), new RegExp(`^certherd-collector: 2 hosts are named web-1: .*${agentId}`));
  const unasked = await revoke(agentId);
  t.is(unasked.code, 1);
  t.deepEqual(unasked.err, ['nothing was changed: --yes does it, and on a terminal you are asked']);
  const told = await revoke(agentId, '--yes', '--json');
  t.is(told.code, 0, told.err.join());
  t.like(JSON.parse(told.out.join('')), { version: 1, agentId, name: 'web-1' });

  await until('it is cut off', () => revoked.wire.socket.readyState === WebSocket.CLOSED);
  t.deepEqual(await refusal(revoked.wire), { frame: { type: 'refused', reason: 'revoked' }, code: 4003 });
  open = false;
  await streaming;
  const again = await connect(revoked.invitation);
  again.send(hello(again, revoked.identity, { generation: 2 }));
  t.is((await refusal(again)).code, 4003);

  other.wire.send({ type: 'events', epoch, events: [event(1)] });
  t.is((await other.wire.next('ack')).seq, 1);
  const estate = await readEstate(collector.web);
  const host = estate.hosts.find((one) => one.agentId === agentId);
  t.is(host?.status, 'unknown');
  t.regex(host?.reason ?? '', /^Revoked \d{4}-.*: nothing it says is taken\.$/);
  t.false(host?.connected);
  t.deepEqual(
    [estate.endpoints, estate.findings, estate.lineages],
    [[], [], []],
    'what it said is no knowledge any more',
  );
  const metrics = await (await fetch(`${collector.web}metrics`)).text();
  t.regex(metrics, /^certherd_refusals_total\{reason="revoked"\} 2$/m);

  const invitation = await invite();
  const back = await connect(invitation);
  back.send({ type: 'enrol', token: invitation.token, publicKey: publicHalf(revoked.identity.key), hostName: 'web-1' });
  t.is((await refusal(back)).frame.reason, 'revoked', 'a token brings no revoked key back');
  t.truthy((await enrol(invitation, 'web-1')).agentId, 'and is not spent by it');

  t.regex((await revoke(agentId, '--yes')).err.join(), /was revoked \S+ already/);
  t.regex((await revoke('nobody', '--yes')).err.join(), /no host is named nobody: certherd-collector host list/);
  const byName = await revoke('web-1', '--yes');
  t.is(byName.code, 1, 'two are left of that name');
});

test('nothing that a revoked host sends is kept, whichever frame comes first, and the revocation is history', async (t) => {
  const frames = {
    snapshot: () => snapshotFrame(snapshot(certificate('late'))),
    events: () => ({ type: 'events', epoch, events: [event(1)] }),
    heartbeat: () => ({ type: 'heartbeat', at: new Date().toISOString() }),
  };
  const collector = await startTestCollector(t);
  const beside = openSqliteStore(collector.directory, silentLog);
  if (!beside.ok) throw new Error(beside.failure.message);
  t.teardown(beside.value.close);
  for (const [type, frame] of Object.entries(frames)) {
    const invitation = await collector.join();
    const identity = await enrol(invitation, `host-${type}`);
    const wire = await begin(invitation, identity, { hostName: `host-${type}` });
    const kept = await beside.value.revoke(identity.agentId, Date.now());
    t.true(kept.ok && kept.value);
    wire.send(frame());
    t.is((await refusal(wire)).code, 4003, type);
    t.deepEqual(
      (await beside.value.changes(identity.agentId)).map(({ kind, subject }) => ({ kind, subject })),
      [{ kind: 'host-revoked', subject: identity.agentId }],
    );
    const again = await beside.value.revoke(identity.agentId, Date.now());
    t.true(again.ok && !again.value, 'it is done once');
  }
  const facts = await beside.value.facts();
  t.is(facts.eventsTotal, 0);
  t.true(facts.hosts.every((host) => host.snapshot === undefined && host.revokedAt !== undefined));
});
