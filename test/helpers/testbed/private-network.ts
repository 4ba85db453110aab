import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { Child } from './children.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

/** A network that nothing outside of it reaches, with one way out of it. */
export interface PrivateNetwork {
  /** In it, of a private range (RFC 1918). */
  address: string;
  /** Starts a program in it. */
  start: (command: string, argv: string[], log: string, environment?: Readonly<Record<string, string>>) => Child;
  /** From then on "127.0.0.1:PORT" in it leads to that port of 127.0.0.1 outside. */
  letOut: (port: number) => Promise<void>;
  /** Does something listen there, in it? */
  listens: (address: string, port: number) => Promise<boolean>;
}

/** Can this user make one? Namespaces are root's. */
export const networksCanBeMade = process.getuid?.() === 0;

/** A network namespace of its own; it ends with the sandbox, and all that runs in it. */
export async function openPrivateNetwork(sandbox: Sandbox): Promise<PrivateNetwork> {
  const address = '10.77.0.1';
  const log = join(sandbox.directory, 'network.log');
  const holder = sandbox.start('/usr/bin/unshare', ['--net', '--', 'sleep', 'infinity'], log);
  const entering = ['--target', String(holder.pid), '--net', '--'];
  const run = (...argv: string[]) => sandbox.run('/usr/bin/nsenter', [...entering, ...argv]);
  const namespaceOf = (pid: number | string) => readlinkSync(`/proc/${pid}/ns/net`);
  await until('the network is there', () => namespaceOf(holder.pid) !== namespaceOf('self'), {
    hopeless: () => (holder.running() ? undefined : holder.output()),
  });
  for (const words of [
    ['address', 'add', `${address}/24`, 'dev', 'lo'],
    ['link', 'set', 'lo', 'up'],
  ]) {
    const { exit, stderr } = await run('/usr/sbin/ip', ...words);
    if (exit !== 0) throw new Error(stderr);
  }
  const start: PrivateNetwork['start'] = (command, argv, to, env) =>
    sandbox.start('/usr/bin/nsenter', [...entering, command, ...argv], to, { ...(env && { env }) });
  const listens: PrivateNetwork['listens'] = async (host, port) =>
    (await run('/usr/bin/bash', '-c', `exec 3<>/dev/tcp/${host}/${port}`)).exit === 0;
  return {
    address,
    start,
    listens,
    async letOut(port) {
      // Sockets in the file system know no network namespace.
      const path = join(sandbox.directory, `out-${port}`);
      const server = createServer((inner) => {
        const outer = connect(port, '127.0.0.1');
        for (const [one, other] of [
          [inner, outer],
          [outer, inner],
        ] as const)
          one.on('error', () => other.destroy()).pipe(other);
      });
      server.listen(path);
      await once(server, 'listening');
      server.unref();
      const program = `require('node:net').createServer((s) => { const o = require('node:net').connect(${JSON.stringify(path)}); s.on('error', () => o.destroy()).pipe(o); o.on('error', () => s.destroy()).pipe(s); }).listen(${port}, '127.0.0.1')`;
      start(process.execPath, ['-e', program], log);
      await until('there is a way out', () => listens('127.0.0.1', port));
    },
  };
}
