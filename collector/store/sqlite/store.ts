import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import type { Log } from '../../ports.ts';
import type { ToldEvent } from '../../receive/told-events.ts';
import { alone, type Enrolment, type SessionStart, type SessionState, type Topic } from '../../receive/records.ts';
import { copyDatabase, removeLeftovers } from './backup.ts';
import { certificateDer } from './certificate-der.ts';
import { certificateTable } from './certificates.ts';
import { changeTable } from './changes.ts';
import { type OpenFailure, openDatabase, readResting } from './database.ts';
import { eventTable } from './events.ts';
import { type Facts, newestEvents } from '../facts.ts';
import { createGroupCommit } from './group-commit.ts';
import type { HostRow } from '../rows/host.ts';
import { draftsOf } from '../rows/label.ts';
import { hostReads } from './host-reads.ts';
import { hostTable } from './hosts.ts';
import { labelStore, labelTable } from './labels.ts';
import { listedTable } from './listed.ts';
import { accountSteps } from '../account-steps.ts';
import { keepAccounts, type StepRunner } from '../keep-accounts.ts';
import { keepCampaigns } from '../campaign-steps.ts';
import type { Mark } from './mark.ts';
import { type Migration, readMigrations } from '../migrations.ts';
import { requestTable } from './requests.ts';
import { type OpenSqlite, type Sql, sqliteFor } from './sqlite.ts';
import { settingTable } from './settings.ts';
import { snapshotTable } from './snapshots.ts';
import { tellTables } from './tell.ts';
import { stepRunner } from './steps.ts';
import type { AuditEntry } from '../accounts.ts';
import type { Store } from '../store.ts';
import { targetTable } from './targets.ts';
import { transparencyTables } from './transparency.ts';
import { thinning } from './thin.ts';
import { tokenTable } from './tokens.ts';

/** Opens directory/certherd.db, with the process's own SQLite. */
export function openSqliteStore(
  directory: string,
  log: Log,
  sqlite: Result<OpenSqlite, string> = sqliteFor(directory),
  migrations: readonly Migration[] = readMigrations(),
): Result<SqliteStore, OpenFailure> {
  if (!sqlite.ok) return { ok: false, failure: { reason: 'unreadable', message: sqlite.failure } };
  const opened = openDatabase(join(directory, 'certherd.db'), migrations, sqlite.value);
  return opened.ok ? { ok: true, value: createStore(opened.value, log) } : opened;
}

/** A copy beside the database, for a backup (backup.ts), while nobody serves it; nothing in it is changed. */
export async function copyResting(
  directory: string,
  open: OpenSqlite,
  now: number,
): Promise<{ name: string; mark: Mark }> {
  const sql = readResting(join(directory, 'certherd.db'), readMigrations(), open);
  try {
    const name = `backup-${randomBytes(8).toString('hex')}.db`;
    removeLeftovers(directory, now);
    return { name, mark: await copyDatabase(sql, join(directory, name), () => {}) };
  } finally {
    sql.close();
  }
}

/** It can tell its size, and be copied. */
export type SqliteStore = Store & { [K in 'usedBytes' | 'copyTo']: NonNullable<Store[K]> };

