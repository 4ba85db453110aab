import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { askServing } from '../../../collector/commands/ask-serving.ts';
import type { RequestView } from '../../../collector/serve/request-view.ts';
import { openStore } from '../../../collector/store/open.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { reservePort } from '../../helpers/testbed/ports.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector, type TestCollector } from '../helpers/real-collector.ts';
import { endServers, freshDatabase, query } from '../helpers/stores.ts';
import { begin, connect, ended, enrol, hello, refusal } from '../helpers/wire-agent.ts';

test.after.always(endServers);

const epoch = 'epoch-0001';

/** Two collectors with one database and one TLS key, as behind a load balancer. */
async function pair(t: ExecutionContext): Promise<[TestCollector, TestCollector, store: string]> {
  const store = await freshDatabase();
  return [await startTestCollector(t, { store }), await startTestCollector(t, { store }), store];
}

/** As `certherd-collector host revoke` does. */
async function revoke(collector: TestCollector, store: string, agentId: string): Promise<unknown> {
  const place = { dataDirectory: collector.directory, store, storePasswordFile: undefined };
  const opened = await openStore(place, { clock: systemClock, log: silentLog });
  if (!opened.ok) throw new Error(opened.failure.message);
  const kept = await opened.value.revoke(agentId, Date.now());
  await opened.value.close();
  return kept;
}

/** As `certherd-collector request renew` does. */
async function askForRenewal({ directory }: TestCollector, host: string): Promise<RequestView> {
  const wish = { host, verb: 'renew', requester: 'ann', reason: 'the key leaked', withinSeconds: 60 };
  const answer = await askServing<RequestView>(directory, 'POST', '/requests', wish);
  for await (const view of answer?.lines ?? []) return view;
  throw new Error('no collector serves there');
}

async function requestsOf({ url }: TestCollector): Promise<RequestView[]> {
  const { items }: { items: RequestView[] } = await (await fetch(`${url}/api/v1/requests`)).json();
  return items;
}

test('a host that enrolled at one collector begins its session at the other, and both show what it told there', async (t) => {
  const [a, b] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  const wire = await begin(await b.join(), identity);
  const one = certificate('one');
  wire.send(snapshotFrame(snapshot(one)));
  wire.send({ type: 'events', epoch, events: [event(1), event(2)] });
  t.is((await wire.next('ack')).seq, 2);
  for (const collector of [a, b]) {
    const estate = await until('what was told is shown', async () => {
      const found = await collector.estate();
      return found.endpoints.length > 0 && found.events.length === 2 && found;
    });
    t.is(estate.certificates[0]?.fingerprint, one.fingerprint);
    t.deepEqual(
      estate.hosts.map(({ name, status, connected }) => [name, status, connected]),
      [['web-1', 'healthy', true]],
    );
  }
  await ended(wire);
  await until('the other one knows that it left', async () => (await a.estate()).hosts[0]?.connected === false);
});

test('a session goes on at the other collector where it ended: nothing is asked or kept twice', async (t) => {
  const [a, b] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  const first = await begin(await a.join(), identity);
  const frame = snapshotFrame(snapshot(certificate('one')));
  first.send(frame);
  first.send({ type: 'events', epoch, events: [event(1), event(2)] });
  await first.next('ack');
  await ended(first);
  const second = await begin(await b.join(), identity, { generation: 2, snapshotDigest: frame.digest });
  t.is(second.welcome.ackedSeq, 2);
  t.false(second.welcome.wantSnapshot);
  second.send({ type: 'events', epoch, events: [event(1), event(2), event(3)] });
  t.is((await second.next('ack')).seq, 3);
  const seqs = async (collector: TestCollector) => (await collector.estate()).events.map(({ seq }) => seq);
  for (const collector of [a, b])
    await until('three events', async () => JSON.stringify(await seqs(collector)) === '[3,2,1]');
  t.pass();
});

