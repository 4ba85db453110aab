import test from 'ava';
import type { Config } from '../../../agent/config.ts';
import { isAllowed } from '../../../agent/decide/allowed.ts';
import { decide } from '../../../agent/decide/decide.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import {
  certificate,
  config,
  day,
  deployment,
  endpoint,
  lineage,
  machinery,
  noon,
  observed,
} from '../../helpers/observed.ts';

const hour = 3_600_000;
const own = (
  mode: Config['mode'],
  lineages: Record<string, Config['mode']> = {},
  certbot: Partial<Config['certbot']> = {},
): Config => {
  const base = config(mode);
  return {
    ...base,
    certbot: { ...base.certbot, rehearsalMs: 0, ...certbot },
    lineages: new Map(Object.entries(lineages).map(([name, set]) => [name, { mode: set }])),
  };
};
/** The CA has told, an hour ago, a window that was over by then. */
const called = (explanation?: string) => ({
  suggestedRenewals: new Map([
    [
      'a'.repeat(64),
      { start: noon - 3 * hour, end: noon - 2 * hour, from: noon - hour, ...(explanation && { explanation }) },
    ],
  ]),
});
const judged = (change: Partial<Observations>, settings: Config, now = noon) =>
  decide(observed(change), [], [], settings, now);
const requests = (change: Partial<Observations>, settings: Config, now = noon) =>
  judged(change, settings, now).plan.actions.map(({ request }) => request);
const findings = (change: Partial<Observations>, settings: Config, now = noon) =>
  judged(change, settings, now).snapshot.findings;

test('what the CA asks for is due in mode renew, with the reason that the CA gives', (t) => {
  const { plan } = judged(called('https://ca.example/why'), own('renew'));
  t.deepEqual(
    plan.actions.map(({ request }) => request),
    [{ verb: 'renew', lineage: 'shop' }],
  );
  t.is(
    plan.actions[0]?.why,
    `its CA asks for the renewal, at ${new Date(noon - hour).toISOString()}, and says why: https://ca.example/why`,
  );
  t.deepEqual(requests({}, own('renew')), [], 'half of its life is left');
});

test('a window to come is when the plan looks again', (t) => {
  const window = { start: noon + 120_000, end: noon + 120_000 + 1, from: noon - day };
  const { plan } = judged({ suggestedRenewals: new Map([['a'.repeat(64), window]]) }, own('renew'));
  t.deepEqual(plan.actions, []);
  t.is(plan.lookAgainAt, noon + 120_000);
});

test("a lineage's own mode decides, and the snapshot says where it differs", (t) => {
  for (const [mode, shop, expected] of [
    ['observe', 'renew', 1],
    ['deploy', 'renew', 1],
    ['renew', 'observe', 0],
    ['renew', 'deploy', 0],
    ['renew', undefined, 1],
    ['observe', undefined, 0],
  ] as const) {
    const settings = own(mode, shop ? { shop } : {});
    t.is(requests(called(), settings).length, expected, `${mode}, shop: ${shop}`);
    t.is(judged(called(), settings).snapshot.lineages[0]?.mode, shop);
  }
  t.is(judged({}, own('renew', { shop: 'renew' })).snapshot.lineages[0]?.mode, undefined, 'the same is not told');
});

test("what is renewed by a lineage's own mode is also loaded, on a host that only observes otherwise", (t) => {
  const drifted = {
    lineages: [lineage({ issued: 'b'.repeat(64), live: 'b'.repeat(64), liveVersion: 2, issuedVersion: 2 })],
    deployments: [deployment({ configured: 'b'.repeat(64) })],
    endpoints: [endpoint({ configured: 'b'.repeat(64), issued: 'b'.repeat(64) })],
  };
  for (const [mode, shop, expected] of [
    ['observe', 'renew', 1],
    ['observe', 'deploy', 1],
    ['observe', undefined, 0],
    ['deploy', 'observe', 0],
    ['deploy', undefined, 1],
  ] as const) {
    const settings = own(mode, shop ? { shop } : {});
    const asked = requests(drifted, settings);
    t.deepEqual(asked, expected === 0 ? [] : [{ verb: 'reload', server: 'nginx' }], `${mode}, shop: ${shop}`);
    for (const one of asked) t.true(isAllowed(one, settings));
  }
  t.false(isAllowed({ verb: 'reload', server: 'nginx' }, own('observe', { shop: 'observe' })));
});

