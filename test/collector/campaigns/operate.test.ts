import test from 'ava';
import { operateCampaigns } from '../../../collector/campaigns/operate.ts';
import { usualLimits } from '../../../collector/evaluate/campaign/held-back.ts';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import { noParts } from '../../../collector/serve/estate-parts.ts';
import type { AuditEntry } from '../../../collector/store/accounts.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { engines } from '../helpers/stores.ts';

const at = 1_800_000_000_000;
const entry: AuditEntry = { at, actor: 'me', via: 'command', action: 'campaign-started', subject: 'c1', detail: {} };
const draft = { selection: {}, limits: usualLimits, reason: 'x', startedBy: 'me', via: 'command' as const };
const dates = { notBefore: '2026-11-01T00:00:00.000Z', notAfter: '2027-01-01T00:00:00.000Z' };
const on = { agentId: 'a', hostName: 'web-1', wave: 1, owner: undefined, names: [], issuer: 'CN=R10', key: 'RSA' };
const member = { ...on, ...dates, lineage: 'shop', old: 'a'.repeat(64), places: [] };

test('of a lineage that waits for one of another campaign it is said why', async (t) => {
  const [sqlite] = engines;
  if (!sqlite) throw new Error('no engine');
  const { campaigns } = (await sqlite.open(t)).store;
  const told = { events: [], listed: [], targets: [], hostless: [], book: labelBook([]), revision: 1 };
  const operations = operateCampaigns({
    campaigns,
    estate: async () => ({ parts: noParts, ...told }),
    changed() {},
    now: () => at,
  });
  const names = ['shop.example.test'];
  const begin = (id: string, agentId: string) =>
    campaigns.add(
      { ...draft, id, key: undefined, startedAt: at },
      [{ ...member, agentId, hostName: `web-${agentId}`, names }],
      { ...entry, subject: id },
    );
  await begin('c1', '1');
  await begin('c2', '2');
  const asked = { state: 'asked', attempt: 1, askedAt: at, cause: undefined } as const;
  await campaigns.moveMember('c2', { number: 1, state: 'waiting', attempt: 0 }, asked, at);
  t.regex((await operations.show('c1'))?.members[0]?.held?.detail ?? '', /^web-2 is behind one of its names/);
});

test('lists read no lineage, many who watch one campaign cost one look, and plans are made one after the other', async (t) => {
  const [sqlite] = engines;
  if (!sqlite) throw new Error('no engine');
  const { campaigns } = (await sqlite.open(t)).store;
  const clock = handClock(at);
  const told = { events: [], listed: [], targets: [], hostless: [], book: labelBook([]), revision: 1 };
  let reads = 0;
  let looks = 0;
  let goOn = () => {};
  let held: Promise<void> | undefined;
  const operations = operateCampaigns({
    campaigns: {
      ...campaigns,
      members(id) {
        reads += 1;
        return campaigns.members(id);
      },
    },
    async estate() {
      looks += 1;
      await held;
      return { parts: noParts, ...told };
    },
    changed() {},
    now: () => clock.now(),
  });
  await campaigns.add({ ...draft, id: 'c1', key: undefined, startedAt: at }, [member, member], entry);
  t.like(await operations.list(10), [{ campaign: { id: 'c1' }, counts: [{ lineages: 2 }] }]);
  t.deepEqual([reads, looks], [0, 0]);

  const [shown] = await Promise.all([operations.show('c1'), operations.show('c1')]);
  t.is(shown?.members.length, 2);
  await operations.show('c1');
  t.true(reads <= 2 && looks === 1, `${reads} reads, ${looks} looks`);
  const before = reads;
  clock.advance(1_000);
  await operations.show('c1');
  t.deepEqual([reads, looks], [before, 2], 'looked at again, and no lineage is read again');
  await operations.act('c1', { act: 'skip', member: 1, reason: 'by hand' }, { actor: 'me', via: 'command' });
  t.is((await operations.show('c1'))?.members[0]?.row.state, 'skipped', 'what is done is shown at once');

  looks = 0;
  held = new Promise((resolve) => {
    goOn = resolve;
  });
  const plans = [
    operations.plan({ selection: { key: 'RSA' }, limits: {} }),
    operations.plan({ selection: { key: 'EC' }, limits: {} }),
  ];
  await Promise.resolve();
  await Promise.resolve();
  t.is(looks, 1);
  goOn();
  t.true((await Promise.all(plans)).every(({ ok }) => ok));
  t.is(looks, 2);
});
