import type { Deployment } from '@certherd/protocol/snapshot';
import type { SignatureAlgorithm } from '@certherd/protocol/certificate';
import { eachAtMost } from '../observe/each-at-most.ts';
import { asking, type Asking, type Question } from '../observe/endpoints/answer.ts';
import { isNoWay } from '../observe/endpoints/conclude.ts';
import { agreeing, concurrency } from '../observe/endpoints/observe-endpoints.ts';
import { addressAndPort, placeOf } from '../observe/endpoints/place.ts';
import { endpointTargets } from '../observe/endpoints/targets.ts';
import type { Clock, Dialer } from '../ports.ts';
import type { Ended } from './act.ts';

/** How long, and of what: `only` says which deployments at which places (`placeOf`); all where it is absent. */
export interface ProofLimits {
  deadlineMs: number;
  probeTimeoutMs: number;
  only?: (deployment: Deployment, place: string) => boolean;
}

export interface Proof {
  /** Endpoints that were asked; those that nobody can connect to, since IPv6 is switched off, are left out. */
  asked: number;
  /** One sentence for each that does not present what is configured. */
  failures: string[];
}

const pauseMs = 40;

/**
 * Asks every endpoint until it presents, by fingerprint, what its deployment names, several times in a row; gives up
 * at the deadline. nginx shows a new certificate 60 to 1,500 ms after a good reload. A listener at all addresses is asked at loopback:
 * its workers are the same everywhere, and who else answers at one address is nothing that a reload mends.
 */
export async function prove(
  { clock, dial }: { clock: Clock; dial: Dialer },
  deployments: Deployment[],
  algorithmOf: (fingerprint: string) => SignatureAlgorithm | undefined,
  limits: ProofLimits,
): Promise<Proof> {
  const asked = endpointTargets(deployments).targets.flatMap((target) =>
    target.deployments.flatMap((deployment) => {
      const { configured } = deployment;
      if (limits.only && !limits.only(deployment, placeOf(target))) return [];
      const algorithm = algorithmOf(configured ?? '');
      const [address = ''] = target.addresses;
      return configured && algorithm ? [{ target, configured, algorithm, address }] : [];
    }),
  );
  const until = clock.monotonic() + limits.deadlineMs;
  const questions = asking({ clock, dial, random: () => 0.5 }, { timeoutMs: limits.probeTimeoutMs });
  const answers = await eachAtMost(
    concurrency,
    asked,
    ({ target }) => addressAndPort(target.listener),
    (one) => proveOne(questions, one, () => clock.monotonic() >= until),
  );
  const told = answers.filter((answer) => answer !== undefined);
  return { asked: told.length, failures: told.flatMap(({ failure }) => failure ?? []) };
}

/** How the step of a proof ended. */
export function proofJudged({ asked, failures }: Proof): { ok: boolean; detail: string } {
  return { ok: failures.length === 0, detail: `${asked - failures.length} of ${asked} endpoints` };
}

export function notProved({ asked, failures }: Proof): Ended {
  return {
    reason: 'not-proved',
    detail: `${failures.length} of ${asked} endpoints: ${failures.slice(0, 5).join('; ')}`,
  };
}

/** Undefined where nobody can connect there. */
async function proveOne(
  { askOnce, pause }: Asking,
  question: Question & { configured: string },
  isOver: () => boolean,
): Promise<{ failure?: string } | undefined> {
  const { target, configured, algorithm } = question;
  let inARow = 0;
  for (;;) {
    const answer = await askOnce(question);
    if (isNoWay(target.listener, answer)) return undefined;
    const served = answer.ok ? answer.value.certificates[0]?.fingerprint : undefined;
    inARow = served === configured ? inARow + 1 : 0;
    if (inARow >= agreeing) return {};
    if (isOver()) {
      const shown = answer.ok ? `presents ${served?.slice(0, 16)}` : `gives ${answer.failure.reason}`;
      const place = `${target.serverName || 'no name'} at ${addressAndPort(target.listener)} (${algorithm})`;
      return { failure: `${place} ${shown}, not ${configured.slice(0, 16)}` };
    }
    if (inARow === 0) await pause(pauseMs);
  }
}
