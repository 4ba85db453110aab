import { type Policy, instant } from './facts.ts';

/** Clients that do not know the intermediate refuse a leaf that comes without it, or with a wrong one. */
export const brokenChain: Policy = ({ observations, now }) =>
  observations.files
    .filter((file) => observations.brokenChains.includes(file.path))
    .filter((file) => observations.deployments.some((deployment) => deployment.certificatePath === file.path))
    .map((file) => ({
      code: 'chain-incomplete',
      // A leaf alone is how private CAs without an intermediate do it.
      severity: file.fingerprints.length > 1 ? 'warning' : 'notice',
      subject: { kind: 'file', id: file.path },
      since: file.modifiedAt ?? instant(now),
      cause: `the certificates in ${file.path} are not each issued by the next, or the leaf stands alone: clients that lack the intermediate refuse it`,
      evidence: { file: file.path, certificates: file.fingerprints.join(' ').slice(0, 4000) },
      remedy: `Put the leaf first and each issuer after it in ${file.path}; with certbot that is fullchain.pem.`,
    }));
