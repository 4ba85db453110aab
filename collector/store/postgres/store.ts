import { createHash } from 'node:crypto';
import type { Result } from '@certherd/protocol/failure';
import type { Clock, Log } from '../../ports.ts';
import type { SessionStart, SessionState } from '../../receive/records.ts';
import type { Kept } from '../kept.ts';
import { type Migration, readMigrations } from '../migrations.ts';
import type { OpenFailure } from '../sqlite/database.ts';
import type { Store } from '../store.ts';
import { certificateDer } from './certificate-der.ts';
import { addChanges, changesOfHost, endpointStaysOf, staysOf } from './changes.ts';
import { createDatabase, type Database, type Queries } from './database.ts';
import { enrolHost } from './enrolment.ts';
import { beginEpoch, eventsAfter, keepEvents, newestEventsOf } from './events.ts';
import { createFacts } from './facts.ts';
import { joinFleet } from './fleet.ts';
import { createGroupCommit, type Tx } from './group-commit.ts';
import { keepAccounts } from '../keep-accounts.ts';
import { keepCampaigns } from '../campaign-steps.ts';
import { hostReads } from './host-reads.ts';
import { hosts, type SharedHostRow } from './hosts.ts';
import { labelStore } from './labels.ts';
import { lead } from './lead.ts';
import { connectUrl, nameOf, type PostgresPlace } from './place.ts';
import { requests } from './requests.ts';
import { migrate, wordConnectFailure } from './schema.ts';
import { collectorIdOf, keepSetting, readSetting } from './settings.ts';
import { note, noted, stepRunner } from './steps.ts';
import { replaceSnapshot, snapshotDigest } from './snapshots.ts';
import { sharedTargets } from './targets.ts';
import { sharedTransparency } from './transparency.ts';
import { tellTables } from './tell.ts';
import { newestAt, thinSlice } from './thin.ts';

export interface PostgresNeeds {
  clock: Clock;
  log: Log;
  /** Take nothing that CockroachDB does not have; else its name in version() decides. */
  onlyStandard?: boolean;
  migrations?: readonly Migration[];
}

/** Opens a database that several collectors may share, and brings its schema up to date. */
export async function openPostgresStore(
  place: PostgresPlace,
  needs: PostgresNeeds,
): Promise<Result<Store, OpenFailure>> {
  const url = connectUrl(place);
  if (!url.ok) return { ok: false, failure: { reason: 'unreadable', message: url.failure } };
  const name = nameOf(place.url);
  const patient = createDatabase(url.value, 'unlimited');
  const migrated = await migrate(patient, name, needs.migrations ?? readMigrations('postgres'));
  await patient.close();
  if (!migrated.ok) return migrated;
  const database = createDatabase(url.value);
  try {
    return { ok: true, value: await createStore(database, needs) };
  } catch (error) {
    await database.close();
    return { ok: false, failure: { reason: 'unreadable', message: wordConnectFailure(name, error) } };
  }
}

