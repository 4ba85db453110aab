import type { Config } from '../config.ts';
import type { Steps } from '../formats/steps.ts';
import type { Files, LookPorts } from '../ports.ts';
import { type Accounts, nginxAccounts, readAccounts } from './accounts.ts';
import type { KnownFiles } from './certificate-file.ts';
import { type KeyFilesObserved, keyFileSteps } from './key-exposure.ts';
import { type LineageVersionsObserved, lineageVersionSteps } from './lineage-versions.ts';
import type { Observations } from './observations.ts';
import { type MachineryObserved, machinerySteps, type Renewers } from './renewal-machinery.ts';
import { keptSteps } from './standing-work.ts';
import { type ChainTrust, type ServedCertificates, type TrustObserved, trustSteps } from './trust.ts';
import type { TrustedRoots } from './trusted-roots.ts';

/** What is known of certificates and keys besides where they are served: who can read them, who trusts them, who renews them. */
export interface Upkeep extends KeyFilesObserved, TrustObserved, MachineryObserved, LineageVersionsObserved {}

/** What does not follow from the files that are watched: a look that follows a change of those takes it as it was. */
export interface KnownUpkeep {
  /** Absent: they are looked for. */
  renewers?: Renewers;
  trust: readonly ChainTrust[];
  /** By which `trust` was judged. */
  roots: TrustedRoots;
}

/** Of it what any look may take as it was: by the same roots a chain stays trusted until an issuer's end. `now`: milliseconds since 1970. */
export function stillKnown({ trust, roots }: KnownUpkeep, now: number): KnownUpkeep {
  return { roots, trust: trust.filter(({ until = 0 }) => now < until) };
}

/** Nothing looked at: for a look that only prepares an action. */
export const noUpkeep: Upkeep = {
  keyFiles: [],
  trust: [],
  machinery: { systemd: false, runners: [], unreadable: [], clients: [] },
  lineageVersions: [],
};

/**
 * Completes a look at the host. `served` is what keepingCertificates gathered during its handshakes (empty without
 * probes: then no chain is followed); `root` is "/" or the tree that is judged in its place; `known` is what a look before saw,
 * where nothing can have changed that tells of it.
 */
export function* upkeepSteps(
  ports: Pick<LookPorts, 'permissions' | 'logEnd'> & { files: KnownFiles },
  config: Config,
  seen: Pick<Observations, 'at' | 'lineages' | 'deployments' | 'endpoints'>,
  trust: { served: ServedCertificates; roots: TrustedRoots },
  root: string,
  known?: KnownUpkeep,
): Steps<Upkeep> {
  const { lineages, deployments, endpoints, at } = seen;
  const keyPaths = [...deployments, ...lineages].map(({ keyPath }) => keyPath);
  const outside = deployments.flatMap(({ lineage, configured }) =>
    lineage === undefined && configured ? [configured] : [],
  );
  const { works } = ports.files.kept ?? {};
  const host = yield* keptSteps(works?.accounts, ports.files, (files) => accountSteps(files, root, config));
  const permitted = { ...ports.files, permissions: (path: string) => ports.permissions.of(path) };
  const keyFiles = yield* keptSteps(
    works?.keyFiles,
    permitted,
    (files) => {
      const permissions = { of: files.permissions ?? permitted.permissions };
      return keyFileSteps({ files, permissions }, host.accounts, keyPaths, host.serverAccounts);
    },
    { basis: [host, deployments, lineages] },
  );
  const chains = yield* trustSteps(
    endpoints,
    trust.served,
    trust.roots,
    at,
    known?.roots === trust.roots ? known.trust : [],
  );
  const machinery = yield* machinerySteps(ports, { root, ...config.certbot }, known?.renewers);
  const lineageVersions = yield* lineageVersionSteps(ports.files, lineages, outside);
  return { keyFiles, trust: chains, machinery, lineageVersions };
}

/** Those of the host, and the names of those that nginx's workers run as. */
export interface HostAccounts {
  accounts: Accounts;
  serverAccounts: string[];
}

function* accountSteps(files: Files, root: string, config: Config): Steps<HostAccounts> {
  const accounts = readAccounts(files, root);
  return { accounts, serverAccounts: yield* nginxAccounts(files, config.nginx.config) };
}
