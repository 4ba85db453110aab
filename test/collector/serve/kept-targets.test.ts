import test from 'ava';
import { haltedConcerns } from '../../../collector/campaigns/halted-concerns.ts';
import { hostlessConcerns } from '../../../collector/evaluate/concerns.ts';
import { answersTo } from '../../../collector/present/answers.ts';
import { needsOf } from '../../../collector/present/needs.ts';
import type { EstateChange } from '../../../collector/serve/estate-change.ts';
import { keepEstate } from '../../../collector/serve/kept-estate.ts';
import { incidentView } from '../../../collector/serve/told-views.ts';
import type { TargetState } from '../../../collector/store/targets.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { certificate } from '../helpers/example-snapshot.ts';
import { haltCampaign, resumed } from '../helpers/halted-campaign.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { engines } from '../helpers/stores.ts';

const start = 1_800_000_000_000;
const state = (name: string): TargetState => {
  const { fingerprint: served, notBefore, notAfter } = certificate(name);
  const place = { served, notBefore, notAfter, algorithm: 'ecdsa' as const, nameMatches: true, trusted: true };
  return { places: [{ address: '192.0.2.1', chain: [], since: start, ...place }], leftOut: 0 };
};

test('that a target was asked costs no look at hosts and labels, and is told at most each five seconds where nothing else was seen', async (t) => {
  const [sqlite] = engines;
  if (!sqlite) throw new Error('no engine');
  const { store } = await sqlite.open(t);
  await store.targets.add({ target: 'shop.example.com:443', everyMs: 60_000, setBy: 'me' }, start);
  const id = (await store.targets.all())[0]?.id ?? 0;
  const clock = handClock(start);
  let reads = 0;
  const counted =
    <T extends unknown[], R>(read: (...args: T) => R) =>
    (...args: T) => {
      reads += 1;
      return read(...args);
    };
  const told: (EstateChange | 'unreadable')[] = [];
  const estate = keepEstate({
    store: { ...store, hostMarks: counted(store.hostMarks), labels: counted(store.labels) },
    presenceOf: () => ({ connected: false, silent: true, heardAt: undefined, observedAt: undefined }),
    heardSince: () => [],
    knownIssuers: undefined,
    graceMs: 0,
    clock,
    log: silentLog,
    publish: (change) => void told.push(change),
  });
  t.teardown(estate.close);
  const asked = async (name: string) => {
    await store.targets.keep({ id, wanted: 0 }, clock.now(), state(name), []);
    estate.changed(['targets']);
    const { targets } = await estate.current();
    t.is(targets[0]?.askedAt, new Date(clock.now()).toISOString(), 'whoever asks sees it at once');
    return told.splice(0);
  };
  await estate.current();
  t.true(reads > 0);
  reads = 0;
  t.like(await asked('one'), [{ targets: [{ places: [{ address: '192.0.2.1' }] }] }]);
  clock.advance(500);
  t.deepEqual(await asked('one'), [], 'asked again, and nothing else');
  t.like(await asked('two'), [{ targets: [{ id }] }], 'another certificate is told at once');
  clock.advance(500);
  const last = new Date(clock.now()).toISOString();
  t.deepEqual(await asked('two'), []);
  clock.advance(5_000);
  await estate.current();
  t.like(told, [{ targets: [{ askedAt: last }] }]);
  t.true(told.every((change) => change !== 'unreadable' && change.hostless === undefined));
  t.is(reads, 0, 'hosts and labels were not read');
});

test('a campaign that paused itself is among what needs a person within seconds, until it goes on; people hear of it from its row alone', async (t) => {
  const [sqlite] = engines;
  if (!sqlite) throw new Error('no engine');
  const { store } = await sqlite.open(t);
  const clock = handClock(start);
  const told: (EstateChange | 'unreadable')[] = [];
  const estate = keepEstate({
    store,
    presenceOf: () => ({ connected: false, silent: true, heardAt: undefined, observedAt: undefined }),
    heardSince: () => [],
    knownIssuers: undefined,
    graceMs: 0,
    clock,
    log: silentLog,
    publish: (change) => void told.push(change),
  });
  t.teardown(estate.close);
  const needs = async () => {
    clock.advance(3_000);
    const findings = [...(await estate.current()).hostless];
    return needsOf({ hosts: [], endpoints: [], lineages: [], findings }).pressing;
  };
  t.deepEqual(await needs(), []);

  await haltCampaign(store, start);
  const [need] = await needs();
  t.like(need, {
    code: 'campaign-paused',
    campaign: 'c1',
    severity: 'warning',
    hostName: 'web-9',
    name: 'shop',
    names: ['shop.test'],
    labels: { owner: 'payments' },
    deadline: { notAfter: '2026-12-30T00:00:00.000Z' },
    offers: [],
  });
  t.is(need?.cause, 'Campaign c1 (R10 is revoked) paused itself: shop on web-9: the renewal failed: no');
  t.deepEqual(need?.evidence.at(-1), ['startedBy', 'anna'], 'which the wall does not show');
  const [concern] = await haltedConcerns(store.campaigns, []);
  const incident = incidentView({
    id: 'i',
    rule: 'all',
    group: '',
    openedAt: start,
    closedAt: undefined,
    revision: 1,
    acknowledged: undefined,
    told: {
      count: 1,
      firstAt: start,
      lastAt: start,
      severity: 'warning',
      channels: [],
      steps: 0,
      message: '{}',
      keys: [concern?.key ?? '[]'],
    },
  });
  const silence = { id: 's', madeAt: '', by: 'otto', reason: 'x', until: '2099-01-01T00:00:00.000Z' };
  const silences = [{ ...silence, match: { name: '*.test' } }];
  t.deepEqual(need && answersTo(need, { incidents: [incident], silences }, start), { incident, silences });
  const { hostless, parts } = await estate.current();
  t.is([...parts.findings].length, 1, 'the API lists it, too');
  t.deepEqual(hostlessConcerns(hostless), []);
  t.like(told, [{ hostless: [{ code: 'campaign-paused' }] }], 'an open page is told');
  await needs();
  t.is(told.length, 1, 'once');

  await store.campaigns.resume('c1', start + 1, { ...resumed, at: start + 1 });
  t.deepEqual(await needs(), []);
});
