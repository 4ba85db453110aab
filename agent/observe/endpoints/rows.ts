import type { SignatureAlgorithm } from '@certherd/protocol/certificate';
import type { Deployment } from '@certherd/protocol/snapshot';
import type { ObservedEndpoint } from '../observations.ts';
import type { Offered } from './answer.ts';
import { type AddressAnswers, conclude, type Conclusion } from './conclude.ts';
import { addressAndPort, isAtAllAddresses } from './place.ts';
import type { EndpointTarget } from './targets.ts';

/** Tells the algorithm of a certificate that a file holds, by its fingerprint. */
export type AlgorithmOf = (fingerprint: string) => SignatureAlgorithm | undefined;

/** ECDSA and RSA always, since an old certificate of the other kind may still be served; another kind where it is configured. */
export function offeredTo({ deployments }: EndpointTarget, algorithmOf: AlgorithmOf): Offered[] {
  const configured = deployments.map((deployment) => algorithmOf(deployment.configured ?? ''));
  return (['ecdsa', 'rsa', 'ed25519', 'other'] as const).filter(
    (kind) => kind === 'ecdsa' || kind === 'rsa' || configured.includes(kind),
  );
}

/** The deployment of this algorithm that is compared with what is served. */
export function configuredFor(
  { deployments }: EndpointTarget,
  algorithm: Offered,
  algorithmOf: AlgorithmOf,
): Deployment | undefined {
  return deployments.find(({ configured }) => algorithmOf(configured ?? '') === algorithm);
}

/**
 * The algorithms that get a row: those that are configured or answered; where nothing is configured readably and nothing answered,
 * one says so.
 */
export function algorithmsWithRow(
  target: EndpointTarget,
  answered: ReadonlyMap<Offered, AddressAnswers[]>,
  algorithmOf: AlgorithmOf,
): Offered[] {
  const isAnswered = (algorithm: Offered) =>
    answered.get(algorithm)?.some(({ answers }) => answers.some(({ ok }) => ok)) ?? false;
  const algorithms = [...answered.keys()];
  const rows = algorithms.filter(
    (algorithm) => isAnswered(algorithm) || configuredFor(target, algorithm, algorithmOf) !== undefined,
  );
  if (rows.length > 0 || target.deployments.some(({ configured }) => configured)) return rows;
  return algorithms.slice(0, 1);
}

/** The endpoint's row, and one for each address of its listener that keeps to another answer. */
export function rowsOf(
  target: EndpointTarget,
  algorithm: Offered,
  asked: readonly AddressAnswers[],
  algorithmOf: AlgorithmOf,
): ObservedEndpoint[] {
  const deployment = configuredFor(target, algorithm, algorithmOf);
  const seen = conclude(asked, deployment?.configured);
  if (!seen) return [];
  const rowAt = (address: string, conclusion: Conclusion) => row(target, algorithm, deployment, address, conclusion);
  return [
    rowAt(target.listener.address, seen.own),
    ...seen.elsewhere.map((conclusion) => rowAt(conclusion.addresses[0] ?? '', conclusion)),
  ];
}

function row(
  target: EndpointTarget,
  algorithm: Offered,
  configured: Deployment | undefined,
  address: string,
  { answer, addresses, count }: Conclusion,
): ObservedEndpoint {
  const { listener, serverName, askedName, deployments } = target;
  const deployment = configured ?? deployments[0];
  const [leaf, ...chain] = answer.ok ? answer.value.certificates : [];
  const place = { address, port: listener.port };
  return {
    id: `${serverName}@${addressAndPort(place)}/${algorithm}`,
    server: deployment?.server ?? 'nginx',
    serverName,
    ...(askedName !== serverName && { askedName }),
    ...place,
    ...(listener.startTls && { startTls: listener.startTls }),
    algorithm,
    vantage: 'host',
    ...(deployment && { deployment: deployment.id }),
    ...(configured?.configured && { configured: configured.configured }),
    ...(leaf && { served: leaf.fingerprint }),
    chain: chain.map(({ fingerprint }) => fingerprint).slice(0, 100),
    ...(answer.ok
      ? { tlsVersion: answer.value.tlsVersion, ...(answer.value.alpn && { alpn: answer.value.alpn.slice(0, 255) }) }
      : { failure: answer.failure }),
    ...(isAtAllAddresses(listener) && { answeredAt: addresses }),
    ...(answer.ok && { answers: count }),
  };
}
