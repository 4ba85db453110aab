import test from 'ava';
import { concernsOf, hostlessConcerns } from '../../../collector/evaluate/concerns.ts';
import { countdownsFrom } from '../../../collector/evaluate/countdown.ts';
import { transitionsBetween } from '../../../collector/evaluate/transition.ts';
import { fitsSilence } from '../../../collector/notify/fits-silence.ts';
import { needsOf } from '../../../collector/present/needs.ts';
import { assembleEstate } from '../../../collector/serve/assemble-estate.ts';
import type { HostFacts, LabelRule } from '../../../collector/store/facts.ts';
import { certificate, day, endpoint, finding, snapshot } from '../helpers/example-snapshot.ts';

const now = Date.parse('2026-11-23T12:00:00.000Z');
const at = (ms: number) => new Date(now + ms).toISOString();

interface Told {
  left: number;
  life: number;
  findings?: ReturnType<typeof finding>[];
  silent?: boolean;
  /** The agent itself said that it ended. */
  isSaid?: boolean;
  /** It has two names, one of which is somebody's. */
  owned?: boolean;
  change?: Partial<HostFacts>;
}

/** The concerns about one host that serves one certificate: days that are left, of how many. */
function concerns({ left, life, findings = [], silent = false, isSaid = false, owned = false, change = {} }: Told) {
  const one = certificate('one', { notBefore: at((left - life) * day), notAfter: at(left * day) });
  const www = endpoint(one, { id: 'www@443', ...(owned && { serverName: 'www.example.test' }) });
  const evidence = { fingerprint: one.fingerprint };
  const said = isSaid ? [finding({ code: 'expired', subject: { kind: 'endpoint', id: www.id }, evidence })] : [];
  const told = snapshot(one, { findings: [...findings, ...said], endpoints: [endpoint(one), www] });
  const host: HostFacts = {
    agentId: 'agent-01',
    name: 'web-1',
    agentVersion: '0.1.0',
    enrolledAt: now - 30 * day,
    heardAt: now,
    conflictAt: undefined,
    revokedAt: undefined,
    snapshot: { digest: 'd', observedAt: now, receivedAt: now, ...told },
    ...change,
  };
  const heardAt = silent ? now - day : now;
  const {
    hosts,
    endpoints,
    lineages,
    findings: shown,
  } = assembleEstate(
    {
      hosts: [host],
      certificates: [{ certificate: one, firstSeenAt: now, basis: 'der' }],
      events: [],
      eventsTotal: 0,
      labels: owned ? [ofPayments] : [],
      listed: [],
      targets: [],
      presenceOf: () => ({ connected: !silent, silent, heardAt: host.heardAt && heardAt, observedAt: heardAt }),
      collectorVersion: '0',
      startedAt: now,
    },
    now,
  );
  const [view] = hosts;
  if (!view) return [];
  const countsDownFrom = countdownsFrom(endpoints);
  const part = { host: view, findings: shown, countsDownFrom, endpoints, lineages };
  const found = concernsOf(part, silent, now);
  // With nothing to say of it, nothing of a host is looked into; what is not known is looked for.
  const nobody = () => {
    throw new Error('it is looked into');
  };
  const isCalm = now < countsDownFrom && found.length === 0 && shown.length === 0 && view.status !== 'unknown';
  if (isCalm) concernsOf(Object.defineProperty({ ...part }, 'endpoints', { get: nobody }), silent, now);
  const { countsDownFrom: _, ...unknown } = part;
  const all = concernsOf(unknown, silent, now);
  if (JSON.stringify(all) !== JSON.stringify(found)) throw new Error('another answer by when they count down from');
  return all;
}
const ofPayments: LabelRule = {
  id: 1,
  scope: 'name',
  pattern: 'shop.example.test',
  key: 'owner',
  value: 'payments',
  source: 'command',
  setBy: 'anna',
  setAt: now,
};
const codes = (told: Told) => concerns(told).map(({ code, severity }) => `${code} ${severity}`);

test('a healthy host concerns nobody, and notices do not either', (t) => {
  t.deepEqual(codes({ left: 60, life: 90 }), []);
  t.deepEqual(codes({ left: 29, life: 90, findings: [finding({ code: 'due', severity: 'notice' })] }), []);
});

test('a renewal that did not come is told long before the end, by each certificate’s own life', (t) => {
  t.deepEqual(codes({ left: 23, life: 90 }), [], '30 days were left when it was due');
  t.deepEqual(codes({ left: 22, life: 90 }), ['renewal-missed warning']);
  t.deepEqual(codes({ left: 14, life: 90 }), ['renewal-missed critical']);
  t.deepEqual(codes({ left: 3, life: 6 }), []);
  t.deepEqual(codes({ left: 2.4, life: 6 }), ['renewal-missed warning'], 'of 160 hours too');
  t.deepEqual(codes({ left: 100, life: 398 }), []);
  const [missed] = concerns({ left: 22, life: 90 });
  t.is(missed?.life?.notAfter, at(22 * day));
  t.deepEqual(missed?.names, ['shop.example.test']);
});

