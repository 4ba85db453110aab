import test from 'ava';
import { parseListen } from '../../../agent/formats/nginx-listen.ts';

function place(value: string): string {
  const listen = parseListen([value]);
  if (!listen.ok) return listen.failure.detail;
  const { address, firstPort, lastPort } = listen.value;
  return `${address} ${firstPort}-${lastPort}`;
}

test('every way to write an address and port is read as nginx reads it', (t) => {
  const cases: [string, string][] = [
    ['443', '0.0.0.0 443-443'],
    ['*:443', '0.0.0.0 443-443'],
    ['*', '0.0.0.0 80-80'],
    ['192.0.2.1', '192.0.2.1 80-80'],
    ['192.0.2.1:8443', '192.0.2.1 8443-8443'],
    ['shop.example.test:8443', 'shop.example.test 8443-8443'],
    ['localhost', 'localhost 80-80'],
    ['[::]:443', ':: 443-443'],
    ['[0:0::0]:443', ':: 443-443'],
    ['[2001:DB8::1]', '2001:db8::1 80-80'],
    ['8000-8003', '0.0.0.0 8000-8003'],
    ['192.0.2.1:8000-8003', '192.0.2.1 8000-8003'],
    ['unix:/run/tls.sock', 'unix:/run/tls.sock 0-0'],
  ];
  for (const [value, expected] of cases) t.is(place(value), expected, value);
});

test('what nginx refuses is refused in its words', (t) => {
  const cases: [string, string][] = [
    ['0', 'invalid port in "0" of the "listen" directive'],
    ['70000', 'invalid port in "70000" of the "listen" directive'],
    ['192.0.2.1:x', 'invalid port in "192.0.2.1:x" of the "listen" directive'],
    ['9-8', 'invalid port in "9-8" of the "listen" directive'],
    ['443/tcp', 'invalid host in "443/tcp" of the "listen" directive'],
    [':443', 'no host in ":443" of the "listen" directive'],
    ['a"b:443', 'host not found in "a"b:443" of the "listen" directive'],
    ['[::', 'invalid IPv6 address in "[::" of the "listen" directive'],
    ['[1:2]:443', 'invalid IPv6 address in "[1:2]:443" of the "listen" directive'],
    ['unix:', 'no path in the unix domain socket in "unix:" of the "listen" directive'],
  ];
  for (const [value, expected] of cases) t.is(place(value), expected, value);
});

test('parameters that bear on TLS are told and the others passed over', (t) => {
  const plain = { tls: false, datagram: false, proxyProtocol: false, defaultServer: false, setsOptions: false };
  const cases: [string, Partial<typeof plain>][] = [
    ['443 ssl', { tls: true }],
    ['443 ssl http2 default_server', { tls: true, defaultServer: true }],
    ['443 default', { defaultServer: true }],
    ['443 ssl proxy_protocol', { tls: true, proxyProtocol: true }],
    ['443 quic reuseport', { datagram: true, setsOptions: true }],
    ['443 quic ssl', { tls: true }],
    ['53 udp', { datagram: true }],
    ['[::]:443 ssl ipv6only=on', { tls: true, setsOptions: true }],
  ];
  for (const [text, expected] of cases) {
    const listen = parseListen(text.split(' '));
    t.like(listen.ok ? listen.value : {}, { ...plain, ...expected }, text);
  }
});

test('a socket path or host name that the kernel or DNS has no room for is refused', (t) => {
  const room = `unix:/${'x'.repeat(106)}`;
  t.true(parseListen([room]).ok);
  t.like(parseListen([`${room}x`]), {
    ok: false,
    failure: { detail: `too long path in the unix domain socket in "${room}x" of the "listen" directive` },
  });
  t.false(parseListen([`${'x'.repeat(254)}:443`, 'ssl']).ok);
});
