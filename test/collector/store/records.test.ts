import { randomUUID } from 'node:crypto';
import test from 'ava';
import type { RequestDraft } from '../../../collector/store/requests.ts';
import type { Store } from '../../../collector/store/store.ts';
import { certificate, event, snapshot, snapshotFrame, told } from '../helpers/example-snapshot.ts';
import { endServers, engines } from '../helpers/stores.ts';

test.after.always(endServers);

const at = Date.parse('2026-11-23T12:00:00.000Z');
const key = (name: string) => Buffer.from(name.padEnd(44, '.'));

async function enrolled(store: Store, name: string): Promise<string> {
  const tokenHash = Buffer.alloc(32, name);
  await store.addToken(tokenHash, at, at + 1000);
  const kept = await store.enrol({
    tokenHash,
    publicKey: key(name),
    hostName: name,
    proposedAgentId: `agent-${name}`,
    at,
  });
  if (!kept.ok || !kept.value || !('agentId' in kept.value)) throw new Error('not enrolled');
  return kept.value.agentId;
}

function start(agentId: string, generation: number) {
  const host = { hostName: 'web-1\u0000', agentVersion: '0.1.0', bootId: 'boot-a' };
  return { ...host, agentId, generation, epoch: 'epoch-0001', at: at + generation };
}

