import type { Certificate, SignatureAlgorithm } from '@certherd/protocol/certificate';
import { type Result, success } from '@certherd/protocol/failure';
import type { Deployment, Listener } from '@certherd/protocol/snapshot';
import { readCertificate } from '../formats/certificate.ts';
import type { Dialer, DialTarget } from '../ports.ts';
import { eachAtMost } from './each-at-most.ts';
import type { ObservedEndpoint } from './observations.ts';

type Offered = DialTarget['algorithm'];
type Answer = Result<{ certificates: Certificate[]; tlsVersion: string }>;

/** A server name at a listener, and the deployments of the one server block that is meant to answer there. */
export interface EndpointTarget {
  serverName: string;
  listener: Listener;
  deployments: Deployment[];
}

/** How many handshakes may be under way at a time: the server is on this very host and has customers to serve. */
const concurrency = 32;

/** Every server name at every listener, once; of several server blocks for the same pair, nginx lets the first answer. */
export function endpointTargets(deployments: Deployment[]): EndpointTarget[] {
  const targets = new Map<string, EndpointTarget>();
  for (const deployment of deployments) {
    for (const listener of deployment.listeners) {
      for (const serverName of deployment.serverNames.filter((name) => canBeAskedFor(name, listener))) {
        const key = `${serverName}@${addressAndPort(listener)}`;
        const known = targets.get(key);
        if (!known) targets.set(key, { serverName, listener, deployments: [deployment] });
        else if (isSameBlock(known.deployments[0], deployment)) known.deployments.push(deployment);
      }
    }
  }
  return [...targets.values()];
}

/**
 * One handshake per target and signature algorithm: ECDSA and RSA always, since an old certificate of the other
 * kind may still be served, and whatever else is configured.
 */
export async function observeEndpoints(
  dial: Dialer,
  targets: EndpointTarget[],
  algorithmOf: (fingerprint: string) => SignatureAlgorithm | undefined,
  timeoutMs: number,
): Promise<{ endpoints: ObservedEndpoint[]; certificates: Certificate[] }> {
  const probes = targets.flatMap((target) => {
    const configured = target.deployments.map((deployment) => algorithmOf(deployment.configured ?? ''));
    const offered = (['ecdsa', 'rsa', 'ed25519'] as const).filter(
      (kind) => kind !== 'ed25519' || configured.includes(kind),
    );
    return offered.map((algorithm) => ({ target, algorithm }));
  });
  const answers = await eachAtMost(concurrency, probes, ({ target, algorithm }) =>
    probeEndpoint(dial, target, algorithm, timeoutMs),
  );
  const byTarget = new Map<EndpointTarget, Map<Offered, Answer>>(targets.map((target) => [target, new Map()]));
  probes.forEach(({ target, algorithm }, index) => {
    const answer = answers[index];
    if (answer) byTarget.get(target)?.set(algorithm, answer);
  });
  return {
    endpoints: [...byTarget].flatMap(([target, answered]) => rowsOf(target, answered, algorithmOf)),
    certificates: answers.flatMap((answer) => (answer.ok ? answer.value.certificates : [])),
  };
}

/** What one endpoint presents to a client that accepts only this kind of signature. */
export async function probeEndpoint(
  dial: Dialer,
  target: EndpointTarget,
  algorithm: Offered,
  timeoutMs: number,
): Promise<Answer> {
  const { listener, serverName } = target;
  const handshake = await dial({
    address: reachable(listener.address),
    port: listener.port,
    serverName: askable(serverName),
    algorithm,
    proxyProtocol: listener.proxyProtocol,
    timeoutMs,
  });
  if (!handshake.ok) return handshake;
  const certificates: Certificate[] = [];
  for (const der of handshake.value.chain) {
    const read = readCertificate(der);
    if (!read.ok) return read;
    certificates.push(read.value);
  }
  return success({ certificates, tlsVersion: handshake.value.tlsVersion });
}

/** A row per algorithm that is configured or answered; where nothing is configured readably, one row says why nothing answered. */
function rowsOf(
  target: EndpointTarget,
  answered: Map<Offered, Answer>,
  algorithmOf: (fingerprint: string) => string | undefined,
) {
  const { listener, serverName, deployments } = target;
  const nobody =
    [...answered.values()].every((answer) => !answer.ok) && deployments.every(({ configured }) => !configured);
  return [...answered].flatMap(([algorithm, answer], index): ObservedEndpoint[] => {
    const configured = deployments.find((deployment) => algorithmOf(deployment.configured ?? '') === algorithm);
    if (!configured && !answer.ok && !(nobody && index === 0)) return [];
    const deployment = configured ?? deployments[0];
    const [leaf, ...chain] = answer.ok ? answer.value.certificates : [];
    return [
      {
        id: `${serverName}@${addressAndPort(listener)}/${algorithm}`,
        server: deployment?.server ?? 'nginx',
        serverName,
        address: listener.address,
        port: listener.port,
        algorithm,
        vantage: 'host',
        ...(deployment && { deployment: deployment.id }),
        ...(configured?.configured && { configured: configured.configured }),
        ...(leaf && { served: leaf.fingerprint }),
        chain: chain.map(({ fingerprint }) => fingerprint),
        ...(answer.ok ? { tlsVersion: answer.value.tlsVersion } : { failure: answer.failure }),
      },
    ];
  });
}

/** Patterns are not asked for, and a name that catches all only where this server is the default one. */
function canBeAskedFor(serverName: string, listener: Listener): boolean {
  if (serverName.startsWith('~') || serverName.includes('$')) return false;
  return serverName === '' || serverName === '_' ? listener.defaultServer : true;
}

/** A name that a client may send: a wildcard asks for a name of its own under it, a catch-all sends none. */
function askable(serverName: string): string {
  if (serverName === '_' || /^[\d.]+$|:/.test(serverName)) return '';
  if (serverName === '*') return '';
  return serverName
    .replace(/^\*?\./, serverName.startsWith('*') ? 'certherd-probe.' : '')
    .replace(/\.\*$/, '.certherd-probe.test')
    .replaceAll(/[*?]/g, 'x');
}

function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}

/** "203.0.113.5:443", "[::1]:443"; a unix socket as it is. */
export function addressAndPort({ address, port }: { address: string; port: number }): string {
  if (port === 0) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function isSameBlock(a: Deployment | undefined, b: Deployment): boolean {
  return a?.configFile === b.configFile && a.line === b.line;
}
