import test, { type ExecutionContext } from 'ava';
import { hostHistoryOf } from '../../../collector/evaluate/history.ts';
import type { Store } from '../../../collector/store/store.ts';
import { certificate, endpoint, event, finding, snapshot, snapshotFrame, told } from '../helpers/example-snapshot.ts';
import { endServers, type Engine, engines } from '../helpers/stores.ts';

const at = Date.parse('2026-11-23T12:00:00.000Z');

async function storeWithHost(t: ExecutionContext, engine: Engine): Promise<Store> {
  const { store } = await engine.open(t);
  await addHost(store, 'agent-01');
  return store;
}

async function addHost(store: Store, agentId: string): Promise<void> {
  const tokenHash = Buffer.alloc(32, agentId);
  await store.addToken(tokenHash, at, at + 1000);
  const publicKey = Buffer.from(agentId);
  const kept = await store.enrol({ tokenHash, publicKey, hostName: 'web-1', proposedAgentId: agentId, at });
  if (!kept.ok) throw new Error(kept.failure.detail);
}

test.after.always(endServers);

for (const engine of engines)
  test(`${engine.name}: the first snapshot is history from nothing; the next appends only what differs`, async (t) => {
    const store = await storeWithHost(t, engine);
    const [one, two] = [certificate('one'), certificate('two')];
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(one)), at);
    t.deepEqual(
      (await store.changes('agent-01')).map(({ kind, before, after }) => [kind, before, after]),
      [
        ['certificate-seen', undefined, one.fingerprint],
        ['endpoint-issued', undefined, one.fingerprint],
        ['endpoint-configured', undefined, one.fingerprint],
        ['endpoint-served', undefined, one.fingerprint],
      ],
    );
    const drifted = endpoint(one, { issued: two.fingerprint, configured: two.fingerprint });
    await store.keepSnapshot(
      'agent-01',
      snapshotFrame(snapshot(one, { certificates: [one, two], endpoints: [drifted], findings: [finding()] })),
      at + 1,
    );
    const healed = await store.keepSnapshot(
      'agent-01',
      snapshotFrame(snapshot(one, { certificates: [one, two], endpoints: [endpoint(two)] })),
      at + 2,
    );
    t.deepEqual(
      (await store.changes('agent-01')).slice(4).map((change) => [change.at - at, change.kind]),
      [
        [1, 'certificate-seen'],
        [1, 'endpoint-issued'],
        [1, 'endpoint-configured'],
        [1, 'finding-opened'],
        [2, 'endpoint-served'],
        [2, 'finding-closed'],
      ],
    );
    t.deepEqual(healed.ok && healed.value?.toSorted(), ['endpoints', 'findings', 'hosts']);
  });

for (const engine of engines)
  test(`${engine.name}: an unchanged snapshot appends nothing and leaves the parts alone`, async (t) => {
    const store = await storeWithHost(t, engine);
    const frame = snapshotFrame(snapshot(certificate('one')));
    await store.keepSnapshot('agent-01', frame, at);
    const before = (await store.changes('agent-01')).length;
    const again = await store.keepSnapshot('agent-01', frame, at + 5);
    t.deepEqual(again, { ok: true, value: ['hosts'] });
    t.is((await store.changes('agent-01')).length, before);
    t.is((await store.facts()).hosts[0]?.snapshot?.receivedAt, at + 5);
  });

for (const engine of engines)
  test(`${engine.name}: two hosts share one certificate row, which keeps when it was first seen`, async (t) => {
    const store = await storeWithHost(t, engine);
    await addHost(store, 'agent-02');
    const one = certificate('one');
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(one)), at);
    await store.keepSnapshot('agent-02', snapshotFrame(snapshot(one)), at + 9);
    const { certificates } = await store.facts();
    t.deepEqual(certificates, [{ certificate: one, firstSeenAt: at, basis: 'told' }]);
    t.false((await store.changes('agent-02')).some(({ kind }) => kind === 'certificate-seen'));
  });

for (const engine of engines)
  test(`${engine.name}: a certificate that no host names any more leaves the current state, and comes back with its history`, async (t) => {
    const store = await storeWithHost(t, engine);
    const [one, two] = [certificate('one'), certificate('two')];
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(one)), at);
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(two)), at + 1);
    t.deepEqual(
      (await store.facts()).certificates.map(({ certificate }) => certificate),
      [two],
    );
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(one)), at + 2);
    t.deepEqual((await store.facts()).certificates, [{ certificate: one, firstSeenAt: at, basis: 'told' }]);
  });