for (const { name, open } of engines) {
  test(`${name}: a token is good once, for its time, and answers again for the key that spent it`, async (t) => {
    const { store } = await open(t);
    const tokenHash = Buffer.alloc(32, 1);
    const ask = (publicKey: Uint8Array, proposedAgentId: string, later = 0) =>
      store.enrol({ tokenHash, publicKey, hostName: 'web-1', proposedAgentId, at: at + later });
    t.deepEqual(await ask(key('one'), 'agent-1'), { ok: true, value: undefined }, 'unknown');
    await store.addToken(tokenHash, at, at + 1000);
    t.deepEqual(await ask(key('one'), 'agent-1', 1000), { ok: true, value: undefined }, 'over');
    const both = await Promise.all([ask(key('one'), 'agent-1'), ask(key('two'), 'agent-2')]);
    t.deepEqual(both, [
      { ok: true, value: { agentId: 'agent-1' } },
      { ok: true, value: undefined },
    ]);
    t.deepEqual(await ask(key('one'), 'agent-3'), { ok: true, value: { agentId: 'agent-1' } }, 'the reply was lost');
    await store.revoke('agent-1', at + 5);
    t.deepEqual(await ask(key('one'), 'agent-1'), { ok: true, value: { revoked: true } });
  });

  test(`${name}: a session begins only with a generation that grows; else the host is flagged`, async (t) => {
    const { store } = await open(t);
    const agentId = await enrolled(store, 'web-1');
    t.deepEqual(await store.beginSession(start(agentId, 3)), {
      ok: true,
      value: { ackedSeq: 0, snapshotDigest: undefined, isOther: true },
    });
    for (const generation of [3, 2])
      t.deepEqual(await store.beginSession(start(agentId, generation)), { ok: true, value: undefined });
    t.is((await store.facts()).hosts[0]?.conflictAt, at + 2);
    const frame = snapshotFrame(snapshot(certificate('one')));
    await store.keepSnapshot(agentId, frame, at);
    await store.keepEvents(agentId, 'epoch-0001', told(event(1), event(2)), at);
    t.deepEqual(await store.beginSession(start(agentId, 4)), {
      ok: true,
      value: { ackedSeq: 2, snapshotDigest: frame.digest, isOther: false },
    });
    t.deepEqual(await store.endSession(agentId, 4), { ok: true, value: undefined });
    t.deepEqual(await store.beginSession(start('agent-nobody', 1)), { ok: true, value: undefined });
    const [host] = (await store.facts()).hosts;
    t.is(host?.name, 'web-1\u0000', 'a name is what the host calls itself');
    t.is(host?.heardAt, at + 4);
  });

  test(`${name}: a revoked host is known as such, and nothing of it is kept`, async (t) => {
    const { store } = await open(t);
    const agentId = await enrolled(store, 'web-1');
    t.deepEqual(await store.identity(agentId), { publicKey: key('web-1'), revoked: false });
    t.false(store.isRevoked(agentId));
    t.deepEqual(await store.revoke(agentId, at + 1), { ok: true, value: true });
    t.deepEqual(await store.revoke(agentId, at + 2), { ok: true, value: false });
    t.deepEqual(await store.revoke('agent-nobody', at), { ok: true, value: false });
    t.is((await store.identity(agentId))?.revoked, true);
    t.deepEqual(await store.revoked(), [agentId]);
    t.true(store.isRevoked(agentId));
    const frame = snapshotFrame(snapshot(certificate('one')));
    t.deepEqual(await store.keepSnapshot(agentId, frame, at), { ok: true, value: undefined });
    t.deepEqual(await store.keepEvents(agentId, 'epoch-0001', told(event(1)), at), { ok: true, value: undefined });
    const facts = await store.facts();
    t.deepEqual([facts.eventsTotal, facts.certificates.length], [0, 0]);
    t.deepEqual(
      (await store.changes(agentId)).map(({ kind }) => kind),
      ['host-revoked'],
    );
  });

  test(`${name}: a key is replaced by whoever has the current one, and never by another host's`, async (t) => {
    const { store } = await open(t);
    const agentId = await enrolled(store, 'web-1');
    await enrolled(store, 'web-2');
    t.deepEqual(await store.replaceKey(agentId, key('web-1'), key('web-2'), at), { ok: true, value: false });
    t.deepEqual(await store.replaceKey(agentId, key('wrong'), key('next'), at), { ok: true, value: false });
    t.deepEqual(await store.replaceKey(agentId, key('web-1'), key('next'), at), { ok: true, value: true });
    t.deepEqual((await store.identity(agentId))?.publicKey, key('next'));
    t.deepEqual(
      (await store.changes(agentId)).map(({ kind }) => kind),
      ['host-key-replaced'],
    );
  });

  test(`${name}: a host whose clock is ahead is not kept as looked at after it told so`, async (t) => {
    const { store } = await open(t);
    const agentId = await enrolled(store, 'web-1');
    const told = snapshotFrame(snapshot(certificate('one')), new Date(at + 3_600_000).toISOString());
    await store.keepSnapshot(agentId, told, at);
    t.like((await store.facts()).hosts[0]?.snapshot, { observedAt: at, aheadMs: 3_600_000 });
    t.is((await store.readHosts([agentId]))[0]?.host.snapshot?.aheadMs, 3_600_000);
    await store.noteHeard([{ agentId, heardAt: at + 60, observedAt: at + 50 }]);
    t.is((await store.facts()).hosts[0]?.snapshot?.observedAt, at + 50, 'its next look counts');
    await store.keepSnapshot(agentId, { ...told, observedAt: new Date(at + 90).toISOString() }, at + 100);
    t.is((await store.facts()).hosts[0]?.snapshot?.aheadMs, undefined, 'it was set right');
  });

  test(`${name}: what was heard is kept, and never goes back`, async (t) => {
    const { store } = await open(t);
    const [one, two] = [await enrolled(store, 'web-1'), await enrolled(store, 'web-2')];
    await store.keepSnapshot(one, snapshotFrame(snapshot(certificate('one')), new Date(at).toISOString()), at);
    await store.noteHeard([
      { agentId: one, heardAt: at + 50, observedAt: at + 40 },
      { agentId: two, heardAt: at + 10 },
    ]);
    await store.noteHeard([{ agentId: one, heardAt: at + 20, observedAt: at + 20 }]);
    t.deepEqual(
      (await store.lastHeard()).toSorted((a, b) => (a.agentId < b.agentId ? -1 : 1)),
      [
        { agentId: one, heardAt: at + 50, elsewhere: false },
        { agentId: two, heardAt: at + 10, elsewhere: false },
      ],
    );
    t.is((await store.facts()).hosts[0]?.snapshot?.observedAt, at + 40);
    t.is(await store.newestAt(), at + 50);
  });

  test(`${name}: events are told in order of arrival, from any place on, and the newest first`, async (t) => {
    const { store } = await open(t);
    const [one, two] = [await enrolled(store, 'web-1'), await enrolled(store, 'web-2')];
    for (let seq = 1; seq <= 4; seq++)
      await Promise.all([one, two].map((agentId) => store.keepEvents(agentId, 'epoch-0001', told(event(seq)), at)));
    const all = await store.events(0, 100);
    t.is(all.length, 8);
    t.deepEqual(await store.events(all[2]?.id, 3), all.slice(3, 6));
    t.deepEqual(await store.events(undefined, 3), all.slice(-3));
    t.deepEqual((await store.facts()).events, all.toReversed());
    t.deepEqual(all.map(({ hostName }) => hostName).toSorted(), [...Array(4).fill('web-1'), ...Array(4).fill('web-2')]);
  });

  test(`${name}: a hole that another database's acknowledgement left is told once, in its place; also where an older one was put back`, async (t) => {
    const { store } = await open(t);
    const agentId = await enrolled(store, 'web-1');
    for (let round = 0; round < 2; round++) await store.keepEvents(agentId, 'epoch-0001', told(event(5), event(6)), at);
    // Of a file, or a whole machine, that was put back nobody is told.
    await store.beginSession(start(agentId, 1));
    for (let round = 0; round < 2; round++) await store.keepEvents(agentId, 'epoch-0001', told(event(9)), at);
    const events = await store.events(0, 10);
    t.deepEqual(
      events.map(({ event: { seq, kind } }) => [seq, kind]),
      [
        [4, 'gap'],
        [5, 'deployment'],
        [6, 'deployment'],
        [8, 'gap'],
        [9, 'deployment'],
      ],
    );
    t.is((await store.facts()).eventsTotal, 3);
  });

  test(`${name}: a request is kept once by its key, and ended by its own host alone`, async (t) => {
    const { store } = await open(t);
    const [one, two] = [await enrolled(store, 'web-1'), await enrolled(store, 'web-2')];
    const draft = (word?: string): RequestDraft => ({
      id: randomUUID(),
      key: word,
      agentId: one,
      verb: 'renew',
      subject: { kind: 'lineage', id: 'shop' },
      requester: 'ann',
      reason: 'the key leaked\u0000',
      askedAt: at,
      until: at + 1000,
    });
    const first = await store.addRequest(draft('monday'));
    const again = await store.addRequest(draft('monday'));
    t.deepEqual(again, first);
    const other = await store.addRequest(draft());
    if (!first.ok || !other.ok) throw new Error('not kept');
    const { id } = first.value;
    t.is(first.value.reason, 'the key leaked\u0000');
    t.deepEqual((await store.waitingRequests(at)).length, 2);
    t.deepEqual(await store.waitingRequests(at + 1000), []);
    await store.noteSent(id, at + 5);
    const answer = (ok: boolean) => told(event(1, { detail: { request: id }, ok, summary: 'Renewed.' }));
    await store.keepEvents(two, 'epoch-0001', answer(false), at + 6);
    t.is((await store.findRequest(id))?.answer, undefined);
    await store.keepEvents(one, 'epoch-0001', answer(true), at + 7);
    const ended = await store.findRequest(id);
    t.like(ended, { sentAt: at + 5, answer: { at: at + 7, ok: true, refused: undefined, summary: 'Renewed.' } });
    await store.noteSent(id, at + 9);
    t.deepEqual(await store.findRequest(id), ended, 'what came of it is written once');
    t.is((await store.requests(10)).length, 2);
    t.is(await store.findRequest(randomUUID()), undefined);
  });

  test(`${name}: labels are set, counted and removed by pattern; a token gives its host some; a list brings its own, and a command's stay`, async (t) => {
    const { store } = await open(t);
    const rule = {
      scope: 'name',
      pattern: '*.shop.test\u0000',
      key: 'owner',
      value: 'ann',
      source: 'command',
      setBy: 'root',
    } as const;
    t.deepEqual(await store.setLabels([rule, { ...rule, key: 'team' }], at), { ok: true, value: 2 });
    t.deepEqual(await store.setLabels([rule], at + 1), { ok: true, value: 0 });
    t.deepEqual(await store.setLabels([{ ...rule, value: 'bob' }], at + 2), { ok: true, value: 1 });
    const tokenHash = Buffer.alloc(32, 9);
    await store.addToken(tokenHash, at, at + 1000, { by: 'root', values: { environment: 'live' } });
    await store.enrol({ tokenHash, publicKey: key('web-1'), hostName: 'WEB-1', proposedAgentId: 'agent-1', at });
    const listed = { name: 'shop.test', expiration: '2026-12-01', issuer: 'CA', labels: { owner: 'eve' } };
    const given = [
      { pattern: 'shop.test', key: 'owner', value: 'eve' },
      { pattern: rule.pattern, key: 'owner', value: 'eve' },
    ];
    for (let round = 0; round < 2; round++)
      t.deepEqual(await store.replaceListed([listed, { ...listed, name: 'a.test' }], given, 'root', at + 3), {
        ok: true,
        value: true,
      });
    const all = async () =>
      (await store.labels()).map(({ scope, pattern, key: word, value, source }) => [
        scope,
        pattern,
        word,
        value,
        source,
      ]);
    t.deepEqual(await all(), [
      ['host', 'web-1', 'environment', 'live', 'enrolment'],
      ['name', '*.shop.test\u0000', 'owner', 'bob', 'command'],
      ['name', '*.shop.test\u0000', 'team', 'ann', 'command'],
      ['name', 'shop.test', 'owner', 'eve', 'list'],
    ]);
    t.deepEqual((await store.facts()).labels, await store.labels());
    t.deepEqual(
      (await store.listed()).map((row) => row.name),
      ['shop.test', 'a.test'],
    );
    t.deepEqual((await store.facts()).listed[0], listed);
    await store.replaceListed([], [], 'root', at + 4);
    t.deepEqual(await store.removeLabels(rule, ['owner', 'team', 'none']), { ok: true, value: 2 });
    t.is((await all()).length, 1);
    t.is(await store.hostCount(), 1);
  });

  test(`${name}: an address is remembered, and a store that can keep something says so`, async (t) => {
    const { store } = await open(t);
    t.is(await store.agentAddress(), undefined);
    await store.noteAgentAddress('0.0.0.0:8443');
    t.is(await store.agentAddress(), '0.0.0.0:8443');
    t.deepEqual(await store.checkWritable(at), { ok: true, value: undefined });
    t.deepEqual(await store.restorations(), []);
  });

  test(`${name}: one leads at once where nobody else is there`, async (t) => {
    const { store } = await open(t);
    let stopped = false;
    let stop = () => {};
    await new Promise<void>((resolve) => {
      stop = store.lead(() => {
        resolve();
        return () => {
          stopped = true;
        };
      });
    });
    stop();
    t.true(stopped);
  });
}
