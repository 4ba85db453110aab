import { certificateAlone } from './certificate-alone.ts';
import type { PackedCertificate } from './packed-certificate.ts';
import type { ClosedPart } from './closed-part.ts';
import { type CertificateChange, type HeardChange, type HostChange, hostChange } from './estate-change.ts';
import type { EstateIndex } from './parts-draft.ts';

export interface HostChanges {
  hosts: HostChange[];
  heard: HeardChange[];
  certificates: CertificateChange[];
  /** Fingerprints. */
  gone: string[];
}

/** What hosts and certificates were when changes were last asked for, or forgotten: of each that was touched since. Before that nobody knows of any, and nothing is noted. */
export interface ChangesSince {
  /** A host has another part now than `before`; undefined: it is new. */
  touch: (agentId: string, before: ClosedPart | undefined) => void;
  touchCertificate: (fingerprint: string, before: PackedCertificate | undefined) => void;
  /** A host was only heard again. */
  hear: (agentId: string, before: ClosedPart) => void;
  /** What changed, which from now on is known; of hosts that were only heard again `withHeard` alone tells, and else the next time that does. */
  take: (index: EstateIndex, withHeard: boolean) => HostChanges;
  forget: () => void;
}

export function noteChanges(): ChangesSince {
  let hosts = new Map<string, ClosedPart | undefined>();
  let certificates = new Map<string, PackedCertificate | undefined>();
  /** Heard again since that was told: as they were told. */
  let heard = new Map<string, ClosedPart>();
  let isAsked = false;
  return {
    touch(agentId, before) {
      if (isAsked && !hosts.has(agentId)) hosts.set(agentId, heard.get(agentId) ?? before);
    },
    touchCertificate(fingerprint, before) {
      if (isAsked && !certificates.has(fingerprint)) certificates.set(fingerprint, before);
    },
    hear(agentId, before) {
      if (isAsked && !heard.has(agentId)) heard.set(agentId, before);
    },
    take(index, withHeard) {
      const found: HostChanges = { hosts: [], heard: [], certificates: [], gone: [] };
      isAsked = true;
      for (const [agentId, before] of hosts) {
        const after = index.hosts.get(agentId)?.part;
        const change = after && hostChange(agentId, before, after);
        if (change) found.hosts.push(change);
        heard.delete(agentId);
      }
      for (const agentId of withHeard ? heard.keys() : []) {
        const host = index.hosts.get(agentId)?.part.host;
        if (!host?.lastHeardAt) continue;
        const { lastHeardAt, observedAt, clockSkewSeconds } = host;
        found.heard.push({
          agentId,
          lastHeardAt,
          ...(observedAt === undefined ? {} : { observedAt }),
          ...(clockSkewSeconds === undefined ? {} : { clockSkewSeconds }),
        });
      }
      for (const [fingerprint, before] of certificates) {
        const after = index.certificates.get(fingerprint)?.facts;
        if (!after && before) found.gone.push(fingerprint);
        if (after && after !== before) found.certificates.push(certificateAlone(after));
      }
      if (withHeard) heard = new Map();
      hosts = new Map();
      certificates = new Map();
      return found;
    },
    forget() {
      isAsked = true;
      heard = new Map();
      hosts = new Map();
      certificates = new Map();
    },
  };
}
