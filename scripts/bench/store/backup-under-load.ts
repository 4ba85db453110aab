import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteStore, type SqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { event, told } from '../../../test/collector/helpers/example-snapshot.ts';
import { type Goal, median } from '../goal.ts';
import { enrolled } from './enrolled.ts';

const rows = 400_000;
const batch = 500;
const rounds = 3;

/** A backup of about 200 MB through the writer's own connection, while it rests and while 500 events come at a time, 100 times a second. */
export async function backupUnderLoad(directory: string, progress: (text: string) => void): Promise<Goal[]> {
  const opened = openSqliteStore(directory, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  const store = opened.value;
  await enrolled(store, 'agent-0', Date.now());
  progress(`store: filling a database for the backup`);
  let seq = 0;
  const keep = async (): Promise<void> => {
    const events = Array.from({ length: batch }, () => event(++seq));
    const kept = await store.keepEvents('agent-0', 'epoch-0001', told(...events), Date.now());
    if (!kept.ok) throw new Error(kept.failure.detail);
  };
  while (seq < rows) await keep();
  const idle: number[] = [];
  const loaded: number[] = [];
  const stalls: number[] = [];
  let during = 0;
  for (let round = 1; round <= rounds; round++) {
    idle.push(await backup(store, directory));
    let ended = false;
    const before = seq;
    const load = (async () => {
      while (!ended) {
        const began = performance.now();
        await keep();
        stalls.push(performance.now() - began);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    loaded.push(await backup(store, directory));
    during += seq - before;
    ended = true;
    await load;
    progress(
      `store: backup ${round} of ${rounds}: ${idle.at(-1)?.toFixed(0)} ms, under load ${loaded.at(-1)?.toFixed(0)} ms`,
    );
  }
  const megabytes = statSync(join(directory, 'certherd.db')).size / 1e6;
  await store.close();
  return [
    {
      what: `a backup of ${megabytes.toFixed(0)} MB while events come`,
      unit: 'ms',
      ours: median(loaded),
      baseline: { what: 'at rest', value: median(idle) },
      goal: { of: 'ratio', below: 2 },
      note: `${Math.round((during / loaded.reduce((sum, one) => sum + one)) * 1000)} events a second meanwhile`,
    },
    {
      what: 'the longest wait for a commit meanwhile',
      unit: 'ms',
      ours: Math.max(...stalls),
      baseline: { what: 'median', value: median(stalls) },
      goal: { of: 'ours', below: 250 },
      note: `${stalls.length} commits of ${batch} events`,
    },
  ];
}

async function backup(store: SqliteStore, directory: string): Promise<number> {
  const path = join(directory, 'copy.db');
  const began = performance.now();
  await store.copyTo(path, () => {});
  const took = performance.now() - began;
  rmSync(path);
  return took;
}
