import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import { config, deployment, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const mail = deployment({
  id: '/etc/certherd/agent.toml:3:/etc/mail.pem',
  server: 'other',
  configFile: '/etc/certherd/agent.toml',
  line: 3,
  serverNames: ['mail.example.test'],
  listeners: [{ address: '127.0.0.1', port: 25, defaultServer: true, proxyProtocol: false, startTls: 'smtp' }],
  certificatePath: '/etc/mail.pem',
  keyPath: '/etc/mail.key',
});
const { lineage: _none, ...unmanaged } = mail;
const drifted = endpoint({ served: 'b'.repeat(64) });

function planned(change: Parameters<typeof observed>[0]) {
  const { plan, snapshot } = decide(observed(change), [], [], config('deploy'), noon);
  return { verbs: plan.actions.map(({ request }) => request.verb), codes: snapshot.findings.map(({ code }) => code) };
}

test('what is wrong with the files of a listed server does not hold back the reload that nginx needs', (t) => {
  const faults = [
    { ...unmanaged, keyMatches: false },
    { ...unmanaged, failure: { reason: 'not-found' as const, detail: 'ENOENT' } },
    { ...unmanaged, failure: { reason: 'io-error' as const, detail: 'EIO' } },
  ];
  for (const fault of faults) {
    const { verbs, codes } = planned({ deployments: [deployment(), fault], endpoints: [drifted] });
    t.deepEqual(verbs, ['reload']);
    t.true(codes.some((code) => ['key-mismatch', 'file-missing', 'file-unreadable'].includes(code)));
    t.false(codes.includes('restart-would-fail'));
  }
});

test('a lineage that only a listed server uses does not hold it back either, one that nginx uses does', (t) => {
  const own = lineage({ name: 'mail', keyMatches: false, certificatePath: '/etc/mail.pem', keyPath: '/etc/mail.key' });
  const lineages = [lineage(), own];
  const ofMail = { ...mail, lineage: 'mail', keyMatches: false };
  t.deepEqual(planned({ lineages, deployments: [deployment(), ofMail], endpoints: [drifted] }).verbs, ['reload']);
  const ofBoth = deployment({ id: 'x', lineage: 'mail', keyMatches: false, certificatePath: '/etc/mail.pem' });
  t.deepEqual(planned({ lineages, deployments: [deployment(), ofMail, ofBoth], endpoints: [drifted] }).verbs, []);
});

test('a listed server that shows another certificate is no reason to reload nginx', (t) => {
  const own = endpoint({ id: 'mail', server: 'other', deployment: mail.id, served: 'b'.repeat(64) });
  const { verbs, codes } = planned({ deployments: [deployment(), unmanaged], endpoints: [endpoint(), own] });
  t.deepEqual(verbs, []);
  t.true(codes.includes('not-served'));
});