async function createStore(database: Database, { clock, log, onlyStandard }: PostgresNeeds): Promise<Store> {
  const version = await database.one<{ version: string }>('SELECT version() AS version');
  const isStandard = onlyStandard ?? /cockroach/i.test(version?.version ?? '');
  const collectorId = await collectorIdOf(database);
  const channel = `certherd_${createHash('sha256').update(collectorId).digest('hex').slice(0, 16)}`;
  const fleet = joinFleet({ database, channel, notifies: !isStandard, clock, log });
  const group = createGroupCommit(database, fleet.tell, log);
  /** As last read; what is kept looks for itself. */
  let revoked: ReadonlySet<string> = new Set(await hosts.revoked(database));
  const closers: (() => Promise<void>)[] = [];
  const steps = stepRunner(database, group);

  return {
    collectorId,
    accounts: keepAccounts(steps),
    campaigns: keepCampaigns(steps),
    addToken: (hash, at, expiresAt, given, entry) =>
      group.keep(async (tx) => {
        await tx.all('INSERT INTO token (hash, created_at, expires_at, labels) VALUES ($1, $2, $3, $4)', [
          hash,
          at,
          expiresAt,
          given ? JSON.stringify(given) : null,
        ]);
        await note(tx, entry);
      }),
    ...labelStore(group, database),
    agentAddress: () => readSetting(database, 'agent-address'),
    noteAgentAddress: (address) => group.keep((tx) => keepSetting(tx, 'agent-address', address)),
    checkWritable: (at) => group.keep((tx) => keepSetting(tx, 'checked-at', String(at))),
    enrol: (enrolment) =>
      group.keep((tx) => {
        tx.changed('hosts');
        return enrolHost(tx, enrolment);
      }),
    identity: (agentId) => hosts.identity(database, agentId),
    isRevoked: (agentId) => revoked.has(agentId),
    beginSession: (start) => group.keep((tx) => beginSession(tx, start)),
    endSession: (agentId, generation) =>
      group.keep((tx) => {
        tx.changed('hosts');
        return hosts.end(tx, agentId, generation, fleet.id);
      }),
    noteConflict: (agentId, at) =>
      group.keep((tx) => {
        tx.changed('hosts');
        return hosts.noteConflict(tx, agentId, at);
      }),
    keepSnapshot: (agentId, frame, at) =>
      ofSession(
        group.keep((tx) =>
          ifTrusted(tx, agentId, async (host) => {
            const topics = await replaceSnapshot(tx, host, frame, at);
            tx.changed(...topics);
            return topics;
          }),
        ),
      ),
    keepEvents: (agentId, epoch, list, at) =>
      ofSession(
        group.keep(
          (tx) =>
            ifTrusted(tx, agentId, async (host) => {
              const kept = await keepEvents(tx, host, epoch, list, at);
              if (!kept) return hole;
              for (const { answer } of list) if (answer) await requests.answer(tx, host, answer, at);
              if (kept.added > 0) tx.changed('events');
              return kept;
            }),
          agentId,
          list.length,
        ),
      ),
    notProved: (agentId, beyond, limit) => certificateDer.without(database, agentId, beyond, limit),
    derBytes: (agentId) => certificateDer.bytes(database, agentId),
    keepDer: (agentId, proved) =>
      ofSession(
        group.keep((tx) =>
          ifTrusted(tx, agentId, async () => {
            const kept = await certificateDer.keep(tx, proved);
            tx.changed(...kept.topics);
            return kept;
          }),
        ),
      ),
    changedElsewhere: fleet.changedElsewhere,
    onElsewhere: fleet.onElsewhere,
    others: fleet.others,
    async revoked() {
      const all = await hosts.revoked(database);
      revoked = new Set(all);
      return all;
    },
    replaceKey: (agentId, current, next, at) => group.keep((tx) => replaceKey(tx, agentId, current, next, at)),
    revoke: (agentId, at, entry) => group.keep((tx) => noted(tx, revoke(tx, agentId, at), entry)),
    noteHeard: (heard) =>
      group.keep((tx) => {
        tx.changed('hosts');
        return hosts.noteHeard(tx, heard);
      }),
    lastHeard: fleet.lastHeard,
    facts: createFacts(database),
    ...hostReads(database),
    hostCount: () => hosts.count(database),
    events: (after, limit) =>
      after === undefined
        ? newestEventsOf(database, limit).then((list) => list.toReversed())
        : eventsAfter(database, after, limit),
    addRequest: (draft, entry) =>
      group.keep(async (tx) => {
        tx.changed('events');
        const row = await requests.add(tx, (await hostOf(tx, draft.agentId)).id, draft);
        if (row.id === draft.id) await note(tx, entry);
        return row;
      }),
    noteSent: (id, at) => group.keep((tx) => requests.noteSent(tx, id, at)),
    findRequest: (id) => requests.find(database, id),
    waitingRequests: (now) => requests.waiting(database, now),
    requests: (limit) => requests.newest(database, limit),
    targets: sharedTargets(group, database),
    transparency: sharedTransparency(group, database),
    telling: tellTables(database, group),
    // Its own server restores it; what is missing then is a gap in the events of each host.
    restorations: async () => [],
    copyTo: undefined,
    changes: async (agentId, since = 0) => changesOfHost(database, agentId, since),
    thin: (before, place) => group.keep((tx) => thinSlice(tx, before, place)),
    usedBytes: undefined,
    newestAt: () => newestAt(database),
    stays: (fingerprint) => staysOf(database, fingerprint),
    endpointStays: (agentId, endpoint) => endpointStaysOf(database, agentId, endpoint),
    der: (fingerprint) => certificateDer.of(database, fingerprint),
    lead(begin) {
      fleet.onElsewhere(() => {});
      const by = isStandard ? 'lease' : 'advisory-lock';
      const queries = () => fleet.connection()?.queries();
      const leading = lead({ queries, by, id: fleet.id, clock, log }, begin);
      fleet.onBroken(leading.lost);
      closers.push(leading.close);
      return leading.stop;
    },
    async close() {
      for (const closer of closers.splice(0)) await closer();
      await group.settled();
      await fleet.close();
      await database.close();
    },
  };

  /** The agent writes its generation down before it says hello, so that a lost reply never repeats one. */
  async function beginSession(tx: Tx, start: SessionStart): Promise<SessionState | undefined> {
    const host = await hosts.locked(tx, start.agentId);
    if (!host) return undefined;
    tx.changed('hosts', 'endpoints', 'findings');
    if (start.generation <= host.generation) {
      await hosts.noteConflict(tx, start.agentId, start.at);
      return undefined;
    }
    await hosts.begin(tx, host.id, start, fleet.id);
    if (host.collector !== undefined && host.collector !== fleet.id)
      await fleet.tellBegun(tx, host.collector, start.agentId, start.generation);
    const isOther = start.hostName !== host.name || start.agentVersion !== host.agentVersion;
    const ackedSeq = await beginEpoch(tx, host.id, start.epoch);
    return { ackedSeq, snapshotDigest: await snapshotDigest(tx, host.id), isOther };
  }

  async function hostOf(tx: Queries, agentId: string): Promise<SharedHostRow> {
    const host = await hosts.locked(tx, agentId);
    if (!host) throw new Error('no such agent');
    return host;
  }

  /** Revocation is looked at in the same transaction as the write: nothing of a revoked host is kept, nor of a session that began anew elsewhere. */
  async function ifTrusted<T>(
    tx: Queries,
    agentId: string,
    work: (host: number) => Promise<T>,
  ): Promise<T | undefined | typeof elsewhere> {
    const { id, revokedAt, collector } = await hostOf(tx, agentId);
    if (revokedAt !== undefined) return undefined;
    return collector === undefined || collector === fleet.id ? work(id) : elsewhere;
  }

  async function replaceKey(
    tx: Tx,
    agentId: string,
    current: Uint8Array,
    next: Uint8Array,
    at: number,
  ): Promise<boolean> {
    const host = await hosts.byPublicKey(tx, current);
    if (host?.agentId !== agentId || host.revokedAt !== undefined || (await hosts.byPublicKey(tx, next))) return false;
    await tx.all('UPDATE host SET public_key = $1 WHERE id = $2', [next, host.id]);
    tx.changed('hosts');
    await addChanges(tx, host.id, at, [
      { kind: 'host-key-replaced', subject: agentId, before: undefined, after: undefined },
    ]);
    return true;
  }

  async function revoke(tx: Tx, agentId: string, at: number): Promise<boolean> {
    const host = await hosts.locked(tx, agentId);
    if (!host || host.revokedAt !== undefined) return false;
    await tx.all('UPDATE host SET revoked_at = $1 WHERE id = $2', [at, host.id]);
    tx.changed('hosts', 'endpoints', 'findings');
    await addChanges(tx, host.id, at, [
      { kind: 'host-revoked', subject: agentId, before: undefined, after: undefined },
    ]);
    return true;
  }
}

const elsewhere = Symbol('another collector has the session');
const hole = Symbol('a hole before it');

async function ofSession<T>(asked: Promise<Kept<T | typeof elsewhere | typeof hole>>): Promise<Kept<T>> {
  const kept = await asked;
  if (!kept.ok) return kept;
  const { value } = kept;
  if (value === elsewhere) return notOfSession('a newer session of this agent is at another collector');
  if (value === hole) return notOfSession('events before these were not kept');
  return { ok: true, value };
}

function notOfSession(detail: string): Kept<never> {
  return { ok: false, failure: { reason: 'write-failed', detail } };
}
