import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { usualLimits } from '../../../collector/evaluate/campaign/held-back.ts';
import type { AuditEntry } from '../../../collector/store/accounts.ts';
import type { Campaigns, PlannedMember } from '../../../collector/store/campaigns.ts';
import { restoreBackup } from '../../../collector/store/sqlite/restore.ts';
import { installedSqlite } from '../../../collector/store/sqlite/sqlite.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';
import { endServers, engines } from '../helpers/stores.ts';

test.after.always(endServers);

const at = 1_800_000_000_000;
const draft = {
  id: 'id-1',
  key: 'key-1',
  selection: { issuer: 'R10', owner: 'a\u0000"b' },
  limits: usualLimits,
  reason: 'the CA revokes',
  startedBy: 'me',
  via: 'command' as const,
  startedAt: at,
};
const entry: AuditEntry = { at, actor: 'me', via: 'command', action: 'campaign-started', subject: 'id-1', detail: {} };
const planned = (lineage: string): PlannedMember => ({
  agentId: 'agent-1',
  hostName: 'web-1',
  lineage,
  wave: 1,
  owner: undefined,
  old: 'a'.repeat(64),
  names: [`${lineage}.example.test`],
  issuer: 'CN=R10',
  key: 'RSA 2048',
  notBefore: '2026-11-01T00:00:00.000Z',
  notAfter: '2027-01-01T00:00:00.000Z',
  places: [{ kind: 'target', target: 'x:443', address: '192.0.2.1', vantage: 'collector' }],
});

