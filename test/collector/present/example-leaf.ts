import { registeredDomain } from '../../../collector/evaluate/registered-domain.ts';
import type { CertificateView, LineageView } from '../../../collector/serve/estate.ts';
import type { Leaf } from '../../../collector/present/leaves.ts';
import { certificate, day } from '../helpers/example-snapshot.ts';

export const now = Date.parse('2026-11-27T12:00:00.000Z');

export function instant(at: number): string {
  return new Date(at).toISOString();
}

interface Wanted {
  readonly names?: readonly string[];
  readonly lifeDays?: number;
  readonly leftDays?: number;
  readonly issuer?: string;
  readonly subject?: string;
  /** Days from now until its lineage renews it; absent: by hand. */
  readonly renewsInDays?: number;
  readonly labels?: Record<string, string>;
}

/** A leaf of 90 days, half of which is left, unless told. */
export function leaf(mark: string, wanted: Wanted = {}): Leaf {
  const { names = [`${mark}.example.com`], lifeDays = 90, leftDays = 45, renewsInDays, labels = {} } = wanted;
  const endsAt = now + leftDays * day;
  const view: CertificateView = {
    ...certificate(mark, {
      subjectAltNames: [...names],
      subject: wanted.subject ?? `CN=${names[0]}`,
      issuer: wanted.issuer ?? "O=Let's Encrypt, CN=E7",
      notBefore: instant(endsAt - lifeDays * day),
      notAfter: instant(endsAt),
    }),
    firstSeenAt: instant(now - day),
    basis: 'der',
    domains: [...new Set(names.map(registeredDomain))],
    files: [],
    endpoints: [],
  };
  return {
    certificate: view,
    name: names[0] ?? '',
    authority: "Let's Encrypt",
    keeper: renewsInDays === undefined ? 'hand' : 'automatic',
    lineage: renewsInDays === undefined ? undefined : lineage(mark, view.fingerprint, now + renewsInDays * day),
    endsAt,
    labels,
  };
}

function lineage(name: string, fingerprint: string, renewsAt: number): LineageView {
  return {
    agentId: 'agent-1',
    hostName: 'web-1',
    name,
    renewalConfig: `/etc/letsencrypt/renewal/${name}.conf`,
    certificatePath: `/etc/letsencrypt/live/${name}/fullchain.pem`,
    keyPath: `/etc/letsencrypt/live/${name}/privkey.pem`,
    issued: fingerprint,
    live: fingerprint,
    acmeDirectory: 'https://acme-v02.api.letsencrypt.org/directory',
    renewal: {
      windowStart: instant(renewsAt),
      windowEnd: instant(renewsAt),
      at: instant(renewsAt),
      basis: 'lifetime',
    },
  };
}
