import test from 'ava';
import fc from '../../helpers/properties.ts';
import type { Config } from '../../../agent/config.ts';
import { decide } from '../../../agent/decide/decide.ts';
import { dueRehearsals } from '../../../agent/decide/due-rehearsals.ts';
import type { Attempt } from '../../../agent/decide/retry.ts';
import type { KeptRehearsal } from '../../../agent/observe/rehearsals.ts';
import { certificatesByFingerprint, type Observations } from '../../../agent/observe/observations.ts';
import { certificate, config as quiet, day, lineage, noon, observed } from '../../helpers/observed.ts';

const hour = day / 24;
const config = (mode?: Config['mode']): Config => {
  const settings = quiet(mode);
  return { ...settings, certbot: { ...settings.certbot, rehearsalMs: 7 * day } };
};
const at = (ms: number) => new Date(ms).toISOString();
const kept = (when: number, change: Partial<KeptRehearsal> = {}): KeptRehearsal => ({
  at: at(when),
  ok: true,
  reasons: [],
  failures: 0,
  ...change,
});
const failed = (when: number, failures = 1) =>
  kept(when, { ok: false, failures, reasons: [{ check: 'DNS', detail: 'shop.example.test has no address' }] });

function due(observations: Observations, settings: Config, now: number, attempts: Attempt[] = []) {
  const certificates = certificatesByFingerprint(observations);
  return dueRehearsals({ observations, certificates, attempts, config: settings, now });
}
const seenWith = (rehearsal?: KeptRehearsal, change: Partial<Observations> = {}) =>
  observed({ ...(rehearsal && { rehearsals: new Map([['shop', rehearsal]]) }), ...change });
const names = ({ actions }: ReturnType<typeof due>) => actions.map(({ subject }) => subject);
const old = { lineages: [lineage({ changedAt: at(noon - 40 * day) })] };

test('only what the agent may renew is rehearsed, once it is due, and not where rehearsals are switched off', (t) => {
  t.deepEqual(names(due(seenWith(undefined, old), config('renew'), noon)), ['shop']);
  t.deepEqual(names(due(seenWith(undefined, old), config('deploy'), noon)), []);
  const lineages = new Map([['shop', { mode: 'renew' as const }]]);
  t.deepEqual(names(due(seenWith(undefined, old), { ...config(), lineages }, noon)), ['shop']);
  t.deepEqual(due(seenWith(undefined, old), quiet('renew'), noon), { actions: [], later: [] });
});

test('a lineage that is broken, settling or not renewed is left alone, and so is one whose renewal time has come', (t) => {
  const renew = config('renew');
  const failure = { reason: 'malformed' as const, detail: '' };
  t.deepEqual(names(due(seenWith(undefined, { lineages: [lineage({ failure })] }), renew, noon + 8 * day)), []);
  t.deepEqual(
    names(due(seenWith(undefined, { lineages: [lineage({ autorenew: false })] }), renew, noon + 8 * day)),
    [],
  );
  t.deepEqual(names(due(seenWith(undefined, { ...old, settling: ['shop'] }), renew, noon)), []);
  t.deepEqual(names(due(seenWith(undefined, old), renew, noon + 30 * day)), []);
});

test('a rehearsal that went well is repeated about every rehearsal_days', (t) => {
  const { actions, later } = due(seenWith(kept(noon)), config('renew'), noon + hour);
  t.deepEqual(actions, []);
  const [next = 0] = later;
  t.true(next >= noon + 6.3 * day && next <= noon + 7.7 * day, at(next));
  t.deepEqual(names(due(seenWith(kept(noon)), config('renew'), next)), ['shop']);
});

test('one that did not is repeated after an hour, then daily', (t) => {
  t.deepEqual(due(seenWith(failed(noon)), config('renew'), noon + 1).later, [noon + hour]);
  t.deepEqual(due(seenWith(failed(noon, 2)), config('renew'), noon + 1).later, [noon + day]);
  t.deepEqual(due(seenWith(failed(noon, 9)), config('renew'), noon + 1).later, [noon + day]);
});

test('one that met a lock is tried again in minutes, one that was cut off after an hour', (t) => {
  const tried = (reason: Attempt['reason']): Attempt => ({
    verb: 'rehearse',
    subject: 'shop',
    at: noon,
    reason,
    detail: '',
  });
  t.deepEqual(due(seenWith(undefined, old), config('renew'), noon + 1, [tried('busy')]).later, [noon + 5 * 60_000]);
  t.deepEqual(due(seenWith(undefined, old), config('renew'), noon + 1, [tried('internal')]).later, [noon + hour]);
});

