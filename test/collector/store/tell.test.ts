import test from 'ava';
import type { AuditAction, AuditEntry } from '../../../collector/store/accounts.ts';
import type { Concern } from '../../../collector/store/concern.ts';
import type { TransitionDraft } from '../../../collector/store/tell.ts';
import type { IncidentWrite, NotificationDraft, Telling } from '../../../collector/store/tell.ts';
import { endServers, engines, freshDatabase, openedPostgres } from '../helpers/stores.ts';

test.after.always(endServers);

const at = 1_800_000_000_000;

const concern = (key: string): Concern => ({
  key,
  code: 'not-served',
  severity: 'critical',
  agentId: 'agent-1',
  hostName: 'web-1',
  subject: { kind: 'endpoint', id: 'shop\u0000@443' },
  since: '2026-11-20T10:00:00.000Z',
  cause: 'nginx was not reloaded.',
  remedy: 'systemctl reload nginx',
  causeId: 'c',
  names: ['shop.example.test'],
  labels: { owner: 'payments' },
});
const opened = (key: string): TransitionDraft => ({
  key,
  kind: 'opened',
  at,
  openedAt: at,
  concern: concern(key),
  after: undefined,
});
const incident = (id: string, change: Partial<IncidentWrite> = {}): IncidentWrite => ({
  id,
  rule: 'all',
  group: id,
  openedAt: at,
  closedAt: undefined,
  revision: 0,
  told: {
    count: 1,
    firstAt: at,
    lastAt: at,
    severity: 'critical',
    keys: ['a'],
    channels: ['slack'],
    steps: 0,
    message: '{}',
  },
  ...change,
});
const notification = (id: string, owner: string, change: Partial<NotificationDraft> = {}): NotificationDraft => ({
  id,
  incident: owner,
  channel: 'slack',
  madeAt: at,
  dueAt: at,
  body: '{}',
  ...change,
});
const entry = (action: AuditAction, subject: string): AuditEntry => ({
  at,
  actor: 'me',
  via: 'command',
  action,
  subject,
  detail: { reason: 'on it' },
});
const claimed = async (telling: Telling, channel: string, now: number) => {
  const kept = await telling.claim(channel, now, 60_000);
  return kept.ok ? kept.value : undefined;
};

