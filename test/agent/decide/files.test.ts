import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import { config, day, lineage, live, noon, observed } from '../../helpers/observed.ts';

test('certificates that are not each issued by the next are a warning, and a leaf alone is a notice', (t) => {
  const path = `${live}/fullchain.pem`;
  const chained = (fingerprints: string[]) =>
    decide(
      observed({ brokenChains: [path], files: [{ path, fingerprints, modifiedAt: new Date(noon).toISOString() }] }),
      [],
      [],
      config(),
      noon,
    ).snapshot.findings.map(({ code, severity }) => `${severity} ${code}`);
  t.deepEqual(chained(['a'.repeat(64), 'c'.repeat(64)]), ['warning chain-incomplete']);
  t.deepEqual(chained(['a'.repeat(64)]), ['notice chain-incomplete']);
});

test('a lineage whose files do not fit together is broken, with the command that renews it', (t) => {
  const failure = { reason: 'link-broken' as const, detail: 'live/shop/cert.pem leads nowhere' };
  const [finding] = decide(observed({ lineages: [lineage({ failure })] }), [], [], config(), noon).snapshot.findings;
  t.is(finding?.code, 'lineage-broken');
  t.regex(finding?.remedy ?? '', /certbot renew --cert-name shop /);
});

test('a lineage that its renewal config excepts from renewal is never renewed by the agent, however late it is', (t) => {
  const late = noon + 25 * day;
  const planned = (change: { autorenew?: boolean }) =>
    decide(observed({ lineages: [lineage(change)] }), [], [], config('renew'), late).plan.actions;
  t.is(planned({}).length, 1);
  t.deepEqual(planned({ autorenew: false }), []);
});
