import test from 'ava';
import fc from '../../helpers/properties.ts';
import { renewsWithCertbot, stepsBackForSystemd } from '../../../agent/formats/certbot-command.ts';
import { lastRenewalIn } from '../../../agent/formats/certbot-log.ts';
import { readUnit, scheduleOf } from '../../../agent/formats/systemd-unit.ts';
import { processorMs } from '../../helpers/processor-time.ts';

const here = '/etc/letsencrypt';

test('every usual way to call certbot for a renewal is known, and what only mentions it is not', (t) => {
  for (const command of [
    'certbot renew',
    '/usr/bin/certbot -q renew --no-random-sleep-on-renew',
    '/snap/bin/certbot renew --quiet',
    '/usr/bin/snap run --timer="00:00~24:00/2" certbot.renew',
    'cd /opt && ./certbot-auto renew',
    'letsencrypt renew',
    'docker run --rm certbot/certbot renew',
    'certbot certonly --keep -d a.test',
    'certbot renew --config-dir=/etc/letsencrypt/',
    'certbot \\\n  -q renew',
  ])
    t.true(renewsWithCertbot(command, here), command);
  for (const command of [
    '',
    '# certbot renew',
    'certbot certificates',
    'test -x /usr/bin/certbot',
    'mycertbot renew',
    'certbot renew --config-dir /srv/tls',
    'echo renew certbot',
  ])
    t.false(renewsWithCertbot(command, here), command);
  t.true(stepsBackForSystemd('test -x /usr/bin/certbot -a \\! -d /run/systemd/system && certbot renew'));
  t.false(stepsBackForSystemd('test -d /run/systemd/system && certbot renew'));
});

test('a unit is read as systemd reads it: drop-ins, resets, comments and lines that go on', (t) => {
  const unit = readUnit([
    '# no\n[Timer]\nOnCalendar=daily\nUnit=a.service\r\n; no\n[Service]\nExecStart=/bin/sh \\\n# no\n  -c x\n',
    '[Timer]\nOnCalendar=\nOnCalendar=weekly\nOnBootSec=5min\n',
  ]);
  t.deepEqual(scheduleOf(unit), ['OnCalendar=weekly', 'OnBootSec=5min']);
  t.deepEqual(unit.get('Timer.Unit'), ['a.service']);
  t.is(unit.get('Service.ExecStart')?.[0]?.replaceAll(/\s+/g, ' '), '/bin/sh -c x');
  t.deepEqual(scheduleOf(readUnit(['[Service]\nOnCalendar=daily\n'])), []);
});

test("certbot's reason for a failed renewal is kept without the secrets that a plugin may print", (t) => {
  const at = '2026-11-20 12:00:00,123:DEBUG';
  const log = [
    `${at}:certbot._internal.main:certbot version: 2.1.0`,
    `${at}:certbot._internal.display.obj:Notifying user: Processing /etc/letsencrypt/renewal/shop.conf`,
    `${at}:certbot._internal.renewal:Failed to renew certificate shop with error: 403 for https://me:CANARY@dns.test api_key=CANARY at the zone`,
  ].join('\n');
  const [failed] = lastRenewalIn(log, Date.parse('2026-11-20T12:00:01Z'))?.failed ?? [];
  t.is(failed?.lineage, 'shop');
  t.regex(failed?.reason ?? '', /^403 for .* at the zone$/);
  t.false(failed?.reason.includes('CANARY'), failed?.reason);
});

test('any text is read without a throw', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      lastRenewalIn(`2026-11-20 12:00:00,123:DEBUG:x:certbot version: 2\n${text}`, 0);
      lastRenewalIn(text, Number.NaN);
      readUnit([text, text]);
      renewsWithCertbot(text, text);
    }),
  );
  t.pass();
});

test('hostile text costs no more than its length', async (t) => {
  const took = await processorMs(() => {
    for (const part of [
      'certbot ',
      'Processing /renewal/',
      'Renewal configuration file /a/',
      'Failed to renew cert ',
      "Arguments: ['",
      '\\\n',
      '[',
    ])
      for (const head of ['', ':certbot version: 1\n']) {
        const text = head + part.repeat(Math.floor(500_000 / part.length));
        lastRenewalIn(text, 0);
        renewsWithCertbot(text, here);
        readUnit([text]);
      }
  });
  t.true(took < 2000, `${took} ms`);
});
