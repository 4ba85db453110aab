import type { Certificate } from '@certherd/protocol/certificate';
import test from 'ava';
import { type CampaignFacts, decideCampaign } from '../../../../collector/evaluate/campaign/decide.ts';
import type { CampaignTarget } from '../../../../collector/evaluate/campaign/fleet.ts';
import { usualLimits } from '../../../../collector/evaluate/campaign/held-back.ts';
import { planCampaign } from '../../../../collector/evaluate/campaign/plan.ts';
import { progressOf } from '../../../../collector/evaluate/campaign/progress.ts';
import type { CampaignRow, MemberRow } from '../../../../collector/store/campaigns.ts';
import fc from '../../../helpers/properties.ts';
import { made, madeFleet, type MadeHost } from '../../helpers/made-fleet.ts';

const startedAt = Date.parse('2026-11-28T00:00:00.000Z');
const selection = { key: 'RSA' };
const campaign: CampaignRow = {
  id: 'c1',
  selection,
  limits: usualLimits,
  reason: 'a trial',
  startedBy: 'me',
  via: 'command',
  startedAt,
  state: 'running',
  cause: undefined,
  haltedBy: undefined,
  changedAt: startedAt,
};
type Answer = ReturnType<CampaignFacts['answer']>;

const fresh = (mark: string, names: readonly string[], change: Partial<Certificate> = {}) =>
  made(mark, names, { notBefore: '2026-11-28T00:10:00.000Z', key: 'EC prime256v1', algorithm: 'ecdsa', ...change });

function factsOf(hosts: readonly MadeHost[], answers: ReadonlyMap<number, Answer> = new Map()): CampaignFacts {
  const fleet = madeFleet(hosts, { seenAt: startedAt + 600_000 });
  return {
    progress: (member) => progressOf(campaign, member, fleet),
    answer: ({ number }) => answers.get(number),
    domainOf: (name) => name.split('.').slice(-2).join('.'),
    issued: { below: () => 0, forNames: () => 0 },
    elsewhere: [],
  };
}

const rowsOf = (hosts: readonly MadeHost[]): MemberRow[] =>
  planCampaign(madeFleet(hosts), selection).members.map((member, index) => ({
    ...member,
    number: index + 1,
    state: 'waiting',
    attempt: 0,
    request: undefined,
    askedAt: undefined,
    changedAt: startedAt,
    cause: undefined,
  }));

const old = made('old', ['shop.example.test']);
const new1 = fresh('new', ['shop.example.test']);
const web = (live: Certificate, served: Certificate | undefined = live): MadeHost => ({
  name: 'web-1',
  lineages: [{ name: 'shop', live }],
  at: [['shop.example.test', served]],
});
const balancer = (served: Certificate): MadeHost => ({ name: 'lb-1', at: [['shop.example.test', served]] });
const inHand = (hosts: readonly MadeHost[]): MemberRow[] =>
  rowsOf(hosts).map((row) => ({ ...row, state: 'asked', attempt: 1, askedAt: startedAt }));
const stepsOf = (
  members: readonly MemberRow[],
  facts: CampaignFacts,
  minutes: number,
  change: Partial<CampaignRow> = {},
) =>
  decideCampaign({ ...campaign, ...change }, members, facts, startedAt + minutes * 60_000).steps.map((step) =>
    'cause' in step ? `${step.do}: ${step.cause}` : step.do,
  );

test('a lineage is done only once all that presented the old certificate presents the new one, a copy elsewhere too', (t) => {
  const members = inHand([web(old), balancer(old)]);
  const ok: ReadonlyMap<number, Answer> = new Map([[1, { at: 0, ok: true, refused: undefined, summary: 'renewed' }]]);
  t.deepEqual(stepsOf(members, factsOf([web(new1), balancer(old)], ok), 5), []);
  t.deepEqual(stepsOf(members, factsOf([web(new1), { ...balancer(new1), silent: true }], ok), 5), []);
  t.deepEqual(stepsOf(members, factsOf([web(new1), balancer(new1)], ok), 5), ['serve', 'end']);
  t.deepEqual(
    stepsOf(members, factsOf([web(new1), { name: 'lb-1' }], ok), 5),
    ['serve', 'end'],
    'taken out of service',
  );
  const none = stepsOf(members, factsOf([{ ...web(new1), at: [] }, { name: 'lb-1' }], ok), 61);
  t.regex(none[0] ?? '', /^fail: renewed, and after 3600 s none of the places .* is there any more: nothing shows/);
  const unread = factsOf([web(new1), { name: 'lb-1', unread: true }], ok);
  t.deepEqual(stepsOf(members, unread, 5), [], 'not told since a config cannot be read');
  t.regex(stepsOf(members, unread, 61)[0] ?? '', /not served everywhere: .* on lb-1 \(no answer\)$/);
  const late = stepsOf(members, factsOf([web(new1), balancer(old)], ok), 61);
  t.is(
    late[0],
    'fail: renewed, and after 3600 s not served everywhere: shop.example.test@0.0.0.0:443 on lb-1 (the old one)',
  );
  t.regex(late[1] ?? '', /^pause: shop on web-1: renewed, and after/);
});

