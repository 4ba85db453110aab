import { join } from 'node:path';
import test from 'ava';
import { readMigrations } from '../../../collector/store/migrations.ts';
import { openDatabase } from '../../../collector/store/sqlite/database.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import type { TargetState } from '../../../collector/store/targets.ts';
import { certificate, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';
import { endServers, engines } from '../helpers/stores.ts';

test.after.always(endServers);

const at = 1_800_000_000_000;
const draft = { target: 'shop.example.com:443', everyMs: 60_000, setBy: 'me' };
const [one, two] = [certificate('one'), certificate('two')];
const state = (served: string): TargetState => ({
  places: [{ address: '192.0.2.1', algorithm: 'ecdsa', served, chain: [], subject: 'CN=\u0000\uf8ff', since: at }],
  leftOut: 2,
});

for (const { name, open } of engines) {
  test(`${name}: a target, what is seen of it and its history are kept, and go together`, async (t) => {
    const { store, count } = await open(t);
    t.deepEqual(await store.targets.all(), []);
    t.true((await store.targets.add(draft, at)).ok);
    t.true((await store.targets.add({ ...draft, everyMs: 30_000 }, at + 1)).ok, 'again: another interval');
    const [row] = await store.targets.all();
    t.like(row, {
      target: draft.target,
      everyMs: 30_000,
      setBy: 'me',
      setAt: at + 1,
      askedAt: undefined,
      seen: undefined,
    });
    const id = row?.id ?? 0;
    const entry = { at, actor: 'me', via: 'page', action: 'target-added', subject: draft.target, detail: {} } as const;
    t.deepEqual(await store.targets.addNew(draft, at, entry), { ok: true, value: false }, 'it is there');
    const asked = { ...entry, action: 'target-look-asked' } as const;
    t.deepEqual(await store.targets.want(id, asked), { ok: true, value: true });
    t.deepEqual(await store.targets.want(id + 1, asked), { ok: true, value: false });
    t.deepEqual(await store.accounts.audit(undefined, 10), [{ ...asked, id: 1 }], 'once, of what is there');
    const [looked] = await store.targets.all();
    t.is(looked?.wanted, 1);
    // Somebody asks again while the look goes on.
    await store.targets.want(id, asked);
    const change = (served: string | undefined) => [{ address: '192.0.2.1', algorithm: 'ecdsa' as const, served }];
    t.deepEqual(await store.targets.keep({ id, wanted: 1 }, at + 10, state(one.fingerprint), change(one.fingerprint)), {
      ok: true,
      value: true,
    });
    t.is((await store.targets.all())[0]?.wanted, 2, 'a look that began before is no answer');
    await store.targets.keep({ id, wanted: 2 }, at + 20, state(two.fingerprint), change(two.fingerprint));
    await store.targets.keep({ id, wanted: 0 }, at + 30, { places: [], leftOut: 0 }, change(undefined));
    await store.targets.keep({ id, wanted: 0 }, at + 40, state(one.fingerprint), change(one.fingerprint));
    const [seen] = (await store.facts()).targets;
    t.deepEqual([seen?.askedAt, seen?.seen, seen?.held], [at + 40, state(one.fingerprint), []]);
    t.is(seen?.wanted, 0, 'it was asked');
    const stay = { address: '192.0.2.1', algorithm: 'ecdsa' as const };
    t.deepEqual(await store.targets.stays(id), [
      { ...stay, served: one.fingerprint, from: at + 40, until: undefined },
      { ...stay, served: two.fingerprint, from: at + 20, until: at + 30 },
      { ...stay, served: one.fingerprint, from: at + 10, until: at + 20 },
    ]);
    t.deepEqual(await store.targets.remove(draft.target), { ok: true, value: true });
    t.deepEqual(await store.targets.remove(draft.target), { ok: true, value: false });
    t.deepEqual(await store.targets.keep({ id, wanted: 0 }, at, state(one.fingerprint), change(one.fingerprint)), {
      ok: true,
      value: false,
    });
    t.deepEqual([await count('target'), await count('target_change')], [0, 0]);
  });

  test(`${name}: each vantage of a target has an interval, a state and a history of its own`, async (t) => {
    const { store } = await open(t);
    const tokenHash = Buffer.alloc(32, 1);
    await store.addToken(tokenHash, at, at + 1000);
    await store.enrol({
      tokenHash,
      publicKey: Buffer.alloc(44, 1),
      hostName: 'web-1',
      proposedAgentId: 'agent-01',
      at,
    });
    await store.targets.add({ ...draft, vantage: 'agent-01', everyMs: 10_000 }, at);
    await store.targets.add(draft, at);
    const [first, second] = await store.targets.all();
    t.like(first, { vantage: 'collector', vantageName: undefined, everyMs: 60_000 });
    t.like(second, { vantage: 'agent-01', vantageName: 'web-1', everyMs: 10_000 });
    const change = [{ address: '192.0.2.1', algorithm: 'ecdsa' as const, served: one.fingerprint }];
    await store.targets.keep({ id: second?.id ?? 0, wanted: 0 }, at + 1, state(one.fingerprint), change);
    t.is((await store.targets.all())[0]?.seen, undefined);
    t.deepEqual(
      [await store.targets.stays(first?.id ?? 0), (await store.targets.stays(second?.id ?? 0)).length],
      [[], 1],
    );
    t.deepEqual(await store.targets.remove(draft.target, undefined, 'agent-02'), { ok: true, value: false });
    t.deepEqual(await store.targets.remove(draft.target, undefined, 'collector'), { ok: true, value: true });
    t.deepEqual(
      (await store.targets.all()).map(({ vantage }) => vantage),
      ['agent-01'],
    );
    t.deepEqual(await store.targets.remove(draft.target), { ok: true, value: true });
  });

  test(`${name}: it is told which of what is presented a host of the fleet holds or held`, async (t) => {
    const { store } = await open(t);
    const tokenHash = Buffer.alloc(32, 1);
    await store.addToken(tokenHash, at, at + 1000);
    await store.enrol({ tokenHash, publicKey: Buffer.alloc(44, 1), hostName: 'web-1', proposedAgentId: 'a', at });
    for (const leaf of [one, two]) await store.keepSnapshot('a', snapshotFrame(snapshot(leaf)), at);
    await store.targets.add(draft, at);
    const [row] = await store.targets.all();
    await store.targets.keep({ id: row?.id ?? 0, wanted: 0 }, at, state(one.fingerprint), []);
    t.deepEqual((await store.targets.all())[0]?.held, [one.fingerprint], 'it was replaced, and is known still');
    await store.targets.keep({ id: row?.id ?? 0, wanted: 0 }, at, state(certificate('three').fingerprint), []);
    t.deepEqual((await store.facts()).targets[0]?.held, []);
  });

  test(`${name}: of a target whose addresses change without end the newest thousand changes are kept`, async (t) => {
    const { store, count } = await open(t);
    await store.targets.add(draft, at);
    const id = (await store.targets.all())[0]?.id ?? 0;
    const changes = (from: number) =>
      Array.from({ length: 300 }, (_, index) => ({
        address: `2001:db8::${(from + index).toString(16)}`,
        algorithm: 'ecdsa' as const,
        served: one.fingerprint,
      }));
    for (let round = 0; round < 5; round++)
      await store.targets.keep({ id, wanted: 0 }, at + round, { places: [], leftOut: 0 }, changes(round * 300));
    const left = await count('target_change');
    t.true(left >= 1000 && left <= 1300, String(left));
  });
}

test('targets of a database from before are the collector’s own, and keep what was seen', async (t) => {
  const directory = temporaryDirectory(t);
  const before = readMigrations().filter(({ number }) => number < 15);
  const older = openDatabase(join(directory, 'certherd.db'), before);
  if (!older.ok) throw new Error(older.failure.message);
  older.value
    .prepare(
      `INSERT INTO target (id, target, every_ms, set_by, set_at, asked_at, seen) VALUES (7, ?, 60000, 'me', ?, ?, ?)`,
    )
    .run(draft.target, at, at + 1, JSON.stringify(state(one.fingerprint)));
  older.value.prepare(`INSERT INTO target_change VALUES (7, ?, '192.0.2.1', 'ecdsa', ?)`).run(at + 1, one.fingerprint);
  older.value.close();
  const opened = openSqliteStore(directory, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  t.teardown(opened.value.close);
  const { targets } = opened.value;
  t.like((await targets.all())[0], { id: 7, vantage: 'collector', askedAt: at + 1, seen: state(one.fingerprint) });
  t.is((await targets.stays(7))[0]?.served, one.fingerprint);
  await targets.remove(draft.target);
  t.deepEqual(await targets.stays(7), []);
});
