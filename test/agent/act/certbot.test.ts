import fs from 'node:fs';
import test from 'ava';
import { renewLineage } from '../../../agent/act/certbot.ts';
import type { OutcomeReason } from '../../../agent/decide/action.ts';
import { recordSteps } from '../../../agent/act/steps.ts';
import { systemClock } from '../../../agent/system/clock.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { systemProc } from '../../../agent/system/proc.ts';
import { systemLinks } from '../../../agent/system/links.ts';
import { config } from '../../helpers/observed.ts';
import { letsencrypt } from '../observe/lineage-tree.ts';

/** What certbot printed, its exit code, and what it means; what it said in earnest is in test/fixtures/certbot. */
const said: [string, number | undefined, OutcomeReason, RegExp][] = [
  ['Another instance of Certbot is already running.', 1, 'busy', /Another instance/],
  ["AttributeError: can't set attribute", 1, 'rate-limited', /too many certificates/],
  [
    '  Domain: shop-429.example.test\n  Type:   dns\n  Detail: DNS problem: NXDOMAIN looking up A for shop-429.example.test',
    1,
    'dns',
    /^shop-429\.example\.test: DNS problem/,
  ],
  ['Congratulations, all renewals succeeded', 0, 'unchanged', /Congratulations/],
  ['Renewing an existing certificate', undefined, 'internal', /ended by a signal/],
  ['', 1, 'certbot-failed', /certbot printed nothing/],
  [
    'Failed to renew certificate shop with error: token=s3cretCANARY \u001b[31m',
    1,
    'certbot-failed',
    /token=\[removed\]/,
  ],
];

/** The newest run of this lineage in it was told to wait until 2026-11-26; a later one of another is none of its. */
const log = `${fixture('rate-limited.log')}${fixture('config-syntax.log').replaceAll('shop', 'other')}`;

for (const [output, exitCode, reason, detail] of said) {
  test(`${reason}: ${JSON.stringify(output.slice(0, 90))}`, async (t) => {
    const tree = letsencrypt(t, 'shop');
    await tree.add(1);
    tree.link(1);
    const base = config('renew');
    const settings = { ...base, certbot: { ...base.certbot, configDirectory: tree.root, deadlineMs: 1000 } };
    // The log's own time: what it was told to wait for lies ahead.
    const clock = { ...systemClock(), now: () => Date.parse('2026-11-24T04:26:48Z') };
    const end = { output, timedOut: false, ...(exitCode !== undefined && { exitCode }) };
    const programs = () => Promise.resolve({ ok: true as const, value: end });
    const ports = {
      clock,
      files: systemFiles(),
      programs,
      proc: systemProc(),
      links: systemLinks(),
      logEnd: () => ({ ok: true as const, value: { text: reason === 'rate-limited' ? log : '', modifiedAt: 0 } }),
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
    t.is(ended.retryAt, reason === 'rate-limited' ? Date.parse('2026-11-26T05:06:07Z') : undefined);
  });
}

function fixture(name: string): string {
  return fs.readFileSync(new URL(`../../fixtures/certbot/${name}`, import.meta.url), 'utf8');
}
