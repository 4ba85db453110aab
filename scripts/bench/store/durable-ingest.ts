import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createFrameReader } from '../../../collector/receive/frames.ts';
import { createIngest, type Ingest } from '../../../collector/receive/ingest.ts';
import { createPartsRoom } from '../../../collector/receive/snapshot-parts.ts';
import { openDatabase } from '../../../collector/store/sqlite/database.ts';
import { readMigrations } from '../../../collector/store/migrations.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { event } from '../../../test/collector/helpers/example-snapshot.ts';
import { type Goal, median } from '../goal.ts';
import { enrolled } from './enrolled.ts';

const agents = 100;
const perFrame = 10;
const ticks = 200;
const epoch = 'epoch-0001';

/** 100 agents tell ten events each in one tick: frames are parsed, checked against the schema, committed with one fsync, and acked. */
export async function durableIngest(directory: string, progress: (text: string) => void): Promise<Goal[]> {
  progress('store: keeping events durably');
  const store = openSqliteStore(directory, silentLog);
  if (!store.ok) throw new Error(store.failure.message);
  const told = agentsOf(store.value);
  for (let index = 0; index < agents; index++) await enrolled(store.value, `agent-${index}`, Date.now());
  const ours: number[] = [];
  const bare: number[] = [];
  mkdirSync(join(directory, 'bare'));
  const loop = bareLoop(join(directory, 'bare', 'bare.db'), agents, perFrame);
  for (let tick = 0; tick < ticks; tick++) {
    const frames = Array.from({ length: agents }, () => frameOf(tick * perFrame));
    ours.push(await told.tick(frames));
    bare.push(loop(tick));
  }
  await store.value.close();
  const rows = agents * perFrame;
  const perSecond = (times: number[]) => (rows / median(times.slice(5))) * 1000;
  return [
    {
      what: 'one event kept durably (parsed, checked, committed with fsync, acked)',
      unit: 'µs',
      ours: 1e6 / perSecond(ours),
      baseline: { what: 'a bare loop of better-sqlite3, same rows and batches', value: 1e6 / perSecond(bare) },
      goal: { of: 'ratio', below: 2 },
      note: `${perSecond(ours).toFixed(0)} a second on one core (goal 30000), bare ${perSecond(bare).toFixed(0)}`,
    },
  ];
}

function frameOf(from: number): string {
  const events = Array.from({ length: perFrame }, (_, index) => event(from + index + 1));
  return JSON.stringify({ type: 'events', epoch, events });
}

function agentsOf(store: Parameters<typeof createIngest>[6]['records']) {
  const readFrame = createFrameReader();
  let acked = 0;
  let done = () => {};
  const channel = {
    send: () => {
      if (++acked === agents) done();
    },
    refuse: (reason: string, detail: string) => {
      throw new Error(`${reason}: ${detail}`);
    },
    isOpen: () => true,
  };
  const socket = { pause: () => {}, resume: () => {}, isPaused: false };
  const gate = {
    records: store,
    clock: systemClock,
    log: silentLog,
    changed: () => {},
    liveness: { heard: () => {} },
    readFrame,
    partsRoom: createPartsRoom(),
  };
  const ingests: Ingest[] = Array.from({ length: agents }, (_, index) =>
    createIngest(`agent-${index}`, epoch, undefined, false, socket, channel, gate),
  );
  return {
    /** Milliseconds until every frame of the tick is acked. */
    async tick(frames: string[]): Promise<number> {
      acked = 0;
      const began = performance.now();
      const all = new Promise<void>((resolve) => {
        done = resolve;
      });
      for (const [index, text] of frames.entries()) {
        const frame = readFrame(text);
        if (!frame.ok) throw new Error(frame.failure);
        ingests[index]?.take(frame.value, text.length);
      }
      await all;
      return performance.now() - began;
    },
  };
}

/** The same table, pragmas, rows and batches, and nothing else: milliseconds for a batch of `each` events of each of `together` agents, which are the next ones of all. */
export function bareLoop(path: string, together: number, each: number): (tick: number) => number {
  const opened = openDatabase(path, readMigrations());
  if (!opened.ok) throw new Error(opened.failure.message);
  const sql = opened.value;
  for (let agent = 1; agent <= agents; agent++) {
    sql
      .prepare("INSERT INTO host (agent_id, public_key, name, enrolled_at) VALUES (?, ?, '', 0)")
      .run(agent, Buffer.from([agent]));
    sql.prepare('INSERT INTO epoch (host, name) VALUES (?, ?)').run(agent, epoch);
  }
  const insert = sql.prepare('INSERT INTO event (epoch, seq, at, received_at, body) VALUES (?, ?, ?, ?, ?)');
  const body = JSON.stringify(event(1));
  const now = Date.now();
  const all = sql.transaction((tick: number) => {
    for (let turn = tick * together; turn < (tick + 1) * together; turn++)
      for (let seq = 1; seq <= each; seq++)
        insert.run(1 + (turn % agents), Math.floor(turn / agents) * each + seq, now, now, body);
  });
  return (tick) => {
    const began = performance.now();
    all.immediate(tick);
    return performance.now() - began;
  };
}
