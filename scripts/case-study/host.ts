import type { Finding } from '@certherd/protocol/finding';
import type { Deployment, FileObservation, Lineage, Snapshot } from '@certherd/protocol/snapshot';
import { decide } from '../../agent/decide/decide.ts';
import type { Observations, ObservedEndpoint } from '../../agent/observe/observations.ts';
import { config, machinery, upkeep } from '../../test/helpers/observed.ts';
import type { Furnished } from './certificates.ts';
import type { Machine } from './words.ts';

/** Which version of a place's certificate was issued last, and which one clients are shown. */
export interface Standing {
  issued: number;
  served: number;
}

/** A host of the estate. What it has is made up; what that means is judged by the agent's own policies. */
export interface EstateHost {
  machine: Machine;
  places: readonly Furnished[];
  standing: Map<Furnished, Standing>;
  /** As its agent would tell it at an instant; `hidden`: findings that are too young to be told. */
  look: (now: number, hidden?: (finding: Finding) => boolean) => Snapshot;
}

export function estateHost(machine: Machine, places: readonly Furnished[]): EstateHost {
  const standing = new Map(places.map((place) => [place, { issued: 0, served: 0 }]));
  const settings = config(machine.mode);
  let before: Finding[] = [];
  return {
    machine,
    places,
    standing,
    look(now, hidden = () => false) {
      const { snapshot } = decide(observationsOf(machine, standing, now), [], before, settings, now);
      before = snapshot.findings;
      return { ...snapshot, findings: snapshot.findings.filter((finding) => !hidden(finding)) };
    },
  };
}

function observationsOf(machine: Machine, standing: ReadonlyMap<Furnished, Standing>, now: number): Observations {
  const kept = [...standing].map(([place, { issued, served }], index) => keptAt(place, issued, served, index));
  const certificates = new Map(kept.flatMap(({ named }) => named).map((one) => [one.fingerprint, one]));
  return {
    at: now,
    host: {
      name: machine.name,
      agentVersion: '0.1.0',
      platform: machine.platform,
      mode: machine.mode,
      lookSeconds: 300,
    },
    certificates: [...certificates.values()].sort((one, other) => (one.fingerprint < other.fingerprint ? -1 : 1)),
    files: kept.map(({ file }) => file),
    lineages: kept.flatMap(({ lineage }) => lineage ?? []),
    servers: [{ server: 'nginx', configFile: nginxConfig, configFiles: [nginxConfig] }],
    deployments: kept.flatMap(({ deployment }) => deployment ?? []),
    endpoints: kept.flatMap(({ endpoints }) => endpoints),
    certbot: { directory: 'present', binary: 'present' },
    settling: [],
    brokenChains: [],
    ...upkeep({
      machinery: machinery({ runners: machinery().runners.map((one) => ({ ...one, lastStartedAt: now })) }),
    }),
  };
}

const nginxConfig = '/etc/nginx/nginx.conf';

function keptAt(place: Furnished, issued: number, served: number, index: number) {
  const [newest, shown] = [place.versions[issued], place.versions[served]];
  const [name = ''] = place.names;
  if (!newest || !shown) throw new Error(`${name} has no such version`);
  const folder = place.keeper === 'certbot' ? `/etc/letsencrypt/live/${name}` : `/etc/ssl/sites/${name}`;
  const path = `${folder}/fullchain.pem`;
  const keyPath = `${folder}/privkey.pem`;
  const { fingerprint } = newest;
  const configFile = `/etc/nginx/sites-enabled/${name}`;
  const file: FileObservation = {
    path,
    fingerprints: [fingerprint, ...place.chain.map((one) => one.fingerprint)],
    modifiedAt: newest.notBefore,
  };
  const lineage: Lineage | undefined =
    place.keeper === 'hand'
      ? undefined
      : {
          name,
          renewalConfig: `/etc/letsencrypt/renewal/${name}.conf`,
          certificatePath: path,
          keyPath,
          issued: fingerprint,
          issuedVersion: issued + 1,
          live: fingerprint,
          liveVersion: issued + 1,
          changedAt: newest.notBefore,
          keyMatches: true,
          ...(place.authority.acme !== undefined && { acmeDirectory: place.authority.acme }),
          authenticator: 'webroot',
        };
  const deployment: Deployment = {
    id: `${configFile}:${index * 14 + 1}:${path}`,
    server: 'nginx',
    configFile,
    line: index * 14 + 1,
    serverNames: [...place.names],
    listeners: [{ address: '0.0.0.0', port: 443, defaultServer: index === 0, proxyProtocol: false }],
    certificatePath: path,
    keyPath,
    configured: fingerprint,
    ...(lineage && { lineage: name }),
    keyMatches: true,
  };
  const endpoints = place.names.map(
    (serverName): ObservedEndpoint => ({
      id: `${serverName}@0.0.0.0:443/ecdsa`,
      server: 'nginx',
      serverName,
      address: '0.0.0.0',
      port: 443,
      algorithm: 'ecdsa',
      vantage: 'host',
      deployment: deployment.id,
      ...(lineage && { issued: fingerprint }),
      configured: fingerprint,
      served: shown.fingerprint,
      chain: place.chain.map((one) => one.fingerprint),
      tlsVersion: 'TLSv1.3',
    }),
  );
  const named = [newest, ...place.chain];
  if (!place.served) return { file, lineage, named, endpoints: [] };
  return { file, lineage, deployment, endpoints, named: [...named, shown] };
}