test('a host that is revoked at one collector loses its session at the other, and tells nothing any more', async (t) => {
  const [a, b, store] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  const wire = await begin(await b.join(), identity);
  t.deepEqual(await revoke(a, store, identity.agentId), { ok: true, value: true });
  const { frame } = await refusal(wire);
  t.is(frame.reason, 'revoked');
  const again = await connect(await a.join());
  again.send(hello(again, identity, { generation: 2 }));
  t.is((await refusal(again)).frame.reason, 'revoked');
});

test('what is asked of a host at one collector reaches it by the other, and both tell its answer', async (t) => {
  const [a, b] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  const wire = await begin(await a.join(), identity, { maxVersion: 2 });
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  await until('known at both', async () => (await b.estate()).endpoints.length > 0);
  const asked = await askForRenewal(b, 'web-1');
  const request = await wire.next('request');
  t.is(request.id, asked.id);
  t.deepEqual(request.subject, { kind: 'lineage', id: 'shop' });
  wire.send({ type: 'events', epoch, events: [event(1, { detail: { request: request.id }, summary: 'Renewed.' })] });
  await wire.next('ack');
  for (const collector of [a, b]) {
    const state = await until('the answer is told', async () => {
      const [found] = await requestsOf(collector);
      return found?.state === 'done' && found;
    });
    t.is(state.summary, 'Renewed.');
  }
});

test('a copy of a host at the other collector is refused while the first one answers, and takes its place once it does not', async (t) => {
  const [a, b] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  const first = await begin(await a.join(), identity);
  const copy = await connect(await b.join());
  copy.send(hello(copy, identity, { generation: 2, bootId: 'boot-b' }));
  t.is((await refusal(copy)).frame.reason, 'identity-in-use');
  for (const collector of [a, b])
    await until('both tell it', async () => (await collector.estate()).hosts[0]?.conflictAt !== undefined);
  // Its machine is gone: the connection is there, and nobody answers on it.
  first.socket.pause();
  const next = await begin(await b.join(), identity, { generation: 3, bootId: 'boot-c' });
  next.send({ type: 'events', epoch, events: [event(1)] });
  t.is((await next.next('ack')).seq, 1);
  first.socket.resume();
  t.not(await first.closed, 1000, 'the older session was ended');
});

test('a copy of a host is refused by a collector that is still starting, too', async (t) => {
  const store = await freshDatabase();
  const a = await startTestCollector(t, { store });
  const identity = await enrol(await a.join(), 'web-1');
  await begin(await a.join(), identity);
  // The other one stops at the first thing that it writes down after it listens.
  const holder = new pg.Client(store);
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE setting IN EXCLUSIVE MODE');
  const { port, release } = await reservePort();
  const starting = startTestCollector(t, { store, agentListen: { host: '127.0.0.1', port } });
  const waits = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await until('it waits', async () => (await query(store, waits)).length > 0);
  const copy = await connect({ authority: `127.0.0.1:${port}`, pin: (await a.join()).pin, token: '' });
  copy.send(hello(copy, identity, { generation: 2, bootId: 'boot-b' }));
  // Time for many times what a hello takes: whatever comes of it is decided before the start goes on.
  for (let turn = 0; turn < 20; turn++) await query(store, waits);
  await holder.query('COMMIT');
  await holder.end();
  const answer = await Promise.race([copy.next('refused'), copy.next('welcome')]);
  t.is(answer.type === 'refused' ? answer.reason : 'welcome', 'identity-in-use');
  await starting;
  release();
});

test('a state that was copied is refused at either collector, whichever saw the generation', async (t) => {
  const [a, b] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  await ended(await begin(await a.join(), identity, { generation: 5 }));
  for (const collector of [b, a]) {
    const old = await connect(await collector.join());
    old.send(hello(old, identity, { generation: 5, bootId: randomUUID() }));
    t.is((await refusal(old)).frame.reason, 'identity-in-use');
  }
});
