import type { Certificate } from '@certherd/protocol/certificate';
import type { Deployment } from '@certherd/protocol/snapshot';
import type { NginxProcesses } from '../nginx-process.ts';
import type { ObservedEndpoint } from '../observations.ts';
import type { ServedCertificates } from '../trust.ts';
import { type AskedAt, keyOf as targetKey, type Standing } from './in-turn.ts';
import type { EndpointTarget } from './targets.ts';

/** What the endpoints answered when each of them was asked last, with what must not have changed since. */
export interface AskedBefore {
  /** When time, and no change of a file, last had endpoints asked; on the monotonic clock, milliseconds. */
  at: number;
  /** By how much the wall clock was ahead of the monotonic one, milliseconds. */
  offset: number;
  /** Of what ran, listened and was configured then: another one and everything is asked anew. */
  generation: string;
  askedAt: AskedAt;
  endpoints: readonly ObservedEndpoint[];
  deployments: readonly Deployment[];
  certificates: readonly Certificate[];
  served: ServedCertificates;
}

/**
 * What tells that nginx may have loaded something since: a reload starts new workers. Undefined where its processes cannot be told,
 * for then nothing may be carried over. `configChangedAt` is the newest change of the
 * config's files, `listening` what listens at its ports: another program that takes one brings a socket of its own.
 */
export function generationOf(
  processes: NginxProcesses | undefined,
  configChangedAt: number,
  listening: readonly string[],
): string | undefined {
  if (!processes || processes.masters.length === 0) return undefined;
  const workers = processes.masters.flatMap((master) => master.workers);
  const running = workers.map(({ pid, startedAfterBoot, shuttingDown }) => [pid, startedAfterBoot, shuttingDown]);
  return JSON.stringify([configChangedAt, listening, running]);
}

/**
 * Divides targets for a look that nothing but time or a change of files asks for: an nginx endpoint that served what was and still is
 * configured, from workers that still run, needs no second handshake; a host with 400 names would else be asked 800 times for one
 * renewal. It also was asked at the very addresses that it has now.
 */
export function carriedOver(
  targets: readonly EndpointTarget[],
  before: AskedBefore | undefined,
  generation: string | undefined,
): { ask: EndpointTarget[]; standing: Standing[] } {
  if (!before || generation === undefined || before.generation !== generation)
    return { ask: [...targets], standing: [] };
  const rows = Map.groupBy(before.endpoints, keyOf);
  const known = new Map(before.deployments.map((deployment) => [deployment.id, deployment]));
  const ask: EndpointTarget[] = [];
  const standing: Standing[] = [];
  for (const target of targets) {
    const own = rows.get(keyOf({ serverName: target.serverName, port: target.listener.port })) ?? [];
    const atListener = own.filter(({ address }) => address === target.listener.address);
    const isSame = target.deployments.every(
      ({ id, server, configured }) => server === 'nginx' && configured && known.get(id)?.configured === configured,
    );
    const { addresses = [] } = before.askedAt.get(targetKey(target)) ?? {};
    const isSamePlace = addresses.join() === target.addresses.join();
    // A row at another address of the same name and port may be an own address that answers otherwise.
    if (isSame && isSamePlace && atListener.length > 0 && own.every(isAsConfigured))
      standing.push({ target, rows: atListener });
    else ask.push(target);
  }
  return { ask, standing };
}

/** It shows what its deployment names. */
export function isAsConfigured({ served, configured, failure }: ObservedEndpoint): boolean {
  return failure === undefined && served !== undefined && served === configured;
}

function keyOf({ serverName, port }: { serverName: string; port: number }): string {
  return `${serverName} ${port}`;
}

/** Rows in the order of their targets, whichever of them were asked: the same host gives the same snapshot. */
export function inOrderOf(targets: readonly EndpointTarget[], rows: readonly ObservedEndpoint[]): ObservedEndpoint[] {
  const places = new Map<string, number>();
  for (const [index, { serverName, listener }] of targets.entries()) {
    const key = keyOf({ serverName, port: listener.port });
    if (!places.has(key)) places.set(key, index);
  }
  const placeOf = (row: ObservedEndpoint) => places.get(keyOf(row)) ?? targets.length;
  return rows.toSorted(
    (one, other) => placeOf(one) - placeOf(other) || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0),
  );
}