for (const { name, open } of engines) {
  test(`${name}: a transition is written once, whoever else saw the same, and the last one of a subject stands`, async (t) => {
    const { store, count } = await open(t);
    const { telling } = store;
    await Promise.all([telling.addTransitions([opened('a')]), telling.addTransitions([opened('a'), opened('b')])]);
    t.deepEqual(
      (await telling.standing()).map(({ key, ordinal, kind }) => [key, ordinal, kind]),
      [
        ['a', 1, 'opened'],
        ['b', 1, 'opened'],
      ],
    );
    t.deepEqual((await telling.standing())[0]?.concern, concern('a'));
    const resolved: TransitionDraft = { ...opened('a'), kind: 'resolved', at: at + 5, after: 1 };
    await telling.addTransitions([resolved]);
    await telling.addTransitions([resolved]);
    t.deepEqual(
      (await telling.standing()).map(({ key }) => key),
      ['b'],
    );
    await telling.addTransitions([opened('a')]);
    t.like((await telling.standing())[1], { key: 'a', ordinal: 3 });
    await telling.addTransitions([opened('c'), { ...resolved, key: 'c' }]);
    t.is(await count('transition'), 6);
    await telling.prune(at + 10);
    t.is(await count('transition'), 3, 'of each the last one stays, however old');
    t.is((await telling.standing()).length, 2);
    await telling.addTransitions([opened('c')]);
    t.like((await telling.standing())[2], { key: 'c', ordinal: 3 });
  });

  test(`${name}: a plan is kept with all its messages or, where another one wrote it since, not at all`, async (t) => {
    const { store, count } = await open(t);
    const { telling } = store;
    const first = { incident: incident('i'), notifications: [notification('i/1/slack', 'i')] };
    await telling.savePlan([first]);
    await telling.savePlan([{ ...first, notifications: [notification('other', 'i')] }]);
    t.is(await count('notification'), 1);
    const said = { by: 'me', reason: 'on it', at, severity: 'critical' } as const;
    t.deepEqual(await telling.acknowledge('i', said, entry('incident-acknowledged', 'i')), { ok: true, value: true });
    t.deepEqual(await telling.acknowledge('none', said, entry('incident-acknowledged', 'none')), {
      ok: true,
      value: false,
    });
    const [kept] = await telling.incidents();
    t.like(kept, { id: 'i', revision: 1, acknowledged: said, closedAt: undefined });
    t.deepEqual(await telling.takeBack('i', entry('incident-taken-back', 'i')), { ok: true, value: true });
    t.deepEqual(await telling.takeBack('i', entry('incident-taken-back', 'i')), { ok: true, value: false });
    t.is((await telling.incidents())[0]?.acknowledged, undefined);
    await telling.acknowledge('i', said, entry('incident-acknowledged', 'i'));
    const next = { incident: incident('i', { revision: 1, closedAt: at + 9 }), notifications: [] };
    await telling.savePlan([next]);
    t.deepEqual(await telling.incidents(), []);
    t.like(await telling.findIncident('i'), { revision: 2, closedAt: at + 9, acknowledged: said });
    t.deepEqual(
      await telling.acknowledge('i', said, entry('incident-acknowledged', 'i')),
      { ok: true, value: false },
      'it is over',
    );
    const told = (await store.accounts.audit(undefined, 10)).map(({ id: _id, ...one }) => one);
    const [taken, back] = [entry('incident-acknowledged', 'i'), entry('incident-taken-back', 'i')];
    t.deepEqual(told, [taken, back, taken], 'what changed nothing is not told');
  });

  test(`${name}: a message is claimed by one at a time, again once its lease is over, and in order within an incident`, async (t) => {
    const { store, count } = await open(t);
    const { telling } = store;
    await telling.savePlan([
      { incident: incident('i'), notifications: [notification('i/1', 'i'), notification('i/2', 'i')] },
      { incident: incident('j'), notifications: [notification('j/1', 'j', { dueAt: at + 100 })] },
    ]);
    const both = await Promise.all([claimed(telling, 'slack', at), claimed(telling, 'slack', at)]);
    t.deepEqual(
      both.map((one) => one?.id).filter((id) => id !== undefined),
      ['i/1'],
      'i/2 waits for it, j/1 is not due',
    );
    t.is(await claimed(telling, 'mail', at), undefined);
    t.is((await claimed(telling, 'slack', at + 100))?.id, 'j/1', 'another incident does not wait');
    const again = await claimed(telling, 'slack', at + 60_000);
    t.like(again, { id: 'i/1', tries: 1 });
    await telling.markFailed('i/1', 'status 500', at + 70_000, at);
    t.is(await claimed(telling, 'slack', at + 60_050), undefined);
    t.like((await telling.channels())[0], { channel: 'slack', waiting: 3, sent: 0, failure: 'status 500' });
    t.like(await claimed(telling, 'slack', at + 70_000), { id: 'i/1', tries: 2 });
    await telling.markSent('i/1', at + 70_001);
    t.like(await claimed(telling, 'slack', at + 70_001), { id: 'i/2', tries: 0 });
    await telling.markFailed('i/2', 'status 400', undefined, at + 70_002);
    await telling.markSent('j/1', at + 70_002);
    await telling.markSent('j/1', at + 70_003);
    const all = [{ channel: 'slack', waiting: 0, oldestAt: undefined, sent: 2, dropped: 1, failure: undefined }];
    t.deepEqual(await telling.channels(), all);
    await telling.prune(at + 100_000_000);
    t.is(await count('notification'), 0);
    t.deepEqual(await telling.channels(), all, 'counted all the same once they are gone');
  });

  test(`${name}: what a clock that was ahead has written or taken is sent once the clock is right, and once`, async (t) => {
    const { store } = await open(t);
    const { telling } = store;
    const later = at + 86_400_000;
    await telling.savePlan([
      { incident: incident('i'), notifications: [notification('i/1', 'i', { madeAt: later, dueAt: later })] },
    ]);
    t.like(await claimed(telling, 'slack', later), { id: 'i/1', madeAt: later });
    t.like(await claimed(telling, 'slack', at), { id: 'i/1', madeAt: at });
    t.is(await claimed(telling, 'slack', at + 1), undefined, 'it is on its way');
    await telling.markFailed('i/1', 'status 500', at + 5_000, at + 2);
    t.is(await claimed(telling, 'slack', at + 3), undefined, 'and tried again in its time');
  });

  test(`${name}: what waits for a channel that is no more is given up`, async (t) => {
    const { store } = await open(t);
    const { telling } = store;
    const both = [notification('i/1', 'i'), notification('i/2', 'i', { channel: 'mail' })];
    await telling.savePlan([{ incident: incident('i'), notifications: both }]);
    const dropped = async (until: number) => telling.dropWaiting('slack', 'no such channel', until, at + 5);
    t.deepEqual(await dropped(at - 1), { ok: true, value: 0 }, 'made later');
    t.like(await claimed(telling, 'slack', at), { id: 'i/1' });
    t.deepEqual(await dropped(at), { ok: true, value: 1 });
    t.is(await claimed(telling, 'slack', at + 100_000), undefined);
    const states = (await telling.channels()).map(({ channel, waiting, dropped }) => [channel, waiting, dropped]);
    t.deepEqual(states, [
      ['mail', 1, 0],
      ['slack', 0, 1],
    ]);
  });

  test(`${name}: of what waits for a channel that nobody hears the oldest is given up, as much as is more than there may be`, async (t) => {
    const { store } = await open(t);
    const { telling } = store;
    const many = Array.from({ length: 5 }, (_, index) => notification(`i/${index}`, 'i'));
    await telling.savePlan([
      { incident: incident('i'), notifications: [...many, notification('mail', 'i', { channel: 'mail' })] },
    ]);
    await telling.markSent('i/0', at);
    const dropped = (most: number) => telling.dropBeyond('slack', 'too many wait', most, at);
    t.deepEqual(await dropped(4), { ok: true, value: 0 });
    t.deepEqual(await dropped(2), { ok: true, value: 2 });
    t.like(await claimed(telling, 'slack', at), { id: 'i/3' });
    t.like(await telling.channels(), [
      { channel: 'mail', waiting: 1, dropped: 0 },
      { channel: 'slack', waiting: 2, sent: 1, dropped: 2 },
    ]);
  });

  test(`${name}: a silence has an end, and may end before it; the key of links is made once`, async (t) => {
    const { store } = await open(t);
    const { telling } = store;
    const silence = {
      id: 's',
      madeAt: at,
      until: at + 1000,
      by: 'me',
      reason: 'work',
      match: { labels: { team: 'a' } },
    };
    const actions = async () => (await store.accounts.audit(undefined, 10)).map(({ action }) => action);
    await telling.addSilence(silence, entry('silence-added', 's'));
    t.deepEqual(await telling.silences(at + 999), [silence]);
    t.deepEqual(await telling.silences(at + 1000), []);
    t.deepEqual(await telling.endSilence('s', at + 10, entry('silence-ended', 's')), { ok: true, value: true });
    t.deepEqual(await telling.endSilence('s', at + 11, entry('silence-ended', 's')), { ok: true, value: false });
    t.deepEqual(await telling.silences(at + 11), []);
    t.deepEqual(await actions(), ['silence-ended', 'silence-added'], 'once each');
    t.deepEqual(await telling.linkKey('one'), { ok: true, value: 'one' });
    t.deepEqual(await telling.linkKey('two'), { ok: true, value: 'one' });
  });
}

test('PostgreSQL: two collectors that start together sign links with the same key', async (t) => {
  const url = await freshDatabase();
  const [one, other] = [await openedPostgres(t, url), await openedPostgres(t, url)];
  const asked = await Promise.all([one.telling.linkKey('one'), other.telling.linkKey('other')]);
  t.true(asked[0].ok);
  t.deepEqual(asked[0], asked[1]);
});
