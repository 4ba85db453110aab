import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding } from '@certherd/protocol/finding';
import type { Deployment } from '@certherd/protocol/snapshot';
import { type Facts, type Policy, instant } from './facts.ts';
import { renewAndLoad } from './renewal-remedy.ts';
import { callOf, reloadText, testText } from './server-commands.ts';

/** A deployment names a file that is not there, or that holds no readable certificate. */
export const missingOrUnreadableFile: Policy = (facts, earlier) => {
  const { observations, now } = facts;
  const seen = new Set<string>();
  return observations.deployments.flatMap((deployment) => {
    const { server, configFile, line, failure, lineage, configured } = deployment;
    const path = configured ? deployment.keyPath : deployment.certificatePath;
    if (!failure || failure.reason === 'unsupported' || seen.has(path)) return [];
    if (lineage && observations.settling.includes(lineage)) return [];
    seen.add(path);
    const missing = failure.reason === 'not-found' || failure.reason === 'link-broken';
    const denied = failure.reason === 'permission-denied';
    return [
      {
        code: missing ? ('file-missing' as const) : ('file-unreadable' as const),
        severity: denied ? ('unknown' as const) : ('critical' as const),
        subject: { kind: 'file' as const, id: path },
        since: observations.files.find((file) => file.path === path)?.modifiedAt ?? instant(now),
        cause: missing
          ? `${configFile}:${line} names ${path}, which does not exist: ${callOf(deployment, server)} keeps what it loaded before, and its next restart would fail`
          : `${configFile}:${line} names ${path}, which cannot be read (${failure.reason}): ${failure.detail}`,
        evidence: {
          file: path,
          config: `${configFile}:${line}`,
          reason: failure.reason,
          detail: failure.detail,
        },
        remedy: denied ? 'Run this command as root.' : remedyFor(deployment, path, facts, earlier),
      },
    ];
  });
};

/** Nothing may be put over what certbot keeps: a copy there breaks its links, and one over a key loses that. */
function remedyFor(deployment: Deployment, path: string, facts: Facts, earlier: Finding[]): string {
  const { configFile, line, configured } = deployment;
  const { observations, config } = facts;
  const lineage = observations.lineages.find(
    ({ certificatePath, keyPath }) => certificatePath === path || keyPath === path,
  );
  if (lineage && !configured && lineage.keyPath === path)
    return `In ${configFile}:${line} name ${lineage.certificatePath} as the certificate and ${path} as the key, then: ${reloadText(deployment, deployment.server, config)}`;
  if (lineage) {
    const told = earlier.find(({ code, subject }) => code === 'lineage-broken' && subject.id === lineage.name);
    return told?.remedy ?? renewAndLoad(facts, lineage.name);
  }
  return `Put the ${configured ? 'key' : 'certificate'} at ${path}, then: ${testText(deployment, config)}`;
}

/** A server name that its own certificate does not name: clients that ask for it are turned away. */
export const nameMismatch: Policy = ({ observations, certificates, now }) =>
  observations.deployments.flatMap((deployment) => {
    const certificate = certificates.get(deployment.configured ?? '');
    if (!certificate) return [];
    const uncovered = uncoveredNames(certificate, deployment.serverNames);
    if (uncovered.length === 0) return [];
    return [
      {
        code: 'name-mismatch' as const,
        severity: 'warning' as const,
        subject: { kind: 'deployment' as const, id: deployment.id },
        since: observations.files.find((file) => file.path === deployment.certificatePath)?.modifiedAt ?? instant(now),
        cause:
          `${deployment.configFile}:${deployment.line} serves ${uncovered.join(', ')}, which ${deployment.certificatePath} does not name`.slice(
            0,
            4000,
          ),
        evidence: {
          'server names': deployment.serverNames.join(', ').slice(0, 4000),
          'certificate names': certificate.subjectAltNames.join(', ').slice(0, 4000),
        },
        remedy: deployment.lineage
          ? `Issue ${deployment.lineage} again with the missing names, or take them out of ${deployment.configFile}:${deployment.line}.`
          : `Install a certificate that names ${uncovered.slice(0, 5).join(', ')}, or take the names out of ${deployment.configFile}:${deployment.line}.`,
      },
    ];
  });

/** Those of `names` that a client can ask for and that the certificate does not name. */
export function uncoveredNames({ subjectAltNames }: Certificate, names: readonly string[]): string[] {
  return names.filter((name) => isPlainName(name) && !covers(subjectAltNames, name));
}

/** Does one of these identifiers name `name`, as RFC 9525 compares them (a wildcard stands for one whole first label)? */
function covers(identifiers: string[], name: string): boolean {
  const wanted = name.toLowerCase();
  const rest = wanted.slice(wanted.indexOf('.') + 1);
  return identifiers.some((identifier) => {
    const given = identifier.toLowerCase();
    return given === wanted || (given.startsWith('*.') && wanted.includes('.') && given.slice(2) === rest);
  });
}

/** Names that a client can ask for: not the catch-alls, patterns and internal names of nginx's server_name. */
function isPlainName(name: string): boolean {
  return /^(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(name) || /^[0-9a-f:.]+:[0-9a-f:.]+$/i.test(name);
}
