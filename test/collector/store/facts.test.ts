import test from 'ava';
import { createDatabase, type Database } from '../../../collector/store/postgres/database.ts';
import { createFacts } from '../../../collector/store/postgres/facts.ts';
import { openPostgresStore } from '../../../collector/store/postgres/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { certificate, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { endServers, freshDatabase } from '../helpers/stores.ts';

test.after.always(endServers);

test('facts are read once at a time: who asks meanwhile shares the next read, which sees what was kept before', async (t) => {
  const url = await freshDatabase();
  const opened = await openPostgresStore({ url, passwordFile: undefined }, { clock: systemClock, log: silentLog });
  if (!opened.ok) throw new Error(opened.failure.message);
  const store = opened.value;
  const tokenHash = Buffer.alloc(32, 1);
  await store.addToken(tokenHash, 0, 1000);
  await store.enrol({ tokenHash, publicKey: tokenHash, hostName: 'web-1', proposedAgentId: 'agent-01', at: 0 });
  const database = createDatabase(url);
  let reads = 0;
  let out = 0;
  let most = 0;
  let held: Promise<void> | undefined;
  const read: Database['read'] = async (work) => {
    reads += 1;
    out += 1;
    most = Math.max(most, out);
    try {
      const found = await database.read(work);
      await held;
      return found;
    } finally {
      out -= 1;
    }
  };
  const facts = createFacts({ read });
  let release = () => {};
  held = new Promise((resolve) => {
    release = resolve;
  });
  const first = facts();
  await store.keepSnapshot('agent-01', snapshotFrame(snapshot(certificate('one'))), 1);
  const later = Array.from({ length: 20 }, () => facts());
  release();
  await first;
  for (const one of await Promise.all(later)) t.is(one.certificates.length, 1);
  t.deepEqual([reads, most], [2, 1]);
  const failing = createFacts({ read: async () => Promise.reject(new Error('away')) });
  await t.throwsAsync(Promise.all([failing(), failing()]), { message: 'away' });
  t.is((await facts()).hosts.length, 1, 'and again');
  t.is(reads, 3);
  await database.close();
  await store.close();
});
