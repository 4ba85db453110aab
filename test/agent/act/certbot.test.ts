import test from 'ava';
import { renewLineage } from '../../../agent/act/certbot.ts';
import type { OutcomeReason } from '../../../agent/decide/action.ts';
import { recordSteps } from '../../../agent/act/steps.ts';
import { systemClock } from '../../../agent/system/clock.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { systemProc } from '../../../agent/system/proc.ts';
import { config } from '../../helpers/observed.ts';
import { letsencrypt } from '../observe/lineage-tree.ts';

/** What certbot 2.1 printed for each, measured or from its sources, and what it means. */
const said: [string, number, OutcomeReason, RegExp][] = [
  ['Another instance of Certbot is already running.', 1, 'busy', /Another instance/],
  [
    'Failed to renew certificate shop.example.test with error: urn:ietf:params:acme:error:rateLimited :: There were too many requests of a given type',
    1,
    'rate-limited',
    /rateLimited/,
  ],
  ["AttributeError: can't set attribute", 1, 'rate-limited', /can't set attribute/],
  [
    'requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: https://ca/dir',
    1,
    'rate-limited',
    /429/,
  ],
  [
    '  Domain: shop-429.example.test\n  Type:   dns\n  Detail: DNS problem: NXDOMAIN looking up A for shop-429.example.test',
    1,
    'certbot-failed',
    /^Detail: DNS problem/,
  ],
  [
    'Failed to renew certificate shop with error: urn:ietf:params:acme:error:badNonce :: JWS has an invalid anti-replay nonce: "429"',
    1,
    'certbot-failed',
    /badNonce/,
  ],
  ['  Detail: 127.0.0.1: Invalid response from http://x/.well-known/acme-challenge/a: 404', 1, 'certbot-failed', /404/],
  ['Congratulations, all renewals succeeded', 0, 'unchanged', /Congratulations/],
  ['', 1, 'certbot-failed', /certbot printed nothing/],
  ['Detail: token=s3cretCANARY \u001b[31m', 1, 'certbot-failed', /token=\[removed\]/],
];

for (const [output, exitCode, reason, detail] of said) {
  test(`${reason}: ${JSON.stringify(output.slice(0, 90))}`, async (t) => {
    const tree = letsencrypt(t, 'shop');
    await tree.add(1);
    tree.link(1);
    const base = config('renew');
    const settings = { ...base, certbot: { ...base.certbot, configDirectory: tree.root } };
    const clock = systemClock();
    const programs = () => Promise.resolve({ ok: true as const, value: { output, exitCode, timedOut: false } });
    const ports = {
      clock,
      files: systemFiles(),
      programs,
      proc: systemProc(),
      dial: () => Promise.reject(new Error('no endpoint is asked')),
      takeLock: () => undefined,
    };
    const ended = await renewLineage(
      'shop',
      settings,
      ports,
      recordSteps(clock, () => {}),
    );
    t.is(ended.reason, reason);
    t.regex(ended.detail, detail);
    t.false(ended.detail.includes('CANARY'));
  });
}
