import os from 'node:os';

/** Bridges and ends of links to containers and virtual machines on this host: clients from outside do not connect there. */
const inner =
  /^(?:docker\d|br-[\da-f]{12}$|veth|virbr|vnet|lxcbr|lxdbr|incusbr|podman|cni|cali|flannel|cilium|kube-|nodelocaldns|weave)/;

/**
 * The addresses that this host has itself, in the kernel's order, as clients connect to them: no loopback (127.0.0.1 and ::1 are asked
 * anyway), no link-local one (RFC 3927, RFC 4291 2.5.6), none of a container bridge.
 */
export function systemAddresses(interfaces = os.networkInterfaces()): string[] {
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    inner.test(name)
      ? []
      : addresses
          .map(({ address }) => address.toLowerCase())
          .filter((address) => !/^(?:127\.0\.0\.1$|::1$|169\.254\.|fe[89ab][\da-f]:)/.test(address)),
  );
}
