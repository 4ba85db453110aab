import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TestHost } from '../helpers/host.ts';
import { cleared, commandsOf, found, halves, look, sharedHost } from '../helpers/scenario.ts';
import { until } from '../helpers/testbed/until.ts';

const shared = sharedHost(test);

/** The command at the end of the remedy, as printed; the agent is not installed here. */
async function rehearseAsTold(t: ExecutionContext, host: TestHost, remedy: string): Promise<void> {
  const { command } = halves(remedy);
  const [[program, ...args] = []] = commandsOf(command);
  t.is(program, 'certherd-agent');
  t.deepEqual(args.slice(-2), ['--config', host.configFile]);
  const ran = await host.agent(args.slice(0, -2));
  t.is(ran.exit, 0, ran.stderr);
}

test.serial('renewal-would-fail: the webroot was moved, weeks before anybody renews', async (t) => {
  const host = shared();
  host.setMode('renew');
  const moved = `${host.nginx.webroot}-moved`;
  fs.renameSync(host.nginx.webroot, moved);
  const failed = await host.agent(['rehearse', 'shop']);
  t.is(failed.exit, 1);
  t.regex(failed.stderr, /shop \(config-broken\): a renewal of shop would fail: challenge path: the webroot /);
  const finding = await found(host, 'renewal-would-fail');
  t.is(finding.severity, 'warning');
  t.deepEqual(finding.subject, { kind: 'lineage', id: 'shop' });
  t.is(finding.cause, `a renewal of shop would fail: the webroot ${host.nginx.webroot} does not exist`);
  t.is(finding.evidence['challenge path'], `the webroot ${host.nginx.webroot} does not exist`);
  t.regex(
    finding.remedy,
    /^Have port 80 of every name lead to a webroot that is there and can be written to, then: certherd-agent rehearse shop /,
  );
  const wide = await host.agent(['check', '--wide']);
  t.regex(wide.stdout, /rehearsal .* would fail/);
  fs.renameSync(moved, host.nginx.webroot);
  await rehearseAsTold(t, host, finding.remedy);
  await cleared(t, host, finding);
  t.regex((await host.agent(['check', '--wide'])).stdout, /rehearsal .* passed/);
});

test.serial(
  'renewal-would-fail: the daemon rehearses by itself, and a renewal in between takes the finding back',
  async (t) => {
    const host = shared();
    host.setMode('renew');
    fs.writeFileSync(
      host.configFile,
      fs.readFileSync(host.configFile, 'utf8').replace('rehearsal_days = 0', 'rehearsal_days = 7'),
    );
    fs.rmSync(path.join(host.sandbox.directory, 'state/rehearsals.json'));
    // as if it had been issued so long ago that the first rehearsal is due
    const link = host.certbot.lineage('shop').certificate;
    const longAgo = new Date(Date.now() - 3_600_000);
    fs.lutimesSync(link, longAgo, longAgo);
    const { renewalConfig } = host.certbot.lineage('shop');
    const before = fs.readFileSync(renewalConfig, 'utf8');
    fs.writeFileSync(renewalConfig, before.replace('authenticator = webroot', 'authenticator = dns-nowhere'));
    const daemon = host.daemon();
    const finding = await found(host, 'renewal-would-fail');
    t.regex(finding.cause, /certbot has no plugin dns-nowhere/);
    t.regex(finding.remedy, /^Install what is missing \(Debian: apt-get install python3-certbot-dns-nowhere\), then: /);
    await until('the daemon tells its own rehearsal', () => daemon.output().includes('plugin-missing'));
    await daemon.end();
    fs.writeFileSync(renewalConfig, before);
    t.is((await host.certbot.renew('shop')).exit, 0);
    await host.nginx.reloadWhole();
    await cleared(t, host, finding);
    t.false((await look(host)).findings.some(({ code }) => code === 'renewal-would-fail'));
  },
);
