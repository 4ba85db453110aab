import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import {
  addressKey,
  bootTime,
  isPastListening,
  listeningSockets,
  nginxTitle,
  readStat,
} from '../../../agent/formats/proc.ts';
import { systemProc } from '../../../agent/system/proc.ts';

const row = (address: string, state: string) =>
  `   0: ${address} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 488907 1 00 100 0 0 10 0`;

test('a listening socket is told by address, port and inode, in both families', (t) => {
  const table = `  sl  local_address rem_address   st\n${row('0100007F:61C1', '0A')}\n${row('0100007F:61C1', '01')}\n`;
  t.deepEqual(listeningSockets(table), [{ key: addressKey('127.0.0.1') ?? '', port: 0x61c1, inode: '488907' }]);
  const six = listeningSockets(row('B80D0120000000000000000001000000:01BB', '0A'));
  t.deepEqual(six, [{ key: addressKey('2001:db8::1') ?? '', port: 443, inode: '488907' }]);
});

test('the kernel writes listening sockets first, so that the beginning of its table is enough', async (t) => {
  const servers = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const port = (server: Server) => (server.address() as AddressInfo).port;
  const clients = await Promise.all(
    servers.map(async (server) => {
      const client = connect(port(server), '127.0.0.1');
      await once(client, 'connect');
      return client;
    }),
  );
  const begun = systemProc().readUntil?.('/proc/net/tcp', isPastListening) ?? '';
  const ports = new Set(listeningSockets(begun).map((one) => one.port));
  t.true(servers.every((server) => ports.has(port(server))));
  t.true(isPastListening(begun));
  for (const client of clients) client.destroy();
  for (const server of servers) server.close();
});

test('a beginning is enough from the first whole row that does not listen', (t) => {
  const head = '  sl  local_address rem_address   st\n';
  const listen = `${row('0100007F:61C1', '0A')}\n`;
  const other = `${row('0100007F:61C1', '06')}\n`;
  t.false(isPastListening(''));
  t.false(isPastListening(head));
  t.false(isPastListening(head + listen));
  t.false(isPastListening(head + listen + other.slice(0, -1)));
  t.true(isPastListening(head + listen + other));
});

test('an address has one key however it is written', (t) => {
  t.is(addressKey('::'), '0'.repeat(32));
  t.is(addressKey('::1'), addressKey('0:0:0:0:0:0:0:1'));
  t.is(addressKey('2001:DB8::a'), addressKey('2001:db8:0::000a'));
  t.is(addressKey('unix:/run/x'), undefined);
});

test("a program's name may hold brackets and blanks", (t) => {
  const fields = ['S', '77', ...Array.from({ length: 17 }, () => '0'), '511862', '1'].join(' ');
  t.deepEqual(readStat(`12 (a) (b c) ${fields}`), { name: 'a) (b c', parent: 77, startedAfterBoot: 5_118_620 });
  t.is(readStat(''), undefined);
});

test('the boot time is told only where the two sources agree', (t) => {
  const stat = 'cpu  1 2\nbtime 1000\n';
  t.is(bootTime('50.25 90.00\n', stat, 1_050_750), 1_000_500);
  t.is(bootTime('5.00 9.00\n', stat, 1_050_750), undefined);
  t.is(bootTime('', '', 1_050_750), undefined);
});

test('nginx tells its config and prefix in the title of its master, and when a worker is shutting down', (t) => {
  t.deepEqual(nginxTitle('nginx: master process /usr/sbin/nginx -p /a -c /a/nginx.conf -e /a/x.log\0'), {
    role: 'master',
    command: '/usr/sbin/nginx -p /a -c /a/nginx.conf -e /a/x.log',
    config: '/a/nginx.conf',
    prefix: '/a',
  });
  const debian = nginxTitle('nginx: master process /usr/sbin/nginx -g daemon on; master_process on;');
  t.deepEqual(debian, { role: 'master', command: '/usr/sbin/nginx -g daemon on; master_process on;' });
  t.deepEqual(nginxTitle('nginx: worker process\0\0\0'), { role: 'worker', shuttingDown: false });
  t.deepEqual(nginxTitle('nginx: worker process is shutting down\0'), { role: 'worker', shuttingDown: true });
  t.is(nginxTitle('vim nginx: master process'), undefined);
});

test('no text from /proc is an error', (t) => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      readStat(text);
      listeningSockets(text);
      addressKey(text);
      nginxTitle(text);
      nginxTitle(`nginx: master process ${text}`);
    }),
  );
  t.pass();
});