test('a target that is asked from several vantages is done once none of them is shown the old certificate', (t) => {
  const at = (vantage: string, served: Certificate): CampaignTarget => ({
    target: 'shop.example.test:443',
    vantage,
    places: [{ address: '192.0.2.1', served: served.fingerprint }],
  });
  const fleetOf = (live: Certificate, seen: readonly CampaignTarget[]) =>
    madeFleet(
      [web(live)],
      { seenAt: startedAt + 1 },
      Map.groupBy(seen, ({ target }) => target),
    );
  const [row] = planCampaign(fleetOf(old, [at('collector', old), at('agent-9', old)]), selection).members;
  const isServed = (...seen: CampaignTarget[]) => row && progressOf(campaign, row, fleetOf(new1, seen)).isServed;
  t.false(isServed(at('collector', old), at('agent-9', new1)), 'the last one has the new one');
  t.false(isServed(at('collector', new1), at('agent-9', old)));
  t.false(isServed(at('collector', new1), at('agent-9', new1), at('agent-10', old)), 'one that came later');
  t.true(isServed(at('collector', new1), at('agent-9', new1)));
  t.true(isServed(at('collector', new1)), 'it is asked from there no more');
  const unnamed = { ...at('agent-9', old), places: [], failure: { reason: 'no-such-name' } };
  t.false(isServed(at('collector', new1), unnamed), 'its name is not found from there');
});

test('a failure, a refusal, silence, and a certificate that does not fulfil the aim each pause with their cause', (t) => {
  const members = inHand([web(old)]);
  const answered = (answer: NonNullable<Answer>, hosts = [web(old)]) =>
    stepsOf(members, factsOf(hosts, new Map([[1, answer]])), 5);
  t.deepEqual(answered({ at: 0, ok: false, refused: 'not-allowed', summary: 'mode is observe' }), [
    'fail: the host refused (not-allowed): mode is observe',
    'pause: shop on web-1: the host refused (not-allowed): mode is observe',
  ]);
  t.is(answered({ at: 0, ok: false, refused: undefined, summary: 'dns' })[0], 'fail: the renewal failed: dns');
  t.deepEqual(stepsOf(members, factsOf([web(old)]), 59), []);
  t.is(stepsOf(members, factsOf([web(old)]), 61)[0], 'fail: no answer came within 3600 s');
  const again = fresh('again', ['shop.example.test'], { key: 'RSA 2048' });
  const done = { at: 0, ok: true, refused: undefined, summary: 'renewed' };
  t.regex(answered(done, [web(again)])[0] ?? '', /^fail: renewed, but the new certificate is one of those .* RSA 2048/);
  const before = made('before', ['shop.example.test'], { key: 'EC prime256v1' });
  t.regex(answered(done, [web(before)])[0] ?? '', /was issued before the campaign began/);
});

test('asked again, the certificate of the attempt before is not taken for the new one while that is not told yet', (t) => {
  const unfit = fresh('unfit', ['shop.example.test'], { key: 'RSA 2048' });
  const again = inHand([web(old)]).map((row) => ({ ...row, attempt: 2, askedAt: startedAt + 900_000 }));
  const facts = factsOf([web(unfit)], new Map([[1, { at: 0, ok: true, refused: undefined, summary: 'renewed' }]]));
  t.deepEqual(stepsOf(again, facts, 16), []);
  t.regex(stepsOf(again, facts, 76)[0] ?? '', /^fail: renewed, but the new certificate is one of those/);
});

test('what failed late and is served after all is done, also while the campaign is paused; what nobody asked for too', (t) => {
  const failed = inHand([web(old)]).map((row) => ({ ...row, state: 'failed' as const, cause: 'late' }));
  t.deepEqual(stepsOf(failed, factsOf([web(new1)]), 90, { state: 'paused' }), ['serve', 'end']);
  t.deepEqual(stepsOf(rowsOf([web(old)]), factsOf([web(new1)]), 1), ['serve', 'end']);
  t.deepEqual(stepsOf(rowsOf([web(old)]), factsOf([web(old)]), 1, { state: 'paused' }), []);
  t.deepEqual(stepsOf(rowsOf([web(old)]), factsOf([web(old)]), 1), ['ask']);
});

