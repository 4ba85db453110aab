import type { Deployment } from '@certherd/protocol/snapshot';
import type { SignatureAlgorithm } from '@certherd/protocol/certificate';
import { eachAtMost } from '../observe/each-at-most.ts';
import { addressAndPort, type EndpointTarget, endpointTargets, probeEndpoint } from '../observe/endpoint.ts';
import type { Clock, Dialer } from '../ports.ts';

export interface Proof {
  /** Endpoints that were asked. */
  asked: number;
  /** One sentence for each that does not present what is configured. */
  failures: string[];
}

/** Answers in a row that must agree: while old workers drain, a single one says little. */
const agreeing = 3;
const pauseMs = 40;

/**
 * Asks every endpoint until it presents, by fingerprint, what its deployment names, several times in a row; gives up
 * at the deadline. nginx shows a new certificate 60 to 1,500 ms after a good reload.
 */
export async function prove(
  ports: { clock: Clock; dial: Dialer },
  deployments: Deployment[],
  algorithmOf: (fingerprint: string) => SignatureAlgorithm | undefined,
  limits: { deadlineMs: number; probeTimeoutMs: number },
): Promise<Proof> {
  const asked = endpointTargets(deployments).flatMap((target) =>
    target.deployments.flatMap(({ configured }) => {
      const algorithm = algorithmOf(configured ?? '');
      return configured && algorithm && algorithm !== 'other' ? [{ target, configured, algorithm }] : [];
    }),
  );
  const until = ports.clock.monotonic() + limits.deadlineMs;
  const answers = await eachAtMost(32, asked, (one) => proveOne(ports, one, until, limits.probeTimeoutMs));
  return { asked: asked.length, failures: answers.filter((answer) => answer !== undefined) };
}

async function proveOne(
  { clock, dial }: { clock: Clock; dial: Dialer },
  {
    target,
    configured,
    algorithm,
  }: { target: EndpointTarget; configured: string; algorithm: 'ecdsa' | 'rsa' | 'ed25519' },
  until: number,
  timeoutMs: number,
): Promise<string | undefined> {
  let inARow = 0;
  for (;;) {
    const answer = await probeEndpoint(dial, target, algorithm, timeoutMs);
    const served = answer.ok ? answer.value.certificates[0]?.fingerprint : undefined;
    inARow = served === configured ? inARow + 1 : 0;
    if (inARow >= agreeing) return undefined;
    if (clock.monotonic() >= until) {
      const shown = answer.ok ? `presents ${served?.slice(0, 16)}` : `gives ${answer.failure.reason}`;
      return `${target.serverName || 'no name'} at ${addressAndPort(target.listener)} (${algorithm}) ${shown}, not ${configured.slice(0, 16)}`;
    }
    if (inARow === 0) await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
  }
}
