import test from 'ava';
import type { Store } from '../../../collector/store/store.ts';
import { until } from '../../helpers/testbed/until.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { endServers, freshDatabase, openedPostgres as opened, query } from '../helpers/stores.ts';

test.after.always(endServers);

for (const onlyStandard of [false, true]) {
  const how = onlyStandard ? 'by a lease' : 'by an advisory lock';

  test(`of two collectors one leads ${how}, and the other one once it ended, however it ended`, async (t) => {
    const url = await freshDatabase();
    const leading = new Set<string>();
    const join = (name: string, store: Store) =>
      store.lead(() => {
        leading.add(name);
        return () => leading.delete(name);
      });
    const [one, other] = [await opened(t, url, { onlyStandard }), await opened(t, url, { onlyStandard })];
    join('one', one);
    await until('the first leads', () => leading.has('one'));
    join('other', other);
    t.deepEqual([...leading], ['one']);
    const locks = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    t.is((await query(url, locks)).length, onlyStandard ? 0 : 1);
    await one.close();
    await until('the other leads', () => leading.has('other') && leading.size === 1);
    // As when its machine loses the database: every connection breaks at once.
    const third = await opened(t, url, { onlyStandard });
    join('third', third);
    await query(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await until('one of them leads again', () => leading.size === 1, { deadlineMs: 60_000 });
    t.is(leading.size, 1);
  });

  test(`what was stopped does not begin again while the collector ends, ${how}`, async (t) => {
    const clock = handClock(Date.now());
    const store = await opened(t, await freshDatabase(), { onlyStandard, clock });
    const said: string[] = [];
    const stop = store.lead(() => {
      said.push('begun');
      return () => said.push('ended');
    });
    await until('it leads', () => {
      clock.advance(2_000);
      return said.length > 0;
    });
    stop();
    clock.advance(20_000);
    await store.close();
    t.deepEqual(said, ['begun', 'ended']);
  });
}