test('where the host says why itself, the collector adds nothing; what it said before a silence is not enough near the end', (t) => {
  const findings = [finding({ code: 'overdue', severity: 'warning', subject: { kind: 'lineage', id: 'shop' } })];
  t.deepEqual(codes({ left: 22, life: 90, findings }), ['overdue warning']);
  t.deepEqual(codes({ left: 22, life: 90, findings, silent: true }), ['overdue warning', 'host-silent unknown']);
  t.deepEqual(codes({ left: 14, life: 90, findings, silent: true }), [
    'overdue warning',
    'host-silent unknown',
    'renewal-missed critical',
  ]);
});

test('a silent host’s certificates count down to their end', (t) => {
  t.deepEqual(codes({ left: 60, life: 90, silent: true }), ['host-silent unknown']);
  t.deepEqual(codes({ left: 20, life: 90, silent: true }), ['host-silent unknown', 'renewal-missed warning']);
  t.deepEqual(codes({ left: -1, life: 90, silent: true }), ['expired critical', 'host-silent unknown']);
});

test('of one certificate people are told once, with all its names and the owner of whichever has one, before its end and after it, heard or silent', (t) => {
  for (const { left, ...more } of [
    { left: 22 },
    { left: -1, silent: true },
    { left: -1, silent: true, isSaid: true },
  ]) {
    const told = concerns({ left, life: 90, owned: true, ...more }).filter(({ code }) => code !== 'host-silent');
    t.is(told.length, 1, JSON.stringify(more));
    t.like(told[0], { names: ['shop.example.test', 'www.example.test'], labels: { owner: 'payments' } });
  }
});

test('what is seen from outside is of the name that was asked for: whoever that belongs to is told, and a silence of the name fits', (t) => {
  const code = 'served-elsewhere-differs' as const;
  const subject = { kind: 'endpoint', id: 'shop.example.test:443/ecdsa' } as const;
  const seen = { ...finding(), code, subject, names: ['shop.example.test'], stale: false };
  const on = { agentId: 'agent-01', hostName: 'web-1' };
  const endpoints = ['*.example.test', 'other.test'].map((serverName) => {
    const one = endpoint(certificate('one'), { id: `${serverName}@443`, serverName });
    return { ...one, ...on, status: 'proved' as const, labels: { owner: serverName, team: 'web' } };
  });
  const host = {
    agentId: 'agent-01',
    name: 'web-1',
    agentVersion: '0.1.0',
    platform: '',
    status: 'healthy' as const,
    reason: '',
    connected: true,
    enrolledAt: at(-day),
    labels: { owner: 'ops' },
  };
  const findings = [{ ...seen, ...on }];
  const [concern] = concernsOf({ host, endpoints, lineages: [], findings }, false, now);
  const [hostless] = hostlessConcerns([{ ...seen, agentId: '', hostName: 'shop.example.test' }]);
  const [need] = needsOf({ hosts: [host], endpoints, lineages: [], findings }).pressing;
  for (const one of [concern, need]) t.like(one, { names: ['shop.example.test'], labels: { owner: '*.example.test' } });
  const broken = { ...finding(), ...on, subject: { kind: 'server', id: 'nginx' } as const, stale: false };
  const [ofServer] = needsOf({ hosts: [host], endpoints, lineages: [], findings: [broken] }).pressing;
  t.deepEqual(ofServer?.labels, { owner: 'ops', team: 'web' }, 'the page says what messages say');
  for (const one of [concern, hostless]) {
    if (!one) return t.fail();
    t.true(fitsSilence({ name: 'shop.*' }, one, undefined));
    t.false(fitsSilence({ name: 'other.*' }, one, undefined));
  }
});

test('a host that was just enrolled has an hour, and a revoked one concerns nobody', (t) => {
  const change = { heardAt: undefined, snapshot: undefined };
  t.deepEqual(codes({ left: 60, life: 90, silent: true, change: { ...change, enrolledAt: now - 1000 } }), []);
  t.deepEqual(codes({ left: 60, life: 90, silent: true, change }), ['host-silent unknown']);
  const unlooked = { snapshot: undefined };
  t.deepEqual(codes({ left: 60, life: 90, change: { ...unlooked, enrolledAt: now - 1000 } }), [], 'it said hello');
  t.deepEqual(codes({ left: 60, life: 90, change: unlooked }), ['host-not-looking unknown']);
  t.deepEqual(codes({ left: 14, life: 90, silent: true, change: { revokedAt: now } }), []);
  t.deepEqual(codes({ left: 60, life: 90, change: { conflictAt: now } }), ['identity-conflict warning']);
});

test('a transition is what is new, over, or of another severity; words that tell the time are none', (t) => {
  const [one] = concerns({ left: 22, life: 90 });
  if (!one) return t.fail();
  const [opened, ...others] = transitionsBetween([], [one, one], now);
  t.deepEqual([opened?.kind, opened?.openedAt, others.length], ['opened', now, 0]);
  if (!opened) return t.fail();
  const standing = [{ ...opened, ordinal: 3 }];
  t.deepEqual(transitionsBetween(standing, [{ ...one, cause: '21 % is left', remedy: 'another' }], now + 1), []);
  const [worse] = transitionsBetween(standing, [{ ...one, severity: 'critical', causeId: 'x' }], now + 2);
  t.like(worse, { kind: 'changed', after: 3, openedAt: now, concern: { severity: 'critical', causeId: one.causeId } });
  t.like(transitionsBetween(standing, [], now + 3)[0], { kind: 'resolved', after: 3, at: now + 3 });
});
