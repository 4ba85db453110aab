import { join } from 'node:path';
import { openCertificate } from '@certherd/x509/certificate';
import { keyDigestOf } from '@certherd/x509/key-digest';
import test, { type ExecutionContext } from 'ava';
import { openDatabase } from '../../../collector/store/sqlite/database.ts';
import { readMigrations } from '../../../collector/store/migrations.ts';
import { passStart, type ThinPlace } from '../../../collector/store/retention.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import type { Store } from '../../../collector/store/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { mint, mintKey } from '../../helpers/mint.ts';
import { snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';
import { endServers, type Engine, engines } from '../helpers/stores.ts';

const at = Date.parse('2026-11-27T12:00:00.000Z');
const key = mintKey('ec');

function opened(directory: string): Store {
  const store = openSqliteStore(directory, silentLog);
  if (!store.ok) throw new Error(store.failure.message);
  return store.value;
}

async function storeWith(t: ExecutionContext, engine: Engine, ...agents: string[]) {
  const { store } = await engine.open(t);
  for (const agent of agents) {
    const tokenHash = Buffer.alloc(32, agent);
    await store.addToken(tokenHash, at, at + 1000);
    await store.enrol({ tokenHash, publicKey: Buffer.from(agent), hostName: agent, proposedAgentId: agent, at });
  }
  return store;
}

async function made(name: string) {
  const { der } = await mint({ names: [name], key });
  const read = openCertificate(der);
  if (!read.ok) throw new Error(read.failure.detail);
  const keyDigest = keyDigestOf(read.value);
  return { certificate: read.value.certificate, der, ...(keyDigest !== undefined && { keyDigest }) };
}

test.after.always(endServers);

for (const engine of engines)
  test(`${engine.name}: what its DER says takes the place of what was told, once, and whoever told other dates is named`, async (t) => {
    const store = await storeWith(t, engine, 'agent-01', 'agent-02');
    const one = await made('shop.example.test');
    const { fingerprint } = one.certificate;
    const lie = { ...one.certificate, notAfter: '2026-11-27T13:00:00.000Z' };
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(lie)), at);
    await store.keepSnapshot('agent-02', snapshotFrame(snapshot(one.certificate)), at + 1);
    t.deepEqual((await store.facts()).certificates, [{ certificate: lie, firstSeenAt: at, basis: 'told' }]);
    t.deepEqual(
      (await store.notProved('agent-02', 0, 10)).map((each) => each.fingerprint),
      [fingerprint],
    );
    t.is(await store.der(fingerprint), undefined);

    const kept = await store.keepDer('agent-02', [one]);
    t.deepEqual(kept, {
      ok: true,
      value: {
        topics: ['certificates', 'hosts', 'endpoints', 'findings'],
        contradicted: [{ fingerprint, toldBy: 'agent-01' }],
      },
    });
    const proved = { certificate: one.certificate, firstSeenAt: at, basis: 'der', keyDigest: one.keyDigest };
    t.regex(one.keyDigest ?? '', /^[\w-]{11}$/);
    t.deepEqual((await store.facts()).certificates, [proved]);
    t.deepEqual((await store.readHosts(['agent-01']))[0]?.certificates, [proved]);
    t.deepEqual(await store.notProved('agent-01', 0, 10), []);
    t.deepEqual(Buffer.from((await store.der(fingerprint)) ?? ''), one.der);
    t.is(await store.derBytes('agent-01'), one.der.length);

    const again = await store.keepDer('agent-01', [{ certificate: lie, der: Buffer.from('another') }]);
    t.deepEqual(again, { ok: true, value: { topics: [], contradicted: [] } });
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot({ ...lie, subject: 'CN=b' })), at + 2);
    t.deepEqual((await store.facts()).certificates, [proved]);
  });

for (const engine of engines)
  test(`${engine.name}: of a DER that came before keys were told apart the key is read where its host is`, async (t) => {
    const store = await storeWith(t, engine, 'agent-01');
    const { keyDigest, ...before } = await made('\\"keyDigest":"x","shop.example.test');
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(before.certificate)), at);
    await store.keepDer('agent-01', [before]);
    const proved = { certificate: before.certificate, firstSeenAt: at, basis: 'der', keyDigest };
    t.deepEqual((await store.readHosts(['agent-01']))[0]?.certificates, [proved]);
    t.deepEqual((await store.facts()).certificates, [proved]);
  });

for (const engine of engines)
  test(`${engine.name}: of a certificate that no snapshot ever named nothing is kept, and one that is over goes with its DER`, async (t) => {
    const store = await storeWith(t, engine, 'agent-01');
    const [one, other] = [await made('one.test'), await made('other.test')];
    t.deepEqual(await store.keepDer('agent-01', [one]), { ok: true, value: { topics: [], contradicted: [] } });
    t.is(await store.der(one.certificate.fingerprint), undefined);
    const alone = { endpoints: [] };
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(one.certificate, alone)), at);
    t.deepEqual(await store.keepDer('agent-01', [one]), {
      ok: true,
      value: { topics: ['certificates'], contradicted: [] },
    });
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(other.certificate, alone)), at + 1);
    t.truthy(await store.der(one.certificate.fingerprint), 'history keeps it');
    for (let place: ThinPlace | undefined = passStart; place; ) {
      const slice = await store.thin(at + 2, place);
      if (!slice.ok) throw new Error(slice.failure.detail);
      place = slice.value.next;
    }
    t.is(await store.der(one.certificate.fingerprint), undefined);
  });

test('a database from before is carried over: its certificates count as told, and are read when they come', async (t) => {
  const directory = temporaryDirectory(t);
  const one = await made('shop.example.test');
  const older = openDatabase(join(directory, 'certherd.db'), readMigrations().slice(0, 4));
  if (!older.ok) throw new Error(older.failure.message);
  older.value.exec(
    `INSERT INTO host (id, agent_id, public_key, name, enrolled_at) VALUES (1, 'agent-01', x'01', 'web-1', 1)`,
  );
  older.value
    .prepare(
      `INSERT INTO certificate (id, fingerprint, not_before, not_after, first_seen_at, body, first_seen_by) VALUES (1, ?, 1, 2, ?, ?, 1)`,
    )
    .run(Buffer.from(one.certificate.fingerprint, 'hex'), at, JSON.stringify(one.certificate));
  older.value.exec('INSERT INTO current_certificate (host, certificate) VALUES (1, 1)');
  older.value.close();

  const store = opened(directory);
  t.teardown(store.close);
  t.deepEqual((await store.facts()).certificates, [{ certificate: one.certificate, firstSeenAt: at, basis: 'told' }]);
  t.deepEqual(await store.notProved('agent-01', 0, 10), [{ id: 1, fingerprint: one.certificate.fingerprint }]);
  await store.keepDer('agent-01', [one]);
  t.is((await store.facts()).certificates[0]?.basis, 'der');
});