test('who is expected to renew is named: the agent, who the settings name, or certbot itself', (t) => {
  for (const [settings, who] of [
    [own('renew'), 'the agent is expected'],
    [own('observe', { shop: 'renew' }), 'the agent is expected'],
    [own('renew', { shop: 'deploy' }), "certbot's own timer is expected"],
    [own('observe', {}, { renewedBy: 'ansible' }), 'ansible is expected'],
  ] as const) {
    const due = findings(called(), settings).find(({ code }) => code === 'due');
    t.true(due?.cause.includes(who), due?.cause);
    t.true(due?.cause.includes('which its CA set'));
  }
});

test('a window that was over when it was told is overdue only when nobody renewed for a thirtieth of the life after that', (t) => {
  const codes = (now: number) =>
    findings(called('https://ca.example/why'), own('observe'), now).map(({ code }) => code);
  t.deepEqual(codes(noon), ['due']);
  t.deepEqual(codes(noon - hour + 3 * day), ['due']);
  t.deepEqual(codes(noon - hour + 3 * day + 1), ['overdue']);
  const [overdue] = findings(called('https://ca.example/why'), own('observe'), noon + 3 * day);
  t.is(overdue?.since, new Date(noon - hour + 3 * day).toISOString());
  t.regex(
    overdue?.cause ?? '',
    /should have been renewed by 2026-11-23T11:00:00\.000Z, as its CA asks, and certbot's own timer has not/,
  );
  t.like(overdue?.evidence, { 'the CA says why': 'https://ca.example/why' });
});

test('no window of the CA hides that a certificate is overdue by its lifetime', (t) => {
  const old = certificate('a', {
    notBefore: new Date(noon - 80 * day).toISOString(),
    notAfter: new Date(noon + 10 * day).toISOString(),
  });
  for (const window of [
    { start: noon + 9 * day, end: noon + 20 * day, from: noon - day },
    { start: noon - 79 * day, end: noon + 4000 * day, from: noon - day },
    { start: noon + 3000 * day, end: noon + 4000 * day, from: noon + 1000 * day },
  ]) {
    const change = { certificates: [old], suggestedRenewals: new Map([[old.fingerprint, window]]) };
    t.true(findings(change, own('observe')).some(({ code }) => code === 'overdue'));
    t.is(requests(change, own('renew')).length, 1);
  }
});

test('a dead timer is told for the lineages that the agent does not renew itself', (t) => {
  const silent = { machinery: machinery({ runners: [] }), lineages: [lineage(), lineage({ name: 'other' })] };
  const dead = (settings: Config) => findings(silent, settings).find(({ code }) => code === 'renewal-timer-dead');
  t.is(dead(own('observe'))?.evidence.lineages, 'shop, other');
  t.is(dead(own('observe', { shop: 'renew' }))?.evidence.lineages, 'other');
  t.is(dead(own('renew', { other: 'observe' }))?.evidence.lineages, 'other');
  t.is(dead(own('observe', { shop: 'renew', other: 'renew' })), undefined);
  t.is(dead(own('renew')), undefined);
});

test('a lineage that is not to be renewed, or is being rewritten, is left alone whatever the CA says', (t) => {
  t.deepEqual(requests({ ...called(), lineages: [lineage({ autorenew: false })] }, own('renew')), []);
  t.deepEqual(requests({ ...called(), settling: ['shop'] }, own('renew')), []);
});
