import type { Listener } from '@certherd/protocol/snapshot';
import type { ApacheHost, ApacheHosts, ApacheListen } from './apache-hosts.ts';

/** Does the host speak TLS where it is asked: its own word, else the main server's, else that of `Listen PORT https`. */
export function speaksTls({ main, listens }: ApacheHosts, host: ApacheHost): boolean {
  const told = host.tls ?? main.tls;
  if (told !== undefined) return told;
  if (host.certificates.length + main.certificates.length === 0) return false;
  const protocol = listens.find(({ port }) => host.addresses.some((address) => address.port === port))?.protocol;
  return protocol === 'https';
}

/**
 * The TLS listeners of each host, as httpd's vhost tables give them (ap_update_vhost_given_ip): of all hosts of the same address and port the first one is asked whether it speaks TLS at all, and
 * answers where no name fits. What no virtual host takes is the main server's.
 */
export function apacheListeners(hosts: ApacheHosts): Map<ApacheHost, Listener[]> {
  let left: number = mostInAll;
  const groups = groupsOf(hosts.virtualHosts);
  const mainServer: Group = { host: '*', port: 0, members: new Set([hosts.main]) };
  const listeners = new Map<ApacheHost, Listener[]>();
  for (const place of placesOf(hosts.listens, groups)) {
    const group = ownerOf(groups, place) ?? mainServer;
    const [first] = group.members;
    if (!first || !speaksTls(hosts, first)) continue;
    for (const member of group.members) {
      if (left <= 0) return listeners;
      left--;
      if (!speaksTls(hosts, member)) continue;
      const listener: Listener = {
        address: place.host === '*' ? '0.0.0.0' : place.host,
        port: place.port,
        defaultServer: member === first,
        proxyProtocol: first.proxyProtocol ?? hosts.main.proxyProtocol ?? false,
      };
      const own = listeners.get(member) ?? [];
      if (own.length < mostListeners) own.push(listener);
      listeners.set(member, own);
    }
  }
  return listeners;
}

/** What the wire takes for one deployment. */
const mostListeners = 1000;

/** Bound on hosts times places where connections arrive: what is beyond listens nowhere. */
const mostInAll = 200_000;

/** All hosts of one address and port, in the config's order. */
interface Group {
  host: string;
  port: number;
  members: Set<ApacheHost>;
}

/** By "HOST PORT"; every way to write "all addresses" is "*" (memcmp with INADDR_ANY in ap_fini_vhost_config). */
type Groups = ReadonlyMap<string, Group>;

function groupsOf(virtualHosts: ApacheHost[]): Groups {
  const groups = new Map<string, Group>();
  for (const member of virtualHosts)
    for (const { host: written, port } of member.addresses) {
      const host = isAny(written) ? '*' : known(written);
      const key = `${host} ${port}`;
      const group = groups.get(key) ?? { host, port, members: new Set() };
      group.members.add(member);
      groups.set(key, group);
    }
  return groups;
}

/** Where connections arrive: what is listened on, and every exact address that a group takes out of a `Listen PORT`. */
function placesOf(listens: ApacheListen[], groups: Groups): { host: string; port: number }[] {
  const places = new Map<string, { host: string; port: number }>();
  const add = (host: string, port: number) => places.set(`${host} ${port}`, { host, port });
  const byPort = new Map<number, Group[]>();
  for (const group of groups.values()) {
    const same = byPort.get(group.port) ?? [];
    if (group.host !== '*') same.push(group);
    byPort.set(group.port, same);
  }
  for (const { host: written, port } of listens) {
    const host = known(written);
    add(host, port);
    if (isAny(host))
      for (const group of [...(byPort.get(port) ?? []), ...(byPort.get(0) ?? [])].slice(0, mostListeners))
        if (coversAll(host, group.host)) add(group.host, port);
  }
  return [...places.values()];
}

/** No name is looked up; this one needs none. */
function known(host: string): string {
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
}

/** Debian's and RHEL's httpd take IPv4 on `Listen [::]:PORT` as well. */
function coversAll(listened: string, wanted: string): boolean {
  return listened === '*' || listened === '::' || !wanted.includes(':');
}

/** An exact address goes before "*", and an exact port before every port. */
function ownerOf(groups: Groups, { host, port }: { host: string; port: number }): Group | undefined {
  const exact = isAny(host) ? undefined : (groups.get(`${host} ${port}`) ?? groups.get(`${host} 0`));
  return exact ?? groups.get(`* ${port}`) ?? groups.get('* 0');
}

function isAny(host: string): boolean {
  return host === '*' || host === '0.0.0.0' || host === '::';
}
