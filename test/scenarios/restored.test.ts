import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { shopName } from '../helpers/host.ts';
import { cleared, follow, found, halves, sharedHost } from '../helpers/scenario.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { linkedVersions } from '../helpers/versions.ts';

const shared = sharedHost(test);

test.serial(
  'restored: the renewed key does not fit the ciphers of the site, and the agent put the version before back',
  async (t) => {
    const host = shared();
    const site = join(host.nginx.prefix, 'sites/shop.conf');
    const text = readFileSync(site, 'utf8');
    const limits = '  ssl_protocols TLSv1.2;\n  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;\n';
    writeFileSync(site, text.replace('  return', `${limits}  return`));
    await host.nginx.reloadWhole();
    const first = host.certbot.lineage('shop').leaf();
    const { binary, environment, configDirectory, workDirectory, logsDirectory } = host.certbot;
    const places = ['--config-dir', configDirectory, '--work-dir', workDirectory, '--logs-dir', logsDirectory];
    const renewal = ['renew', '--cert-name', 'shop', '--force-renewal', '--no-random-sleep-on-renew', '-n'];
    const kind = ['--key-type', 'rsa', '--rsa-key-size', '2048'];
    const renewed = await host.sandbox.run(binary, [...renewal, ...kind, ...places], { env: environment });
    t.is(renewed.exit, 0, renewed.stderr);
    host.setMode('deploy');
    const daemon = host.daemon();
    const finding = await found(host, 'restored');
    await daemon.end();
    host.setMode('observe');
    t.is(finding.severity, 'warning');
    t.deepEqual(linkedVersions(host, 'shop'), [1, 1, 1, 1]);
    t.is((await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint, first);
    const { sentence, command } = halves(finding.remedy);
    t.is(sentence, 'Mend what kept version 2 out of service');
    writeFileSync(site, text);
    await follow(t, host, command);
    await cleared(t, host, finding);
  },
);
