import test from 'ava';
import { OutcomeReason } from '../../../agent/decide/action.ts';
import { decide } from '../../../agent/decide/decide.ts';
import type { Attempt } from '../../../agent/decide/retry.ts';
import { config, day, lineage, noon, observed } from '../../helpers/observed.ts';

const at = noon + 19 * day;
const minute = 60_000;

function told(attempt: Partial<Attempt>, mode: 'deploy' | 'renew' = 'renew', more: Attempt[] = []) {
  const failed: Attempt = { verb: 'renew', subject: 'shop', at, reason: 'dns', detail: 'what it said', ...attempt };
  const observations = observed({ lineages: [lineage({ authenticator: 'dns-route53' })] });
  const { snapshot } = decide(observations, [failed, ...more], [], config(mode), at + 1000);
  return snapshot.findings.find(({ code }) => code === 'renewal-failing');
}

test('each class that a person can mend says in words what it is and what to do, and ends in the command that tries again', (t) => {
  const words: [OutcomeReason, RegExp, RegExp][] = [
    ['dns', /could not look a name up \(dns\)/, /^Give the name an A or AAAA record/],
    ['unauthorized', /another answer than the challenge's \(unauthorized\)/, /^Have port 80 .*acme-challenge/],
    ['connection', /could not connect .*\(connection\)/, /^Open port 80/],
    ['caa', /CAA record forbids/, /^Name the CA in the CAA record/],
    ['rejected-identifier', /does not issue for a name/, /^Take the name that is told out/],
    ['config-broken', /own config is broken/, /^Mend the file and line/],
    ['plugin-missing', /lacks a plugin/, /^Install the plugin \(Debian: apt-get install python3-certbot-dns-route53\)/],
    ['disk-full', /no space is left/, /^Make space/],
    ['certbot-failed', /certbot failed \(certbot-failed\)/, /^Read what it says in letsencrypt\.log/],
  ];
  for (const [reason, cause, remedy] of words) {
    const finding = told({ reason });
    t.regex(finding?.cause ?? '', cause);
    t.regex(finding?.cause ?? '', /: what it said$/);
    t.regex(finding?.remedy ?? '', remedy);
    t.regex(finding?.remedy ?? '', /, then: \S*certbot renew --cert-name shop --force-renewal .*&& /);
    t.is(finding?.evidence['next try'], new Date(at + minute).toISOString());
  }
});

test('where only time helps, the next try is the remedy, and it keeps to what the CA asked for', (t) => {
  for (const reason of ['rate-limited', 'ca-failed', 'capped', 'timed-out'] as const) {
    const finding = told({ reason, retryAt: at + 2 * day });
    const next = new Date(at + 2 * day).toISOString();
    t.is(finding?.remedy, `None is needed now: the agent tries again at ${next}`);
    t.is(finding?.evidence['next try'], next);
  }
});

test('an agent that may not renew any more promises no next try', (t) => {
  const finding = told({ reason: 'rate-limited', retryAt: at + 2 * day }, 'deploy');
  t.is(finding?.evidence['next try'], 'none: mode is "deploy"');
  t.regex(finding?.remedy ?? '', /certbot renew --cert-name shop/);
});

test('a try that only met a lock neither is a failure nor hides the one before', (t) => {
  const busy: Attempt = { verb: 'renew', subject: 'shop', at: at + 500, reason: 'busy', detail: 'another certbot' };
  t.is(told({ ...busy }), undefined);
  t.is(told({}, 'renew', [busy])?.evidence.reason, 'dns');
});

test('every reason is worded', (t) => {
  for (const reason of OutcomeReason.enum.filter((one) => one !== 'done' && one !== 'busy'))
    t.true(told({ reason })?.cause.includes(reason), reason);
});
