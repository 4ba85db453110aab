import test from 'ava';
import { haltedConcern } from '../../../collector/evaluate/campaign/halted-concern.ts';
import { type ConcernedHost, concernsOf } from '../../../collector/evaluate/concerns.ts';
import { composeMessage } from '../../../collector/notify/compose.ts';
import { wordsOf } from '../../../collector/notify/words.ts';
import type { HaltedCampaign } from '../../../collector/store/campaigns.ts';
import { certificate, endpoint, finding } from '../helpers/example-snapshot.ts';
import { concern, minute, settingsOf, start, world } from '../helpers/notify-world.ts';

type Labels = Record<string, string>;

const one = certificate('one');
const on = { agentId: 'agent-01', hostName: 'web-1' };
const lineage = { ...on, name: 'shop', issued: one.fingerprint, certificatePath: '/etc/letsencrypt/live/shop/c.pem' };

/** A host whose endpoints serve one certificate, each with these labels. */
function hostOf(each: readonly Labels[], labels: Labels = {}, findings: ConcernedHost['findings'] = []): ConcernedHost {
  const enrolledAt = '2026-01-01T00:00:00.000Z';
  return {
    host: { agentId: 'agent-01', name: 'web-1', status: 'critical', reason: '', connected: true, enrolledAt, labels },
    endpoints: each.map((own, at) => ({
      ...endpoint(one, { id: `${at}@443`, serverName: `${at}.test` }),
      ...on,
      labels: own,
    })),
    lineages: [lineage],
    findings,
  };
}

const expired = {
  ...finding({ code: 'expired', subject: { kind: 'endpoint', id: '0@443' } }),
  ...on,
  evidence: { fingerprint: one.fingerprint },
  stale: false,
};
const broken = { ...expired, code: 'config-broken', subject: { kind: 'server' as const, id: 'nginx' }, evidence: {} };
const toldTo = (host: ConcernedHost) =>
  world(settingsOf({ wait: '0s' }))
    .look(start, concernsOf(host, false, start))
    .toSorted();

test('each owner of what is concerned is told, whichever of them has which name', (t) => {
  const both = [{ owner: 'payments' }, { owner: 'checkout' }, {}];
  t.deepEqual(toldTo(hostOf(both, {}, [expired])), ['checkout opened 1', 'payments opened 1']);
  t.deepEqual(toldTo(hostOf([{ owner: 'ops' }, {}], {}, [expired])), ['ops opened 1']);
  t.deepEqual(toldTo(hostOf(both, {}, [broken])), ['checkout opened 1', 'payments opened 1'], 'the host is nobody’s');
  t.deepEqual(toldTo(hostOf(both, { owner: 'ops' }, [broken])), ['ops opened 1'], 'and here somebody’s');
  t.deepEqual(toldTo(hostOf([{}, {}], {}, [broken])), ['payments opened 1'], 'nobody’s at all: the first channel');
});

test('one cause of the same owners is one message, which names them; of others it is another one', (t) => {
  const of = (host: string, ...owner: string[]) => concern(host, { labels: {}, partly: { owner } });
  const all = [
    of('web-1', 'payments', 'checkout'),
    of('web-2', 'payments', 'checkout'),
    of('web-3', 'payments', 'ops'),
  ];
  const { look } = world(settingsOf({ wait: '0s' }));
  t.deepEqual(look(start, all), ['payments opened 2', 'checkout opened 2', 'payments opened 1', 'ops opened 1']);
  t.deepEqual(look(start + 1000, []).length, 4);

  const occasion = { id: 'i', incident: 'i', kind: 'opened', settings: settingsOf({}), answer: undefined } as const;
  const message = composeMessage(
    [of('web-1', 'payments', 'checkout'), concern('web-2', { labels: { owner: 'ops' } })],
    {
      ...occasion,
      mostPlaces: 9,
    },
  );
  t.deepEqual([message.labels, message.partly], [{}, { owner: ['payments', 'checkout', 'ops'] }]);
  t.deepEqual(
    wordsOf(message).facts.find(([label]) => label === 'Owner'),
    ['Owner', 'payments, checkout, ops'],
  );
});

