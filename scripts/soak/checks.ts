import { readdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Estate } from '../../collector/serve/estate.ts';
import { memoryOf } from '../bench/footprint/process-cost.ts';
import type { Standing } from './agents.ts';
import { type Ledger, readLedgers } from './ledger.ts';

interface StoredEvent {
  agent: string;
  epoch: string;
  seq: number;
  kind: string;
  mark: string | null;
  lost: string | null;
}

/** What is wrong with the history, in lines; none: acked is a subset of stored, nothing is there twice, and there is no unexplained hole. */
export function historyMistakes(database: string, ledgers: readonly string[], isDrained: boolean): string[] {
  const ledger = readLedgers(ledgers);
  const stored = storedEvents(database);
  const byEpoch = Map.groupBy(stored, ({ agent, epoch }) => `${agent} ${epoch}`);
  return [
    ...twice(stored),
    ...[...byEpoch].flatMap(([key, events]) => holes(key, events)),
    ...ackedAndMissing(ledger, byEpoch),
    ...(isDrained ? keptAndMissing(ledger, stored) : []),
  ];
}

/** How many events the database has. */
export function storedCount(database: string): number {
  return storedEvents(database).length;
}

/** What the collector shows that is not as the agents are. */
export function stateMistakes(estate: Estate, standings: readonly Standing[]): string[] {
  const hosts = new Map(estate.hosts.map((host) => [host.agentId, host]));
  const endpoints = Map.groupBy(estate.endpoints, ({ agentId }) => agentId);
  return standings.flatMap(({ name, agentId, connected, waiting, served }) => {
    const host = hosts.get(agentId);
    if (!connected) return [`${name} is not connected`];
    if (waiting > 0) return [`${name} has ${waiting} events that are not acked`];
    if (host?.connected !== true || host.status !== 'healthy')
      return [`${name} is shown as ${host?.reason ?? 'nothing'}`];
    const shown = new Map(endpoints.get(agentId)?.map((endpoint) => [endpoint.id, endpoint.served]));
    const isTrue = served.every((print, place) => shown.get(`shop-${place}.example.test@0.0.0.0:443/ecdsa`) === print);
    return isTrue && shown.size === served.length ? [] : [`${name} serves something else than is shown`];
  });
}

/** What a process holds: MB of its own, and descriptors. */
export function holdingsOf(pid: number): { megabytes: number; descriptors: number } {
  return { megabytes: memoryOf(pid).anonymous, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

function storedEvents(database: string): StoredEvent[] {
  const sql = new Database(database, { readonly: true });
  try {
    return sql
      .prepare<[], StoredEvent>(
        `SELECT host.name AS agent, epoch.name AS epoch, seq, json_extract(body, '$.kind') AS kind,
           json_extract(body, '$.detail.mark') AS mark, json_extract(body, '$.detail.lost') AS lost
         FROM event JOIN epoch ON epoch.id = event.epoch JOIN host ON host.id = epoch.host ORDER BY host.id, epoch.id, seq`,
      )
      .all();
  } finally {
    sql.close();
  }
}

function twice(stored: readonly StoredEvent[]): string[] {
  const seen = new Set<string>();
  return stored.flatMap(({ agent, seq, mark }) => {
    if (mark === null) return [];
    if (seen.has(mark)) return [`${agent}: event ${seq} is stored a second time`];
    seen.add(mark);
    return [];
  });
}

/** A gap event explains as many seqs before it as it says were lost. */
function holes(key: string, events: readonly StoredEvent[]): string[] {
  let last = 0;
  return events.flatMap(({ seq, kind, lost }) => {
    const missing = seq - last - 1;
    last = seq;
    const explained = kind === 'gap' ? Number(lost) : 0;
    return missing > explained ? [`${key}: ${missing} events are missing before ${seq}, ${explained} explained`] : [];
  });
}

function ackedAndMissing(ledger: Ledger, byEpoch: ReadonlyMap<string, readonly StoredEvent[]>): string[] {
  return [...ledger.acked].flatMap(([key, acked]) => {
    const last = byEpoch.get(key)?.at(-1)?.seq ?? 0;
    return last < acked ? [`${key}: acked up to ${acked}, stored up to ${last}`] : [];
  });
}

/** Whatever an agent had on disk has to arrive, under whichever epoch. */
function keptAndMissing(ledger: Ledger, stored: readonly StoredEvent[]): string[] {
  const marks = new Set(stored.map(({ mark }) => mark));
  return [...ledger.kept].flatMap(([key, events]) =>
    [...events].flatMap(([seq, mark]) => (marks.has(mark) ? [] : [`${key}: event ${seq} was kept and never arrived`])),
  );
}