for (const engine of engines)
  test(`${engine.name}: two findings with one code about one subject are both kept`, async (t) => {
    const store = await storeWithHost(t, engine);
    const findings = [finding({ cause: 'first' }), finding({ cause: 'second' })];
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(certificate('one'), { findings })), at);
    t.deepEqual((await store.facts()).hosts[0]?.snapshot?.findings, findings);
  });

for (const engine of engines)
  test(`${engine.name}: hostile text comes back exactly as it was told`, async (t) => {
    const store = await storeWithHost(t, engine);
    const hostile = `<img src=x onerror=alert(1)>'; DROP TABLE host; --\u202E\u0000\u001B[2J"\\`;
    const one = certificate('one', { subject: hostile, subjectAltNames: [hostile, '__proto__'] });
    const odd = finding({ cause: hostile, evidence: JSON.parse(`{"__proto__":"polluted","constructor":"x"}`) });
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(one, { findings: [odd] })), at);
    const facts = await store.facts();
    t.deepEqual(facts.certificates[0]?.certificate, one);
    t.is(JSON.stringify(facts.hosts[0]?.snapshot?.findings[0]), JSON.stringify(odd));
    t.false('polluted' in {});
  });

for (const engine of engines)
  test(`${engine.name}: a piece of work that throws is undone alone`, async (t) => {
    const store = await storeWithHost(t, engine);
    const good = store.keepEvents('agent-01', 'epoch-0001', told(event(1)), at);
    const bad = store.keepEvents('no-such-agent', 'epoch-0001', told(event(1)), at);
    const alsoGood = store.keepEvents('agent-01', 'epoch-0001', told(event(2)), at);
    await t.throwsAsync(bad, { message: 'no such agent' });
    t.deepEqual(
      [await good, await alsoGood].map((kept) => kept.ok && kept.value?.ackedSeq),
      [1, 2],
    );
    t.is((await store.facts()).eventsTotal, 2);
  });

for (const engine of engines)
  test(`${engine.name}: a few hosts are read with the same facts as the whole fleet`, async (t) => {
    const store = await storeWithHost(t, engine);
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(certificate('one'), { findings: [finding()] })), at);
    const { hosts, certificates, eventsTotal } = await store.facts();
    const read = await store.readHosts(['agent-01', 'nobody']);
    t.deepEqual(
      read.map(({ host }) => host),
      hosts,
    );
    t.deepEqual(read[0]?.certificates, certificates);
    t.is(await store.eventsTotal(), eventsTotal);
    const [mark] = await store.hostMarks(0, 10);
    t.deepEqual(await store.marksOf(['nobody', 'agent-01']), [mark]);
    t.deepEqual(mark && { ...mark, row: 0, snapshot: mark.snapshot?.digest }, {
      ...hosts[0],
      row: 0,
      snapshot: hosts[0]?.snapshot?.digest,
    });
    t.deepEqual(await store.hostMarks(mark?.row ?? 0, 10), []);
    t.deepEqual(await store.readHosts([]), []);
  });

for (const engine of engines)
  test(`${engine.name}: history since an instant has all from then on, and of each subject and kind the last row before`, async (t) => {
    const store = await storeWithHost(t, engine);
    const names = ['one', 'two', 'three', 'two', 'four', 'one'];
    for (const [index, name] of names.entries()) {
      const now = certificate(name);
      const findings = index % 2 === 0 ? [finding()] : [];
      const { issued: _issued, ...unmanaged } = endpoint(now);
      const drifted = index === 4 ? unmanaged : endpoint(now);
      const told = snapshot(now, { endpoints: [drifted], findings });
      t.true((await store.keepSnapshot('agent-01', snapshotFrame(told), at + index * 10)).ok);
    }
    const whole = await store.changes('agent-01');
    const trackOf = ({ kind, subject }: (typeof whole)[number]) =>
      `${kind.replace(/^finding-.*/, 'finding')} ${subject}`;
    for (const since of [0, at - 1, at, at + 1, at + 15, at + 20, at + 45, at + 50, at + 51]) {
      const wanted = whole.filter(
        (one, index) =>
          one.at >= since ||
          (one.kind !== 'certificate-seen' &&
            !whole.some((other, place) => place > index && trackOf(other) === trackOf(one) && other.at < since)),
      );
      const found = await store.changes('agent-01', since);
      const rows = (list: typeof whole) => list.map(({ before: _before, ...row }) => row);
      t.deepEqual(rows(found), rows(wanted), String(since - at));
      t.deepEqual(hostHistoryOf(found, since), hostHistoryOf(whole, since), String(since - at));
    }
  });