function createStore(sql: Sql, log: Log): SqliteStore {
  const group = createGroupCommit(sql, log);
  const settings = settingTable(sql);
  const hosts = hostTable(sql);
  const tokens = tokenTable(sql);
  const labels = labelTable(sql);
  const listed = listedTable(sql);
  const snapshots = snapshotTable(sql);
  const certificates = certificateTable(sql);
  const ders = certificateDer(sql);
  const changes = changeTable(sql);
  const events = eventTable(sql);
  let dataVersion = Number(sql.pragma('data_version', { simple: true }));
  const requests = requestTable(sql);
  const targets = targetTable(sql);
  const runSteps = stepRunner(sql);
  const steps: StepRunner = {
    read: async (work) => runSteps(work),
    write: (work) => group.keep(() => runSteps(work())),
  };
  const thinned = thinning(sql);
  const restorations = sql.prepare<[], { backed_up_at: number; restored_at: number }>(
    'SELECT backed_up_at, restored_at FROM restoration ORDER BY id DESC',
  );
  const collectorId = settings.read('collector-id') ?? randomBytes(16).toString('base64url');
  if (settings.read('collector-id') === undefined) settings.keep('collector-id', collectorId);

  return {
    collectorId,
    accounts: keepAccounts(steps),
    campaigns: keepCampaigns(steps),
    addToken: (hash, at, expiresAt, given, entry) =>
      group.keep(() => {
        tokens.add(hash, at, expiresAt, given);
        note(entry);
      }),
    ...labelStore({ labels, listed }, group, noted),
    agentAddress: async () => settings.read('agent-address'),
    noteAgentAddress: (address) => group.keep(() => settings.keep('agent-address', address)),
    checkWritable: (at) => group.keep(() => settings.keep('checked-at', String(at))),
    enrol: (enrolment) => group.keep(() => enrol(enrolment)),
    identity: async (agentId) => hosts.identity(agentId),
    isRevoked: (agentId) => hosts.standing(agentId)?.revoked !== false,
    beginSession: (start) => group.keep(() => beginSession(start)),
    endSession: async () => ({ ok: true, value: undefined }),
    noteConflict: (agentId, at) => group.keep(() => hosts.noteConflict(agentId, at)),
    keepSnapshot: (agentId, frame, at) =>
      group.keep(() => ifTrusted(agentId, (id) => snapshots.replace(id, frame, at))),
    keepEvents,
    notProved: async (agentId, beyond, limit) => ders.without(hostOf(agentId).id, beyond, limit),
    derBytes: async (agentId) => ders.bytes(hostOf(agentId).id),
    keepDer: (agentId, proved) => group.keep(() => ifTrusted(agentId, () => ders.keep(proved))),
    changedElsewhere,
    onElsewhere: () => {},
    others: alone,
    revoked: async () => hosts.revoked(),
    replaceKey: (agentId, current, next, at) => group.keep(() => replaceKey(agentId, current, next, at)),
    revoke: (agentId, at, entry) => group.keep(() => noted(revoke(agentId, at), entry)),
    noteHeard: (heard) =>
      group.keep(() => {
        for (const one of heard) hosts.noteHeard(one);
      }),
    lastHeard: async () => hosts.all().map(({ agentId, heardAt }) => ({ agentId, heardAt, elsewhere: false })),
    facts: async () => facts(),
    ...hostReads(sql),
    hostCount: async () => hosts.count(),
    events: async (after, limit) =>
      after === undefined ? events.newest(limit).toReversed() : events.after(after, limit),
    addRequest: (draft, entry) =>
      group.keep(() => {
        const row = requests.add(hostOf(draft.agentId).id, draft);
        if (row.id === draft.id) note(entry);
        return row;
      }),
    noteSent: (id, at) => group.keep(() => requests.noteSent(id, at)),
    findRequest: async (id) => requests.find(id),
    waitingRequests: async (now) => requests.waiting(now),
    requests: async (limit) => requests.newest(limit),
    targets: {
      all: async () => targets.all(),
      add: (draft, at, entry) =>
        group.keep(() => {
          targets.add(draft, at);
          note(entry);
        }),
      addNew: (draft, at, entry) => group.keep(() => noted(targets.addNew(draft, at), entry)),
      want: (id, entry) => group.keep(() => noted(targets.want(id), entry)),
      remove: (target, entry, vantage) => group.keep(() => noted(targets.remove(target, vantage), entry)),
      keep: (looked, at, seen, changed) => group.keep(() => targets.keep(looked, at, seen, changed)),
      stays: async (id) => targets.stays(id),
    },
    transparency: transparencyTables(sql, group),
    telling: tellTables(sql, group, settings, noted),
    restorations: async () =>
      restorations.all().map((row) => ({ backedUpAt: row.backed_up_at, restoredAt: row.restored_at })),
    copyTo: (path, onward) => copyDatabase(sql, path, onward),
    changes: async (agentId, since = 0) => changes.ofHost(hostOf(agentId).id, since),
    thin: (before, place) => group.keep(() => thinned.slice(before, place)),
    usedBytes: async () => thinned.usedBytes(),
    newestAt: async () => thinned.newestAt(),
    stays: async (fingerprint) => changes.stays(fingerprint),
    endpointStays: async (agentId, endpoint) => changes.endpointStays(agentId, endpoint),
    der: async (fingerprint) => ders.of(fingerprint),
    // The directory's lock lets one process serve: it leads.
    lead: (begin) => begin(),
    async close() {
      group.flush();
      sql.close();
    },
  };

  function note(entry: AuditEntry | undefined): void {
    if (entry) runSteps(accountSteps.addAudit(entry));
  }

  /** Where nothing was changed there is nothing to tell. */
  function noted<T extends number | boolean>(changed: T, entry: AuditEntry | undefined): T {
    if (changed) note(entry);
    return changed;
  }

  function hostOf(agentId: string): HostRow {
    const host = hosts.byAgentId(agentId);
    if (!host) throw new Error('no such agent');
    return host;
  }

  /** Revocation is looked at in the same transaction as the write: nothing of a revoked host is kept. */
  function ifTrusted<T>(agentId: string, work: (host: number) => T): T | undefined {
    const host = hosts.standing(agentId);
    if (!host) throw new Error('no such agent');
    return host.revoked ? undefined : work(host.id);
  }

  function keepEvents(agentId: string, epoch: string, list: readonly ToldEvent[], at: number) {
    const work = (id: number) => {
      for (const { answer } of list) if (answer) requests.answer(id, answer, at);
      return events.keep(id, epoch, list, at);
    };
    return group.keep(() => ifTrusted(agentId, work), agentId, list.length);
  }

  /** PRAGMA data_version differs once another connection has committed; it costs a look at shared memory. A command enrols no host, but may revoke one. */
  async function changedElsewhere(): Promise<Topic[]> {
    const before = dataVersion;
    dataVersion = Number(sql.pragma('data_version', { simple: true }));
    return dataVersion === before ? [] : ['hosts', 'endpoints', 'findings', 'targets'];
  }

  function replaceKey(agentId: string, current: Uint8Array, next: Uint8Array, at: number): boolean {
    const host = hosts.byPublicKey(current);
    if (host?.agentId !== agentId || host.revokedAt !== undefined || hosts.byPublicKey(next)) return false;
    hosts.replaceKey(host.id, next);
    changes.add(host.id, at, [{ kind: 'host-key-replaced', subject: agentId, before: undefined, after: undefined }]);
    return true;
  }

  function revoke(agentId: string, at: number): boolean {
    const host = hosts.byAgentId(agentId);
    if (!host || host.revokedAt !== undefined) return false;
    hosts.revoke(host.id, at);
    changes.add(host.id, at, [{ kind: 'host-revoked', subject: agentId, before: undefined, after: undefined }]);
    return true;
  }

  /** A spent token answers again for the key that spent it, while it lives: the reply may have been lost. */
  function enrol({ tokenHash, publicKey, hostName, proposedAgentId, at }: Enrolment) {
    const token = tokens.find(tokenHash);
    const known = hosts.byPublicKey(publicKey);
    if (!token || at >= token.expiresAt || (token.host !== undefined && known?.id !== token.host)) return undefined;
    if (known?.revokedAt !== undefined) return { revoked: true as const };
    const id = known?.id ?? hosts.add({ agentId: proposedAgentId, publicKey, name: hostName, at });
    if (token.host === undefined) {
      tokens.spend(tokenHash, id, at);
      if (token.labels) labels.set(draftsOf(token.labels, hostName), at);
    }
    return { agentId: known?.agentId ?? proposedAgentId };
  }

  /** The agent writes its generation down before it says hello, so that a lost reply never repeats one. */
  function beginSession(start: SessionStart): SessionState | undefined {
    const host = hosts.byAgentId(start.agentId);
    if (!host) return undefined;
    if (start.generation <= host.generation) {
      hosts.noteConflict(start.agentId, start.at);
      return undefined;
    }
    hosts.begin(host.id, start);
    const isOther = start.hostName !== host.name || start.agentVersion !== host.agentVersion;
    return { ackedSeq: events.begin(host.id, start.epoch), snapshotDigest: snapshots.digestOf(host.id), isOther };
  }

  function facts(): Facts {
    const current = snapshots.all();
    return {
      hosts: hosts.all().map((host) => ({
        agentId: host.agentId,
        name: host.name,
        agentVersion: host.agentVersion,
        enrolledAt: host.enrolledAt,
        heardAt: host.heardAt,
        conflictAt: host.conflictAt,
        revokedAt: host.revokedAt,
        snapshot: current.get(host.id),
      })),
      certificates: certificates.current(),
      events: events.newest(newestEvents),
      eventsTotal: events.count(),
      labels: labels.all(),
      listed: listed.all(),
      targets: targets.all(),
    };
  }
}