test('whose place joins what was told to others already hears it, too', (t) => {
  const one = concern('web-1', { labels: { owner: 'payments' } });
  const two = concern('web-2', { labels: { owner: 'checkout' } });
  const together = settingsOf({ wait: '0s', group_by: ['cause'], repeat: '2m' });
  const seen = world(together);
  t.deepEqual(seen.look(start, [one]), ['payments opened 1']);
  t.deepEqual(seen.look(start + 2 * minute, [one, two]), ['payments repeat 2', 'checkout repeat 2']);
  t.deepEqual(seen.look(start + 3 * minute, []), ['payments resolved 2', 'checkout resolved 2']);

  const later = world(settingsOf({ wait: '0s', group_by: ['cause'], escalate: [{ after: '6m', to: ['on-call'] }] }));
  later.look(start, [one]);
  t.deepEqual(later.look(start + 5 * minute, [one, two]), ['payments more 2', 'checkout more 2']);
  const worse = { ...concern('web-3', { labels: { owner: 'ops' } }), severity: 'critical' as const };
  t.deepEqual(later.look(start + 5.5 * minute, [one, two, worse]), [
    'payments worse 3',
    'checkout worse 3',
    'ops worse 3',
  ]);
});

test('what came just before the next step of the rule is told to its owner all the same', (t) => {
  const seen = world(settingsOf({ wait: '0s', escalate: [{ after: '10m', to: ['on-call'] }] }));
  const [one, two] = [concern('web-1'), concern('web-2')];
  seen.look(start, [one]);
  seen.look(start + 9 * minute, [one]);
  t.deepEqual(seen.look(start + 10 * minute, [one, two]), ['on-call escalated 1']);
  t.deepEqual(seen.look(start + 15 * minute, [one, two]), ['payments more 2', 'on-call more 2']);
});

test('a rule by label fits where a part of it has the label; a silence and a maintenance window hold nothing back that is others’ too', (t) => {
  const mixed = concern('web-1', { labels: {}, partly: { environment: ['production', 'test'] } });
  const rule = [
    { name: 'night', labels: { environment: 'production' }, to: ['on-call'], wait: '0s' },
    { name: 'rest', to: ['ops'], wait: '0s' },
  ];
  const maintenance = [
    { name: 'm', labels: { environment: 'test' }, from: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' },
  ];
  const seen = world(settingsOf({}, { rule, maintenance }));
  const silence = { id: 's', madeAt: start, until: start + 9e9, by: 'eve', reason: 'x' };
  seen.silences.push({ ...silence, match: { labels: { environment: 'test' } } });
  t.deepEqual(seen.look(start, [mixed, concern('web-2', { labels: { environment: 'test' } })]), ['on-call opened 1']);
});

test('what all endpoints of a host are is what the host is where it has no such label, so that a silence for that holds it', (t) => {
  const silentHost = (each: readonly Labels[], labels: Labels = {}) => {
    const { host, ...rest } = hostOf(each, labels, [broken]);
    const concerns = concernsOf({ ...rest, host: { ...host, connected: false } }, true, start);
    t.deepEqual(concerns.map(({ code }) => code).toSorted(), ['config-broken', 'host-silent']);
    return concerns;
  };
  const isSilenced = (concerns: ReturnType<typeof silentHost>) => {
    const seen = world(settingsOf({ wait: '0s' }));
    const silence = { id: 's', madeAt: start, until: start + 9e9, by: 'eve', reason: 'x' };
    seen.silences.push({ ...silence, match: { labels: { environment: 'test' } } });
    return seen.look(start, concerns).length === 0;
  };
  const test = { environment: 'test' };
  t.true(isSilenced(silentHost([test, test])));
  t.false(isSilenced(silentHost([test, {}])), 'one of them is not');
  t.false(isSilenced(silentHost([test, test], { environment: 'production' })), 'the host’s own counts');
});

test('a campaign that paused itself is told to each owner of the lineage', (t) => {
  const member = { ...on, lineage: 'shop', owner: undefined, names: [], notBefore: '', notAfter: '' };
  const campaign = { id: 'c1', changedAt: start, reason: 'r', startedBy: 'anna', cause: 'no' };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const halted = { campaign, member } as unknown as HaltedCampaign;
  const { labels, partly } = haltedConcern(
    halted,
    hostOf([
      { owner: 'payments', team: 'a' },
      { owner: 'ops', team: 'a' },
    ]),
  );
  t.deepEqual([labels, partly], [{ team: 'a' }, { owner: ['ops', 'payments'] }]);
});
