import { resolve4, Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

export interface TestDns {
  /** "127.0.0.1:PORT" */
  server: string;
  /** A and AAAA records of a name, in place of those it had. */
  set: (name: string, records: { a?: string[]; aaaa?: string[] }) => Promise<void>;
}

/** pebble-challtestsrv alone: a resolver that answers `defaultAddress` for every name that was not set. */
export async function startTestDns(sandbox: Sandbox, defaultAddress = '127.0.0.1'): Promise<TestDns> {
  const [port, orders] = [await sandbox.port(), await sandbox.port()];
  const child = sandbox.start(
    'pebble-challtestsrv',
    [
      ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv4', defaultAddress, '-defaultIPv6', ''],
      ['-dns01', `127.0.0.1:${port}`, '-management', `127.0.0.1:${orders}`],
    ].flat(),
    join(sandbox.directory, `dns-${port}.log`),
  );
  const server = `127.0.0.1:${port}`;
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([server]);
  const asked: typeof resolve4 = resolver.resolve4.bind(resolver);
  const isThere = (error: { code?: string }) => error.code === 'ENODATA';
  await until('the DNS answers', () => asked('ready.test').then(() => true, isThere), {
    hopeless: () => (child.running() ? undefined : `it ended: ${child.output()}`),
  });
  const order = async (path: string, body: object) => {
    const answer = await fetch(`http://127.0.0.1:${orders}/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  };
  return {
    server,
    async set(name, { a, aaaa }) {
      const host = `${name}.`;
      await order('clear-a', { host });
      await order('clear-aaaa', { host });
      if (a) await order('add-a', { host, addresses: a });
      if (aaaa) await order('add-aaaa', { host, addresses: aaaa });
    },
  };
}
