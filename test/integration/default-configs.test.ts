import type { Finding } from '@certherd/protocol/finding';
import test from 'ava';
import { type MachineHost, startMachine, withLineage } from '../helpers/machine-host.ts';
import { look } from '../helpers/scenario.ts';
import { machinesCanBeMade } from '../helpers/testbed/machine.ts';
import { until } from '../helpers/testbed/until.ts';

const isolated = machinesCanBeMade ? test : test.skip;

const urgent = (findings: Finding[]) =>
  findings.filter(({ severity }) => severity !== 'notice').map(({ code, cause }) => `${code}: ${cause}`);

/** As certbot --nginx leaves a site on Debian and Ubuntu. */
const site = `server {
    server_name shop.example.test;
    root /var/www/html;
    listen [::]:443 ssl ipv6only=on; # managed by Certbot
    listen 443 ssl; # managed by Certbot
    ssl_certificate /etc/letsencrypt/live/shop/fullchain.pem; # managed by Certbot
    ssl_certificate_key /etc/letsencrypt/live/shop/privkey.pem; # managed by Certbot
}
server {
    if ($host = shop.example.test) {
        return 301 https://$host$request_uri;
    } # managed by Certbot
    listen 80;
    listen [::]:80;
    server_name shop.example.test;
    return 404; # managed by Certbot
}
`;

async function startNginx({ machine }: MachineHost): Promise<void> {
  await machine.must('/usr/sbin/nginx');
}

isolated("Debian's nginx as installed, without TLS, has nothing that anybody must do", async (t) => {
  const scene = await startMachine(t);
  await startNginx(scene);
  const { findings, deployments } = await look(scene);
  t.deepEqual(deployments, []);
  t.deepEqual(
    findings.map(({ code, severity }) => `${severity} ${code}`),
    ['notice nothing-found'],
  );
  t.is((await scene.agent(['check'])).exit, 0);
});

isolated(
  "Debian's nginx with certbot's lineage, site and timer is healthy, running or asked for nothing",
  async (t) => {
    const scene = await startMachine(t);
    await withLineage(t, scene);
    await startNginx(scene);
    t.deepEqual((await look(scene)).findings, [], 'the lineage is there, and no site names it yet');
    await scene.machine.write('/etc/nginx/sites-available/shop', site);
    await scene.machine.must('ln', '-s', '/etc/nginx/sites-available/shop', '/etc/nginx/sites-enabled/shop');
    await scene.machine.must('/usr/sbin/nginx', '-s', 'reload');
    const { endpoints } = await until('nginx serves the site', async () => {
      const report = await look(scene);
      return report.endpoints.some(({ served }) => served) && report.findings.length === 0 && report;
    });
    t.true(endpoints.length >= 2, 'IPv4 and IPv6');
    t.is((await scene.agent(['check'])).exit, 0);
    t.is((await scene.agent(['check', '--no-probe'])).exit, 0);
  },
);

isolated("Debian's Apache with default-ssl and the snakeoil certificate has notices only", async (t) => {
  const scene = await startMachine(t);
  const { machine } = scene;
  await machine.must('make-ssl-cert', 'generate-default-snakeoil', '--force-overwrite');
  await machine.must('a2enmod', 'ssl');
  await machine.must('a2ensite', 'default-ssl');
  await machine.must('apachectl', 'start');
  const { deployments, findings } = await until('Apache serves it', async () => {
    const report = await look(scene);
    return report.endpoints.some(({ server, served }) => server === 'apache' && served) && report;
  });
  t.like(deployments, [{ server: 'apache', certificatePath: '/etc/ssl/certs/ssl-cert-snakeoil.pem' }]);
  t.deepEqual(urgent(findings), []);
  await machine.must('a2dissite', 'default-ssl');
  await machine.must('apachectl', 'graceful');
  t.deepEqual(urgent((await look(scene)).findings), [], 'without default-ssl');
});

isolated("Debian's HAProxy as installed has nothing that anybody must do", async (t) => {
  const scene = await startMachine(t);
  await scene.machine.must('mkdir', '-p', '/run/haproxy');
  await scene.machine.must('/usr/sbin/haproxy', '-D', '-f', '/etc/haproxy/haproxy.cfg');
  t.deepEqual(urgent((await look(scene)).findings), []);
});

isolated("Ubuntu's nginx with certbot from snap and its timer is healthy", async (t) => {
  const scene = await startMachine(t);
  const { machine } = scene;
  await withLineage(t, scene);
  // snapd's own units, and no certbot package: neither its binary nor its timer nor its crontab.
  for (const path of ['/usr/bin/certbot', '/lib/systemd/system/certbot.timer', '/lib/systemd/system/certbot.service'])
    await machine.must('rm', path);
  await machine.must('rm', '-f', '/etc/cron.d/certbot', '/etc/systemd/system/timers.target.wants/certbot.timer');
  await machine.write('/snap/bin/certbot', '#!/bin/sh\nexec /usr/bin/python3 -m certbot.main "$@"\n');
  const units = '/etc/systemd/system';
  await machine.write(
    `${units}/snap.certbot.renew.service`,
    `[Unit]
Description=Service for snap application certbot.renew
Requires=snap-certbot-3834.mount
Wants=network.target
After=snap-certbot-3834.mount network.target snapd.apparmor.service
X-Snappy=yes

[Service]
EnvironmentFile=-/etc/environment
ExecStart=/usr/bin/snap run --timer="00:00~24:00/2" certbot.renew
SyslogIdentifier=certbot.renew
Restart=no
WorkingDirectory=/var/snap/certbot/3834
TimeoutStopSec=30
Type=oneshot
`,
  );
  await machine.write(
    `${units}/snap.certbot.renew.timer`,
    `[Unit]
Description=Timer renew for snap application certbot.renew
Requires=snap-certbot-3834.mount
After=snap-certbot-3834.mount
X-Snappy=yes

[Timer]
Unit=snap.certbot.renew.service
OnCalendar=*-*-* 03:27
OnCalendar=*-*-* 16:51

[Install]
WantedBy=timers.target
`,
  );
  await machine.must('systemctl', 'enable', 'snap.certbot.renew.timer');
  await machine.must('make-ssl-cert', 'generate-default-snakeoil', '--force-overwrite');
  // Ubuntu's default site has the same text, with the snakeoil lines in comments; here an operator took the signs away.
  await machine.must(
    'sed',
    '-i',
    's|# listen 443 ssl default_server;|listen 443 ssl default_server;|; s|# include snippets/snakeoil.conf;|include snippets/snakeoil.conf;|',
    '/etc/nginx/sites-available/default',
  );
  await startNginx(scene);
  const { findings, deployments } = await until('nginx serves the snakeoil', async () => {
    const report = await look(scene);
    return report.endpoints.some(({ served }) => served) && report;
  });
  t.is(deployments[0]?.certificatePath, '/etc/ssl/certs/ssl-cert-snakeoil.pem');
  t.deepEqual(urgent(findings), []);
});