test('a limit that is reached holds back, and says which', (t) => {
  const held = (change: Partial<CampaignFacts>, limits = usualLimits) =>
    [
      ...decideCampaign(
        { ...campaign, limits },
        rowsOf([web(old)]),
        { ...factsOf([web(old)]), ...change },
        startedAt,
      ).held.values(),
    ].map(({ by, detail }) => `${by}: ${detail}`);
  t.deepEqual(held({ issued: { below: () => 50, forNames: () => 0 } }), [
    "domain-week: 50 of 50 certificates of example.test in seven days, by Let's Encrypt",
  ]);
  t.deepEqual(held({ issued: { below: () => 0, forNames: () => 5 } }), [
    "names-week: 5 of 5 certificates for these very names in seven days, by Let's Encrypt",
  ]);
  t.deepEqual(held({}, { ...usualLimits, perThreeHours: 0 }), ['three-hours: 0 were asked for within three hours']);
  const resumed = inHand([{ ...web(old), name: 'far' }]).map((row) => ({ ...row, state: 'waiting' as const }));
  t.deepEqual(
    held({ elsewhere: [...resumed, ...resumed] }, { ...usualLimits, perThreeHours: 2 }),
    ['three-hours: 2 were asked for within three hours'],
    'of another campaign, before it was resumed',
  );
  t.deepEqual(held({ elsewhere: inHand([{ ...web(old), name: 'web-2' }]) }), [
    'same-name: web-2 is behind one of its names, and is being renewed',
  ]);
});

const member = fc.record({
  host: fc.nat(4),
  names: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
  owner: fc.option(fc.nat(2), { nil: undefined }),
  // How many rounds its host takes, and whether it comes to something.
  takes: fc.nat(3),
  fails: fc.boolean(),
});

test('whatever the fleet: one host behind a name, within the limits, wave after wave, paused above the tolerance, each asked once', (t) => {
  fc.assert(
    fc.property(
      fc.array(member, { minLength: 1, maxLength: 12 }),
      fc.record({
        tolerance: fc.nat(2),
        atOnce: fc.integer({ min: 1, max: 4 }),
        perHost: fc.integer({ min: 1, max: 2 }),
      }),
      (wanted, some) => {
        const limits = { ...usualLimits, ...some };
        const lineages = wanted.map((one, index) => {
          const names = one.names.map((name) => `n${name}.example.test`);
          return { ...one, name: `l${index}`, old: made(`old ${index}`, names), next: fresh(`new ${index}`, names) };
        });
        const renewed = new Set<string>();
        const fleet = (): MadeHost[] =>
          [...Map.groupBy(lineages, ({ host }) => host)].map(([host, of]) => ({
            name: `h${host}`,
            lineages: of.map(({ name, old: before, next }) => ({ name, live: renewed.has(name) ? next : before })),
            at: of.map(({ name, old: before, next }) => [`${name}.test`, renewed.has(name) ? next : before] as const),
          }));
        let rows = rowsOf(fleet());
        let state: CampaignRow['state'] = 'running';
        const asked = new Map<string, number>();
        const answers = new Map<number, Answer>();
        const change = ({ number }: MemberRow, to: Partial<MemberRow>) => {
          rows = rows.map((row) => (row.number === number ? { ...row, ...to } : row));
        };
        for (let round = 0; round < 100 && state === 'running'; round++) {
          const now = startedAt + round * 1000;
          const { steps } = decideCampaign({ ...campaign, limits }, rows, factsOf(fleet(), answers), now);
          for (const step of steps) {
            if (step.do === 'end') state = 'done';
            else if (step.do === 'pause') state = 'paused';
            else if (step.do === 'serve') change(step.member, { state: 'served' });
            else if (step.do === 'fail') change(step.member, { state: 'failed', cause: step.cause });
            else {
              t.false(asked.has(step.member.lineage), 'nothing is asked twice');
              asked.set(step.member.lineage, round);
              change(step.member, { state: 'asked', attempt: 1, askedAt: now });
            }
          }
          const hand = rows.filter((row) => row.state === 'asked');
          t.true(hand.length <= limits.atOnce);
          for (const of of Map.groupBy(hand, ({ agentId }) => agentId).values()) t.true(of.length <= limits.perHost);
          for (const name of new Set(hand.flatMap(({ names }) => names)))
            t.true(
              new Set(hand.filter((row) => row.names.includes(name)).map(({ agentId }) => agentId)).size <= 1,
              name,
            );
          t.true(new Set(hand.map(({ wave }) => wave)).size <= 1, 'one wave at a time');
          const begun = Math.max(0, ...hand.map(({ wave }) => wave));
          t.true(
            rows.every((row) => row.wave >= begun || row.state === 'served' || row.state === 'failed'),
            'the waves before are over',
          );
          for (const row of hand) {
            const one = lineages.find(({ name }) => name === row.lineage);
            if (!one || round - (asked.get(one.name) ?? round) < one.takes) continue;
            if (!one.fails) renewed.add(one.name);
            answers.set(row.number, { at: now, ok: !one.fails, refused: undefined, summary: 'so' });
          }
        }
        const failures = rows.filter((row) => row.state === 'failed').length;
        t.is(state, failures > limits.tolerance ? 'paused' : 'done');
        t.deepEqual(
          rows
            .filter((row) => row.state === 'served')
            .map(({ lineage }) => lineage)
            .sort(),
          [...renewed].sort().filter((name) => rows.some((row) => row.lineage === name && row.state === 'served')),
        );
        if (state === 'done') t.true(rows.every((row) => row.state === 'served' || row.state === 'failed'));
      },
    ),
    { numRuns: 150 },
  );
});
