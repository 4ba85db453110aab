import { type Diagnosis, ok, wrong } from '@certherd/command-line/diagnosis';
import { typed } from '../../decide/command-line.ts';
import type { NamesFacts } from '../gather/names.ts';

/** Do the names of the collector and of the CAs lead to addresses? */
export function judgeNames({ lookedUp, nameServers }: NamesFacts): Diagnosis[] {
  if (lookedUp.length === 0) return [ok('dns', 'no name has to be looked up')];
  const found = lookedUp.filter(({ addresses }) => addresses.ok && addresses.value.length > 0);
  const missing = lookedUp.filter((one) => !found.includes(one));
  const told = found.length === 0 ? [] : [ok('dns', `${found.map(({ name }) => name).join(', ')} can be looked up`)];
  return [
    ...told,
    ...missing.map(({ name, what, addresses }) => {
      const reason = addresses.ok ? 'it has no address' : addresses.failure.detail;
      return wrong(
        'dns',
        `${name} cannot be looked up: ${reason}`,
        `${what} is not reached.`,
        mending(name, nameServers),
      );
    }),
  ];
}

function mending(name: string, servers: readonly string[] | undefined): string {
  if (servers === undefined || servers.length === 0)
    return 'Name a resolver in /etc/resolv.conf, as: nameserver 192.0.2.53';
  return `${typed(['getent', 'ahosts', name])} asks once more; the resolvers are ${servers.join(', ')}, from /etc/resolv.conf`;
}
