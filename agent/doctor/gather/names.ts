import type { Result } from '@certherd/protocol/failure';
import type { DoctorPorts } from '../doctor-ports.ts';

/** A name that the agent has to look up, and what for. */
export interface WantedName {
  name: string;
  what: string;
}

export interface LookedUp extends WantedName {
  addresses: Result<string[]>;
}

export interface NamesFacts {
  lookedUp: LookedUp[];
  /** Of /etc/resolv.conf; undefined where it cannot be read. */
  nameServers?: string[];
}

export async function observeNames(ports: DoctorPorts, wanted: readonly WantedName[]): Promise<NamesFacts> {
  const distinct = [...new Map(wanted.map((one) => [one.name, one])).values()];
  const named = distinct.filter(({ name }) => name !== '' && !/^[\d.]+$|:/.test(name));
  const lookedUp = await Promise.all(named.map(async (one) => ({ ...one, addresses: await ports.lookUp(one.name) })));
  const content = ports.files.read('/etc/resolv.conf');
  if (!content.ok) return { lookedUp };
  const text = new TextDecoder().decode(content.value.bytes);
  return { lookedUp, nameServers: [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server]) => server ?? '') };
}
