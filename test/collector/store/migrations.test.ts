import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openDatabase } from '../../../collector/store/sqlite/database.ts';
import type { Change, EventFacts } from '../../../collector/store/facts.ts';
import { readMigrations } from '../../../collector/store/migrations.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { certificate, endpoint, event, finding, snapshot, snapshotFrame, told } from '../helpers/example-snapshot.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';

const fixture = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../fixtures/databases', `schema-1.${name}`), 'utf8');

type Row = Change & { at: number };

test('what schema 1 kept is carried over: every host’s history, every event, the current state', async (t) => {
  const directory = temporaryDirectory(t);
  const older = openDatabase(join(directory, 'certherd.db'), readMigrations().slice(0, 1));
  if (!older.ok) throw new Error(older.failure.message);
  older.value.exec(fixture('sql'));
  older.value.close();
  const said: { changes: Record<string, Row[]>; events: EventFacts[] } = JSON.parse(fixture('json'));

  const opened = openSqliteStore(directory, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  const store = opened.value;
  t.teardown(store.close);
  for (const [agentId, before] of Object.entries(said.changes)) {
    const after = await store.changes(agentId);
    t.is(after.length, before.length, agentId);
    t.deepEqual(byTrack(after), byTrack(before), agentId);
  }
  const [first] = said.changes['agent-01'] ?? [];
  t.is((await store.changes('agent-01'))[0]?.at, first?.at);
  t.deepEqual(await store.events(0, 100), said.events);
  const { hosts, certificates } = await store.facts();
  t.deepEqual(
    hosts.map(({ agentId, snapshot: current }) => [agentId, current?.lineages[0]?.issued]),
    ['agent-01', 'agent-02'].map((agentId) => [agentId, certificate('three').fingerprint]),
  );
  t.is(certificates.length, 1);

  // And it goes on from there.
  const two = certificate('two');
  const at = Date.parse('2026-11-24T12:00:00.000Z');
  const open = finding({ since: '2026-11-24T12:00:00.000Z' });
  await store.keepSnapshot(
    'agent-01',
    snapshotFrame(snapshot(two, { endpoints: [endpoint(two)], findings: [open] })),
    at,
  );
  const served = (await store.changes('agent-01')).filter(({ kind }) => kind === 'endpoint-served');
  t.deepEqual([served.at(-1)?.before, served.at(-1)?.after], [undefined, two.fingerprint]);
  t.deepEqual(JSON.parse((await store.changes('agent-01')).at(-1)?.after ?? ''), open);
  const kept = await store.keepEvents('agent-01', 'epoch-0001', told(event(3), event(4)), at);
  t.deepEqual(kept, { ok: true, value: { ackedSeq: 4, added: 1 } });
});

test('no statement of a migration reads a table once for each row of another one', (t) => {
  const migrations = readMigrations();
  for (const [at, { number, sql: text }] of migrations.entries()) {
    const opened = openDatabase(join(temporaryDirectory(t), 'certherd.db'), migrations.slice(0, at));
    if (!opened.ok) throw new Error(opened.failure.message);
    const sql = opened.value;
    for (const statement of text.split(/;\s*\n/).filter((part) => part.replace(/^--.*$/gm, '').trim())) {
      if (/^(?:UPDATE|INSERT|DELETE)/m.test(statement)) {
        const plan = sql.prepare<[], PlanRow>(`EXPLAIN QUERY PLAN ${statement}`).all();
        t.deepEqual(repeatedScans(plan), [], `${number}: ${statement}`);
      }
      sql.exec(statement);
    }
    sql.close();
  }
});

interface PlanRow {
  id: number;
  parent: number;
  detail: string;
}

/** Whole reads of a table within a loop: of a correlated subquery, or of a join from its second table on. */
function repeatedScans(plan: PlanRow[]): string[] {
  const isCorrelated = ({ parent }: PlanRow): boolean => {
    const above = plan.find(({ id }) => id === parent);
    return above !== undefined && (above.detail.startsWith('CORRELATED') || isCorrelated(above));
  };
  const isInner = (row: PlanRow): boolean =>
    plan.find(({ parent, detail }) => parent === row.parent && /^(?:SCAN|SEARCH)/.test(detail)) !== row;
  const scans = plan.filter(({ detail }) => detail.startsWith('SCAN') && detail !== 'SCAN CONSTANT ROW');
  return scans.filter((row) => isCorrelated(row) || isInner(row)).map(({ detail }) => detail);
}

/** Each track's history in its order; findings as values, since the order of their fields tells nothing. */
function byTrack(rows: Row[]): Record<string, unknown[]> {
  const read = (value: string | undefined): unknown => (value?.startsWith('{') ? JSON.parse(value) : value);
  const tracks: Record<string, unknown[]> = {};
  for (const { kind, subject, before, after } of rows)
    (tracks[`${kind.replace(/^finding-.*/, 'finding')} ${subject}`] ??= []).push([kind, read(before), read(after)]);
  return tracks;
}