test('never two within a minute', (t) => {
  const lineages = ['shop', 'blog'].map((name) => lineage({ name, changedAt: at(noon - 40 * day) }));
  const first = due(seenWith(undefined, { lineages }), config('renew'), noon);
  t.deepEqual(names(first), ['shop']);
  t.deepEqual(first.later, [noon + 60_000]);
  const done: Attempt = { verb: 'rehearse', subject: 'shop', at: noon, reason: 'done', detail: '' };
  const rehearsals = new Map([['shop', kept(noon)]]);
  const seen = seenWith(undefined, { lineages, rehearsals });
  t.deepEqual(names(due(seen, config('renew'), noon + 59_999, [done])), []);
  t.deepEqual(names(due(seen, config('renew'), noon + 60_000, [done])), ['blog']);
});

test('whatever the lifetime, a new certificate is rehearsed before its window, at an instant of its own', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 400 * 24 }), fc.stringMatching(/^[0-9a-f]{64}$/), (hours, fingerprint) => {
      const one = certificate('a', { fingerprint, notBefore: at(noon), notAfter: at(noon + hours * hour) });
      const lineages = [lineage({ live: fingerprint, changedAt: at(noon) })];
      const seen = seenWith(undefined, { certificates: [one], lineages });
      const [first = noon] = due(seen, config('renew'), noon).later;
      t.true(first >= noon && first <= noon + (hours * hour) / 5 && first <= noon + 7 * day);
      t.deepEqual(names(due(seen, config('renew'), first)), ['shop']);
    }),
  );
});

test('what fails is a warning with every reason, and critical under a sixth of the life', (t) => {
  const verdict = (now: number, rehearsal: KeptRehearsal) =>
    decide(seenWith(rehearsal, old), [], [], config('renew'), now).snapshot;
  const { findings, lineages } = verdict(noon, failed(noon - day));
  const [finding] = findings.filter(({ code }) => code === 'renewal-would-fail');
  t.is(finding?.severity, 'warning');
  t.is(finding?.since, at(noon - day));
  t.is(finding?.cause, 'a renewal of shop would fail: shop.example.test has no address');
  t.deepEqual(finding?.evidence, { 'rehearsed at': at(noon - day), DNS: 'shop.example.test has no address' });
  t.is(
    finding?.remedy,
    'Have every name of the certificate lead to this host, or take the name out of the certificate, then: certherd-agent rehearse shop',
  );
  t.deepEqual(lineages[0]?.rehearsal, {
    at: at(noon - day),
    ok: false,
    reasons: [{ check: 'DNS', detail: 'shop.example.test has no address' }],
  });
  const late = verdict(noon + 31 * day, failed(noon + 30 * day)).findings;
  t.is(late.find(({ code }) => code === 'renewal-would-fail')?.severity, 'critical');
  const codes = (rehearsal: KeptRehearsal, now = noon) => verdict(now, rehearsal).findings.map(({ code }) => code);
  t.false(codes(failed(noon - 41 * day)).includes('renewal-would-fail'), 'it was renewed since');
  t.false(codes(kept(noon)).includes('renewal-would-fail'));
  const { ok: _, ...untold } = failed(noon - day);
  t.false(codes(untold).includes('renewal-would-fail'));
});

test('a rehearsal that a clock wrote which was ahead is as if it had not been', (t) => {
  const ahead = seenWith(failed(noon + 300 * day), old);
  t.deepEqual(names(due(ahead, config('renew'), noon)), ['shop']);
  const { snapshot, plan } = decide(ahead, [], [], config('renew'), noon);
  t.deepEqual(
    plan.actions.map(({ request, why }) => [request.verb, why]),
    [['rehearse', 'it has never been rehearsed']],
  );
  t.false(snapshot.findings.some(({ code }) => code === 'renewal-would-fail'));
  t.is(snapshot.lineages[0]?.rehearsal, undefined);
});

test('a hostile authenticator never reaches the remedy', (t) => {
  const change = { lineages: [lineage({ changedAt: at(noon - 40 * day), authenticator: 'dns-x; reboot' })] };
  const rehearsal = kept(noon, { ok: false, failures: 1, reasons: [{ check: 'authenticator', detail: 'x' }] });
  const { snapshot } = decide(seenWith(rehearsal, change), [], [], config('renew'), noon);
  const finding = snapshot.findings.find(({ code }) => code === 'renewal-would-fail');
  t.is(
    finding?.remedy,
    'Install what is missing (Debian: apt-get install certbot), then: certherd-agent rehearse shop',
  );
});
