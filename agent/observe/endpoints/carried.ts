import path from 'node:path';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Deployment } from '@certherd/protocol/snapshot';
import type { NginxProcesses } from '../nginx-process.ts';
import type { ObservedEndpoint } from '../observations.ts';
import type { ServedCertificates } from '../trust.ts';
import type { EndpointTarget } from './targets.ts';

/** What the endpoints answered when each of them was asked last, with what must not have changed since. */
export interface AskedBefore {
  /** When all of them were asked, on the monotonic clock, milliseconds. */
  at: number;
  /** Of what ran and was configured then: another one and everything is asked anew. */
  generation: string;
  endpoints: readonly ObservedEndpoint[];
  deployments: readonly Deployment[];
  certificates: readonly Certificate[];
  served: ServedCertificates;
}

/**
 * What tells that nginx may have loaded something since: a reload starts new workers. Undefined where its processes cannot be told,
 * for then nothing may be carried over. An nginx that was started with another config does not count. `configChangedAt` is the newest change of the config's files.
 */
export function generationOf(
  processes: NginxProcesses | undefined,
  configFile: string,
  configChangedAt: number,
): string | undefined {
  const masters = processes?.masters.filter(
    ({ config, prefix = '/' }) => !config || path.resolve(prefix, config) === configFile,
  );
  if (!masters || masters.length === 0) return undefined;
  const workers = masters.flatMap((master) => master.workers);
  // Start times are only known to some milliseconds; a number comes back after tens of thousands of processes.
  return JSON.stringify([configChangedAt, ...workers.map(({ pid, shuttingDown }) => [pid, shuttingDown])]);
}

/**
 * Divides targets for a look that follows a change of files: an nginx endpoint that served what was and still is configured, from
 * workers that still run, needs no second handshake; a host with 400 names would else be asked 800 times for one renewal.
 */
export function carriedOver(
  targets: readonly EndpointTarget[],
  before: AskedBefore | undefined,
  generation: string | undefined,
): { ask: EndpointTarget[]; carried: ObservedEndpoint[] } {
  if (!before || generation === undefined || before.generation !== generation)
    return { ask: [...targets], carried: [] };
  const rows = Map.groupBy(before.endpoints, keyOf);
  const known = new Map(before.deployments.map((deployment) => [deployment.id, deployment]));
  const ask: EndpointTarget[] = [];
  const carried: ObservedEndpoint[] = [];
  for (const target of targets) {
    const own = rows.get(keyOf({ serverName: target.serverName, port: target.listener.port })) ?? [];
    const atListener = own.filter(({ address }) => address === target.listener.address);
    const stands = target.deployments.every(
      ({ id, server, configured }) => server === 'nginx' && configured && known.get(id)?.configured === configured,
    );
    // A row at another address of the same name and port may be an own address that answers otherwise.
    if (stands && atListener.length > 0 && own.every(isAsConfigured)) carried.push(...atListener);
    else ask.push(target);
  }
  return { ask, carried };
}

function isAsConfigured({ served, configured, failure }: ObservedEndpoint): boolean {
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
