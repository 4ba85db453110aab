import test from 'ava';
import { type KnownHolders, observeListening } from '../../../agent/observe/listening-sockets.ts';

test('who holds a socket is looked for again when another one listens or other processes run, and where it was not told', (t) => {
  let inode = '77';
  let mayLook = true;
  let listed = 0;
  const titles = new Map([
    [30, 'nginx: master process nginx'],
    [31, 'nginx: worker process'],
  ]);
  const proc = {
    list: (path: string) => {
      if (path === '/proc') return [...titles.keys()].map(String);
      listed += 1;
      return mayLook ? ['6'] : undefined;
    },
    read: (path: string) => {
      if (path === '/proc/net/tcp') return `head\n 0: 00000000:01BB 00000000:0000 0A 0:0 0:0 0 0 0 ${inode} 1\n`;
      const [, , pid = '', what] = path.split('/');
      if (what === 'cmdline') return titles.get(Number(pid));
      return what === 'stat' ? `${pid} (nginx) S ${pid === '31' ? 30 : 1}${' 0'.repeat(17)} 900` : undefined;
    },
    readlink: () => `socket:[${inode}]`,
  };
  const known: KnownHolders = {};
  const ask = (key: string) => {
    listed = 0;
    const nginx = { pids: [...titles.keys()], key, known };
    const [bound] = observeListening(proc, [{ address: '0.0.0.0', port: 443 }], nginx) ?? [];
    return { pids: bound?.holders?.map(({ pid }) => pid), looked: listed > 0 };
  };
  t.deepEqual(ask('a'), { pids: [30], looked: true });
  t.deepEqual(ask('a'), { pids: [30], looked: false });
  t.deepEqual(ask('b'), { pids: [30], looked: true }, 'another worker');
  inode = '78';
  t.deepEqual(ask('b'), { pids: [30], looked: true }, 'another socket');
  t.deepEqual(ask('b'), { pids: [30], looked: false });
  inode = '79';
  mayLook = false;
  t.deepEqual(ask('b'), { pids: undefined, looked: true });
  t.deepEqual(ask('b'), { pids: undefined, looked: true }, 'not told');
  mayLook = true;
  titles.set(30, 'haproxy').set(31, 'haproxy');
  t.deepEqual(ask('b'), { pids: [30], looked: true });
  t.deepEqual(ask('b'), { pids: [30], looked: true }, 'not held by nginx');
});
