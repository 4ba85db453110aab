import test from 'ava';
import fc from '../../helpers/properties.ts';
import { readErrorLog } from '../../../agent/formats/nginx-error-log.ts';

const at = new Date(2026, 9, 5, 12, 34, 56).getTime();
const line = (text: string) => `2026/10/05 12:34:56 ${text}\n`;
const eventOf = (text: string) => readErrorLog(line(text), at)[0]?.event;

test('what nginx 1.22 writes at a refused reload is recognised, with addresses, files and places', (t) => {
  t.deepEqual(eventOf('[emerg] 7#7: bind() to 127.0.0.1:443 failed (98: Address already in use)'), {
    kind: 'bind-failed',
    address: '127.0.0.1:443',
    errno: 98,
  });
  t.deepEqual(eventOf('[emerg] 7#7: bind() to [::1]:443 failed (99: Cannot assign requested address)'), {
    kind: 'bind-failed',
    address: '[::1]:443',
    errno: 99,
  });
  t.deepEqual(eventOf('[emerg] 7#7: still could not bind()'), { kind: 'still-unbound' });
  t.deepEqual(
    eventOf(
      '[emerg] 7#7: SSL_CTX_use_PrivateKey("/k.pem") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)',
    ),
    { kind: 'certificate-refused', path: '/k.pem' },
  );
  t.deepEqual(
    eventOf(
      '[emerg] 7#7: cannot load certificate "/c.pem": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory)',
    ),
    { kind: 'certificate-refused', path: '/c.pem' },
  );
  t.deepEqual(eventOf('[emerg] 7#7: unknown directive "bogus" in /etc/nginx/sites-enabled/a b.conf:12'), {
    kind: 'config-refused',
    path: '/etc/nginx/sites-enabled/a b.conf',
    line: 12,
  });
  t.deepEqual(
    eventOf(
      '[emerg] 7#7: open() "/etc/nginx/tls.conf" failed (2: No such file or directory) in /etc/nginx/nginx.conf:30',
    ),
    { kind: 'config-refused', path: '/etc/nginx/nginx.conf', line: 30, missing: '/etc/nginx/tls.conf' },
  );
  t.deepEqual(eventOf('[emerg] 7#7: open() "/var/log/nginx/x.log" failed (13: Permission denied)'), {
    kind: 'open-failed',
    path: '/var/log/nginx/x.log',
  });
});

test('what it writes at a reload that goes well is recognised, and requests are left out', (t) => {
  const text = [
    '[notice] 7#7: signal 1 (SIGHUP) received from 12, reconfiguring',
    '[notice] 7#7: reconfiguring',
    '[notice] 7#7: using the "epoll" event method',
    '[notice] 7#7: start worker process 42',
    '[notice] 9#9: gracefully shutting down',
    '[error] 9#9: *3 open() "/www/x" failed (2: No such file or directory), client: 10.0.0.1',
    '[notice] 7#7: reopening logs',
  ];
  const kinds = readErrorLog(text.map(line).join(''), at).map(({ event }) => event.kind);
  t.deepEqual(kinds, ['reconfiguring', 'reconfiguring', 'worker-started', 'shutting-down', 'reopening']);
});

test("times are this host's own; a log from another zone, whose entries would be younger than their file, tells nothing", (t) => {
  const text = line('[emerg] 7#7: still could not bind()');
  t.is(readErrorLog(text, at + 500)[0]?.at, at);
  t.deepEqual(readErrorLog(text, at - 3_600_000), []);
});

test('secrets in the words of nginx do not get through', (t) => {
  const [entry] = readErrorLog(
    line('[emerg] 7#7: invalid parameter "password=hunter2" in /etc/nginx/nginx.conf:3'),
    at,
  );
  t.false(entry?.words.includes('hunter2'));
});

test('a line that is cut at its beginning, binary rubbish and any text at all are no error', (t) => {
  t.deepEqual(readErrorLog('34:56 [emerg] 7#7: still could not bind()\n\0\xff\n', at), []);
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const entry of readErrorLog(line(`[emerg] 7#7: ${text}`) + text, at)) {
        if (entry.words.length > 1000) return false;
      }
      return true;
    }),
  );
});
