import test from 'ava';
import { inUseOn } from '../../../../collector/evaluate/forecast/renewers.ts';
import { certificate, finding, snapshot } from '../../helpers/example-snapshot.ts';

const host = { agentId: 'a', name: 'web-1' };
const leaf = certificate('one', { issuer: "C=US, O=Let's Encrypt, CN=R11" });
const known = new Map([[leaf.fingerprint, leaf]]);
const whole = snapshot(leaf);
const renewer = (change: Partial<typeof whole>) => inUseOn(host, { ...whole, ...change }, known)[0]?.renewer;
const lineage = whole.lineages.map((one) => ({ ...one, live: leaf.fingerprint }));

test('a certificate in use comes with its names, its authority and its time', (t) => {
  t.like(inUseOn(host, whole, known)[0], {
    hostName: 'web-1',
    authority: "Let's Encrypt",
    notAfter: Date.parse(leaf.notAfter),
    names: leaf.subjectAltNames.toSorted(),
  });
});

test('the agent renews a lineage only where its mode says so; else certbot does, while its timer lives', (t) => {
  t.is(renewer({ lineages: lineage, host: { ...whole.host, mode: 'renew' } }), 'agent');
  t.is(renewer({ lineages: lineage, host: { ...whole.host, mode: 'deploy' } }), 'certbot');
  t.is(renewer({ lineages: lineage.map((one) => ({ ...one, mode: 'renew' as const })) }), 'agent');
  t.is(renewer({ lineages: lineage, findings: [finding({ code: 'renewal-timer-dead' })] }), 'nobody');
});

test('what certbot may not renew by itself, and what no client manages, a person renews', (t) => {
  t.is(renewer({ lineages: lineage.map((one) => ({ ...one, autorenew: false })) }), 'hand');
  t.is(renewer({ lineages: lineage.map((one) => ({ ...one, authenticator: 'manual' })) }), 'hand');
  const path = whole.files[0]?.path ?? '';
  t.is(
    renewer({ lineages: [], findings: [finding({ code: 'unmanaged', subject: { kind: 'file', id: path } })] }),
    'hand',
  );
  t.is(renewer({ lineages: [], findings: [] }), 'other-client');
});

test('what only lies on disk is not in use', (t) => {
  t.deepEqual(inUseOn(host, { ...whole, deployments: [], endpoints: [] }, known), []);
});
