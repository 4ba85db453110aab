import type { Certificate } from '@certherd/protocol/certificate';
import type { Lineage, Mode } from '@certherd/protocol/snapshot';
import type { CampaignEndpoint, CampaignFleet, CampaignHost } from '../../../collector/evaluate/campaign/fleet.ts';
import { certificate } from './example-snapshot.ts';

/** A host of a made-up fleet: lineages of one certificate each, served where `at` says. */
export interface MadeHost {
  name: string;
  mode?: Mode;
  silent?: boolean;
  unread?: boolean;
  owner?: string;
  lineages?: readonly { name: string; live: Certificate; change?: Partial<Lineage> }[];
  /** Server name, and what is presented on port 443. */
  at?: readonly (readonly [serverName: string, served: Certificate | undefined])[];
}

/** Every certificate was first seen at `seenAt`, unless `seen` says otherwise. */
export function madeFleet(
  hosts: readonly MadeHost[],
  { seenAt = 0, seen = new Map() }: { seenAt?: number; seen?: ReadonlyMap<string, number> } = {},
  targets: CampaignFleet['targets'] = new Map(),
): CampaignFleet {
  return { hosts: new Map(hosts.map((host) => [host.name, madeHost(host, seenAt, seen)])), targets };
}

function madeHost(
  { name, mode = 'renew', silent = false, unread = false, owner, lineages = [], at = [] }: MadeHost,
  seenAt: number,
  seen: ReadonlyMap<string, number>,
): CampaignHost {
  const known = new Map(
    [...lineages.map(({ live }) => live), ...at.flatMap(([, served]) => served ?? [])].map((one) => [
      one.fingerprint,
      one,
    ]),
  );
  const labels: Record<string, string> = owner === undefined ? {} : { owner };
  return {
    agentId: name,
    name,
    silent,
    unread,
    mode,
    labels,
    lineages: lineages.map(({ name: lineage, live, change }) => ({
      name: lineage,
      renewalConfig: `/etc/letsencrypt/renewal/${lineage}.conf`,
      certificatePath: `/etc/letsencrypt/live/${lineage}/fullchain.pem`,
      keyPath: `/etc/letsencrypt/live/${lineage}/privkey.pem`,
      live: live.fingerprint,
      issued: live.fingerprint,
      ...change,
    })),
    endpoints: at.map(
      ([serverName, served]): CampaignEndpoint => ({
        serverName,
        address: '0.0.0.0',
        port: 443,
        ...(served
          ? { served: served.fingerprint, configured: served.fingerprint }
          : { failure: { reason: 'connection-refused', detail: '' } }),
        labels,
      }),
    ),
    certificate(fingerprint) {
      const found = known.get(fingerprint);
      return found && { certificate: found, firstSeenAt: seen.get(fingerprint) ?? seenAt };
    },
  };
}

/** A certificate for these names. */
export function made(mark: string, names: readonly string[], change: Partial<Certificate> = {}): Certificate {
  return certificate(mark, {
    subjectAltNames: [...names],
    issuer: "C=US, O=Let's Encrypt, CN=R10",
    notBefore: '2026-10-01T00:00:00.000Z',
    notAfter: '2026-12-30T00:00:00.000Z',
    key: 'RSA 2048',
    algorithm: 'rsa',
    ...change,
  });
}
