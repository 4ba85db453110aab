import type { Failure } from '@certherd/protocol/failure';
import type { Deployment, Listener } from '@certherd/protocol/snapshot';
import { type ApacheDirective, objection, type ServerFailure } from './apache-directive.ts';
import { type ApacheHost, type ApacheHosts, apacheHosts } from './apache-hosts.ts';
import { apacheListeners, speaksTls } from './apache-listeners.ts';
import { deploymentLimits, mergedDeployments } from './merged-deployments.ts';
import { type ApacheModules, loadsItsModules } from './apache-modules.ts';

export interface ApacheDeployments {
  deployments: Deployment[];
  /** SSLCertificateChainFile by deployment id: httpd serves its certificates in place of those behind the leaf. */
  chainFiles: Map<string, string>;
  failure?: ServerFailure;
}

/**
 * Tells what an httpd config (includes and conditions already followed) deploys: one deployment for each host and each
 * SSLCertificateFile that counts there. The main server's certificates count in each virtual host as well
 * (ssl_config_server_merge); of two of one algorithm httpd serves the last, so the last stands first here.
 */
export function apacheDeployments(
  directives: ApacheDirective[],
  settings: { serverRoot: string; modules: ApacheModules; configFile: string },
): ApacheDeployments {
  const { modules } = settings;
  const hosts = apacheHosts(directives, loadsItsModules(modules) && !modules.has('ssl_module'));
  const listeners = apacheListeners(hosts);
  const found: ApacheDeployments = { deployments: [], chainFiles: new Map() };
  const merged = mergedDeployments();
  let left: number = mostDeployments;
  for (const host of [...hosts.virtualHosts, hosts.main]) {
    if (left < 0) break;
    for (const deployment of deploymentsOf(hosts, host, listeners.get(host) ?? [], settings)) {
      if (--left < 0) break;
      merged.add(deployment);
      const chain = host.chain ?? hosts.main.chain;
      if (chain !== undefined) found.chainFiles.set(deployment.id, fromServerRoot(settings.serverRoot, chain));
    }
  }
  found.deployments = merged.all();
  const tooMany = `more than ${mostDeployments} certificates are configured`;
  if (left < 0) found.failure = { reason: 'too-many-includes', detail: tooMany, file: settings.configFile };
  const failure = hosts.failure ?? (modules.has('md_module') ? undefined : missingCertificate(hosts));
  if (failure) found.failure = failure;
  return found;
}

/** The path as httpd builds it (ap_server_root_relative): ServerRoot in front of a relative one. */
export function fromServerRoot(serverRoot: string, path: string): string {
  return (path.startsWith('/') ? path : `${serverRoot.replace(/\/+$/, '')}/${path}`).slice(0, maxPathLength);
}

/** The wire takes paths of this length; the kernel's own limit is the same (PATH_MAX). */
const maxPathLength = 4096;

/** httpd serves one for each algorithm; the last ones count. */
const mostPairs = 100;

/** Bound on hosts times certificates. */
const mostDeployments = 20_000;

function deploymentsOf(
  hosts: ApacheHosts,
  host: ApacheHost,
  listeners: Listener[],
  { serverRoot, configFile }: { serverRoot: string; configFile: string },
): Deployment[] {
  const { main } = hosts;
  if (listeners.length === 0 && (host === main || host.certificates.length === 0)) return [];
  const inherited = host === main ? [] : main.certificates;
  const keys = host === main ? main.keys : [...main.keys, ...host.keys];
  const { file, line } = host.directive ?? { file: configFile, line: 1 };
  const serverNames = namesOf(hosts, host);
  const pairs = [...inherited, ...host.certificates].slice(-mostPairs).map((certificate, index) => {
    const key = keys[index] ?? certificate;
    const failure = notAFile(certificate, 'SSLCertificateFile') ?? notAFile(key, 'SSLCertificateKeyFile');
    return {
      certificatePath: shown(serverRoot, certificate),
      keyPath: shown(serverRoot, key),
      ...(failure && { failure }),
    };
  });
  return pairs.toReversed().map((pair) => ({
    id: `${file}:${line}:${pair.certificatePath}`,
    server: 'apache',
    configFile: file,
    line,
    serverNames,
    listeners,
    ...pair,
  }));
}

/** A virtual host without a name has the main server's (ap_fixup_virtual_hosts). */
function namesOf({ main }: ApacheHosts, host: ApacheHost): string[] {
  const own = host.serverName ?? main.serverName;
  const bare = own?.replace(/:\d+$/, '');
  const names = [...(bare ? [bare] : []), ...host.aliases].filter((name) => name.length <= deploymentLimits.nameLength);
  return names.length > 0 ? [...new Set(names)].slice(0, deploymentLimits.names) : [''];
}

/** mod_ssl takes "pkcs11:…" (RFC 7512) for a key or a certificate that a token keeps. */
function notAFile(value: string, directive: string): Failure | undefined {
  if (!/^[a-z][a-z\d+.-]+:/i.test(value)) return undefined;
  return { reason: 'unsupported', detail: `${directive} names what a token or a provider keeps, not a file` };
}

/** Such a URI may hold the token's PIN: only its kind is shown. */
function shown(serverRoot: string, value: string): string {
  return notAFile(value, '')
    ? `${value.slice(0, value.indexOf(':') + 1)}(left out)`
    : fromServerRoot(serverRoot, value);
}

/** httpd refuses to start then (AH02572), though `-t` says nothing. mod_md brings certificates of its own. */
function missingCertificate(hosts: ApacheHosts): ServerFailure | undefined {
  if (hosts.main.certificates.length > 0) return undefined;
  const bare = hosts.virtualHosts.find((host) => host.certificates.length === 0 && speaksTls(hosts, host));
  return bare?.directive && objection('Failed to configure at least one certificate and key', bare.directive);
}
