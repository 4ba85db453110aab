import test from 'ava';
import { shopName, type TestHost } from '../helpers/host.ts';
import { issuedElsewhere } from '../helpers/lineage-content.ts';
import { agentProgram, cleared, follow, found, healthy, type Scene, sharedHost } from '../helpers/scenario.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';

const shared = sharedHost(test);

/** The lineage holds, and nginx serves, a certificate of another CA with this life, as if certbot had got it then. */
async function issuedFor(host: TestHost, life: [number, number]): Promise<void> {
  await issuedElsewhere(host, life);
  await host.nginx.reloadWhole();
  const leaf = host.certbot.lineage('shop').leaf();
  await until('it is served', async () => {
    return (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint === leaf;
  });
}

test.serial('due: a certificate in its renewal window, renewed by the printed command', async (t) => {
  const host = shared();
  // Just past its renewal window, of which any instant may be its renewal time.
  await issuedFor(host, [-63.5, 26.5]);
  const finding = await found(host, 'due');
  t.is(finding.severity, 'notice');
  t.regex(finding.cause, /lineage shop is in its renewal window; the test is expected to renew it/);
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
});

for (const { left, severity } of [
  { left: 20, severity: 'warning' },
  { left: 9, severity: 'critical' },
] as const) {
  test.serial(`overdue: nobody renewed, and ${left} of 90 days are left`, async (t) => {
    const host = shared();
    await issuedFor(host, [left - 90, left]);
    const finding = await found(host, 'overdue');
    t.is(finding.severity, severity);
    t.regex(finding.cause, /lineage shop should have been renewed by .*, and the test has not done it/);
    await follow(t, host, finding.remedy);
    await cleared(t, host, finding);
    await healthy(t, host);
  });
}

test.serial('expired: clients are shown a certificate that ended yesterday', async (t) => {
  const host = shared();
  await issuedFor(host, [-91, -1]);
  const finding = await found(host, 'expired');
  t.is(finding.severity, 'critical');
  t.is(finding.subject.id, `${shopName}@127.0.0.1:${host.tlsPort}/ecdsa`);
  t.regex(finding.cause, /^the certificate that clients are shown ended at /);
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
});

test.serial('expired: the renewed certificate is on disk, and nginx was never reloaded', async (t) => {
  const host = shared();
  await issuedFor(host, [-91, -1]);
  t.is((await host.certbot.renew('shop')).exit, 0);
  const finding = await found(host, 'expired');
  t.regex(finding.cause, /; a newer one is on disk and not served$/);
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
});

test.serial('not-yet-valid: the clock of the host is wrong by months', async (t) => {
  const host = shared();
  const behind: Scene = {
    sandbox: host.sandbox,
    agent: (args) =>
      host.sandbox.run(
        '/usr/bin/faketime',
        `-f -90d ${process.execPath} ${agentProgram} ${args.join(' ')} --config ${host.configFile}`.split(' '),
      ),
  };
  const finding = await found(behind, 'not-yet-valid');
  t.is(finding.severity, 'critical');
  t.regex(finding.cause, /begins at .*: this host's clock may be wrong/);
  // timedatectl needs a running systemd and shows the clock only: that it is set right is the mending.
  t.is(finding.remedy, 'timedatectl status');
  await cleared(t, host, finding);
});