for (const { name, open } of engines)
  test(`${name}: a campaign and its members are kept, changed only from where they were, and begun once for a key`, async (t) => {
    const { campaigns, accounts } = (await open(t)).store;
    const added = await campaigns.add(draft, [planned('one'), planned('two')], entry);
    const { key: _, ...row } = { ...draft, state: 'running', cause: undefined, haltedBy: undefined, changedAt: at };
    t.deepEqual(added, { ok: true, value: row });
    t.deepEqual(await campaigns.add({ ...draft, id: 'id-2' }, [planned('three')], entry), added, 'the key was used');
    t.deepEqual(await campaigns.list(10), [row]);
    t.deepEqual([await campaigns.list(10, 'id-'), await campaigns.list(10, 'd-1')], [[row], []]);
    t.deepEqual(await campaigns.open(), [row]);
    t.is(await campaigns.find('id-2'), undefined);
    const [one, two] = await campaigns.members('id-1');
    const many = Array.from({ length: 201 }, (_, index) => planned(`many ${index}`));
    await campaigns.add({ ...draft, id: 'many', key: undefined, startedAt: at - 1 }, many, entry);
    t.deepEqual(
      (await campaigns.members('many')).map(({ lineage }) => lineage),
      many.map(({ lineage }) => lineage),
    );
    await campaigns.move('many', ['running'], { state: 'aborted', cause: 'enough' }, at);
    const still = {
      state: 'waiting',
      attempt: 0,
      request: undefined,
      askedAt: undefined,
      changedAt: at,
      cause: undefined,
    };
    t.deepEqual(one, { ...planned('one'), number: 1, ...still });
    t.is(two?.lineage, 'two');
    t.deepEqual(await campaigns.members('id-2'), []);
    const owned = { ...planned('owned'), owner: 'a\u0000b', wave: 2 };
    await campaigns.add({ ...draft, id: 'owned', key: undefined, startedAt: at - 2 }, [owned, planned('x')], entry);
    const waiting = { state: 'waiting', owner: undefined, wave: 1 } as const;
    t.deepEqual(await campaigns.counts(['id-1', 'owned', 'none']), [
      { campaign: 'id-1', ...waiting, lineages: 2, places: 2 },
      { campaign: 'owned', ...waiting, lineages: 1, places: 1 },
      { campaign: 'owned', ...waiting, owner: 'a\u0000b', wave: 2, lineages: 1, places: 1 },
    ]);
    t.deepEqual(await campaigns.counts([]), []);
    await campaigns.move('owned', ['running'], { state: 'done', cause: undefined }, at - 1);
    t.deepEqual(await campaigns.prune(at - 1), { ok: true, value: false }, 'those that run stay, however old');
    t.deepEqual(await campaigns.prune(at), { ok: true, value: true });
    t.deepEqual(await campaigns.prune(at), { ok: true, value: false });
    t.deepEqual([await campaigns.find('owned'), await campaigns.members('owned')], [undefined, []]);
    const mark = await campaigns.membersMark('id-1');
    t.is(await campaigns.membersMark('id-1'), mark);

    const from = { number: 1, state: 'waiting', attempt: 0 } as const;
    const asked = { state: 'asked', attempt: 1, askedAt: at + 1, cause: undefined } as const;
    t.deepEqual(await campaigns.moveMember('id-1', from, asked, at + 1), { ok: true, value: true });
    t.deepEqual(
      await campaigns.moveMember('id-1', from, asked, at + 2),
      { ok: true, value: false },
      'somebody was first',
    );
    t.not(await campaigns.membersMark('id-1'), mark);
    t.deepEqual(await campaigns.noteRequest('id-1', { number: 1, attempt: 0 }, 'r0'), { ok: true, value: false });
    t.deepEqual(await campaigns.noteRequest('id-1', { number: 1, attempt: 1 }, 'r1'), { ok: true, value: true });
    const failed = { state: 'failed', attempt: 1, askedAt: at + 1, cause: 'no' } as const;
    await campaigns.moveMember('id-1', { number: 1, state: 'asked', attempt: 1 }, failed, at + 3);
    t.like((await campaigns.members('id-1'))[0], { ...failed, request: 'r1', changedAt: at + 3 });

    const paused = { state: 'paused', cause: 'one failed' } as const;
    t.deepEqual(await campaigns.move('id-1', ['running'], paused, at + 4), { ok: true, value: true });
    t.deepEqual(await campaigns.move('id-1', ['running'], paused, at + 5), { ok: true, value: false });
    t.like(await campaigns.find('id-1'), { ...paused, changedAt: at + 4 });
    t.deepEqual(await campaigns.resume('id-1', at + 6, { ...entry, action: 'campaign-resumed' }), {
      ok: true,
      value: true,
    });
    t.deepEqual(await campaigns.resume('id-1', at + 7, entry), { ok: true, value: false }, 'it runs already');
    const [again] = await campaigns.members('id-1');
    t.like(again, { state: 'waiting', attempt: 1, request: undefined, askedAt: at + 1, cause: undefined });
    t.true(
      (await campaigns.move('id-1', ['running', 'paused'], { state: 'aborted', cause: 'enough' }, at + 8, entry)).ok,
    );
    t.deepEqual(await campaigns.open(), []);
    const actions = (await accounts.audit(undefined, 10)).map(({ action }) => action);
    t.deepEqual(actions, [
      'campaign-started',
      'campaign-resumed',
      'campaign-started',
      'campaign-started',
      'campaign-started',
    ]);
  });

test('a campaign that ran when it was backed up is paused after the restoration, and asks for nothing', async (t) => {
  const directory = temporaryDirectory(t);
  const work = async <T>(use: (campaigns: Campaigns) => Promise<T>): Promise<T> => {
    const opened = openSqliteStore(directory, silentLog);
    if (!opened.ok) throw new Error(opened.failure.message);
    try {
      return await use(opened.value.campaigns);
    } finally {
      await opened.value.close();
    }
  };
  await work(async (campaigns) => {
    await campaigns.add(draft, [planned('one')], entry);
    await campaigns.add({ ...draft, id: 'over', key: undefined }, [planned('two')], entry);
    await campaigns.move('over', ['running'], { state: 'done', cause: undefined }, at);
  });
  const backup = join(directory, 'backup.db');
  copyFileSync(join(directory, 'certherd.db'), backup);
  t.true(restoreBackup(directory, backup, at + 5, installedSqlite).ok);
  await work(async (campaigns) => {
    t.like(await campaigns.find('id-1'), { state: 'paused', cause: 'restored from a backup', changedAt: at + 5 });
    t.like(await campaigns.find('over'), { state: 'done', changedAt: at });
  });
});
