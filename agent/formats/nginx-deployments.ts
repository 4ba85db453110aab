import type { Deployment, Listener, Server } from '@certherd/protocol/snapshot';
import { certificatePairs, missingKey } from './nginx-certificates.ts';
import { listenersOf, type ListenerTable, listenerTable } from './nginx-listeners.ts';
import type { Directive } from './nginx-parser.ts';
import { type ServerBlock, serverBlocks } from './nginx-server-blocks.ts';

export interface Deployments {
  deployments: Deployment[];
  /** What nginx would refuse although every directive is well formed. */
  failure?: NonNullable<Server['failure']>;
}

/**
 * Tells what an nginx config (includes already followed) deploys: one deployment for each server block in http, stream
 * or mail and each certificate that it names. A server that takes its certificates from http {} and has no TLS
 * listener uses none, and is left out; one that names its own is kept, since nginx loads the files all the same.
 */
export function nginxDeployments(directives: Directive[], configFile: string): Deployments {
  const servers = serverBlocks(directives);
  const table = listenerTable(servers);
  const deployments = new Map<string, Deployment>();
  for (const server of servers)
    for (const deployment of deploymentsOf(server, table, configFile)) add(deployments, deployment);
  const failure =
    conflictIn(table) ??
    missingSection(directives, configFile) ??
    missingKeyIn(servers, configFile) ??
    missingCertificate(table);
  return { deployments: [...deployments.values()], ...(failure && { failure }) };
}

/** What the wire takes of each. */
const limits = { names: 10_000, nameLength: 1024, listeners: 1000 } as const;

function deploymentsOf(server: ServerBlock, table: ListenerTable, configFile: string): Deployment[] {
  const listeners = server.rejectHandshake ? [] : listenersOf(table, server).slice(0, limits.listeners);
  if (listeners.length === 0 && !server.ownCertificates) return [];
  const { file, line } = server.directive;
  return certificatePairs(configFile, server.certificates, server.keys).map((pair) => ({
    id: `${file}:${line}:${pair.certificatePath}`,
    server: 'nginx',
    configFile: file,
    line,
    serverNames: namesOf(server),
    listeners,
    ...pair,
  }));
}

/** A name too long for the wire is too long for DNS as well; only a regular expression can be so and work. */
function namesOf(server: ServerBlock): string[] {
  const names = server.names.filter((name) => name.length <= limits.nameLength).slice(0, limits.names);
  return names.length > 0 ? [...new Set(names)] : [''];
}

/** The same block read twice (a file included in two places) is one deployment with all its names and listeners. */
function add(deployments: Map<string, Deployment>, deployment: Deployment): void {
  const known = deployments.get(deployment.id);
  if (!known) {
    deployments.set(deployment.id, deployment);
    return;
  }
  known.serverNames = [...new Set([...known.serverNames, ...deployment.serverNames])].slice(0, limits.names);
  const listeners = new Map<string, Listener>();
  for (const each of [...known.listeners, ...deployment.listeners]) listeners.set(`${each.address} ${each.port}`, each);
  known.listeners = [...listeners.values()].slice(0, limits.listeners);
}

function conflictIn({ conflict }: ListenerTable): Deployments['failure'] {
  return conflict && at(conflict.directive, conflict.detail);
}

function missingSection(directives: Directive[], configFile: string): Deployments['failure'] {
  if (directives.some((directive) => directive.name === 'events')) return undefined;
  return { reason: 'syntax', detail: 'no "events" section in configuration', file: configFile };
}

/** nginx names no line here; the server block's is given all the same. */
function missingKeyIn(servers: ServerBlock[], configFile: string): Deployments['failure'] {
  const server = servers.find(({ certificates, keys }) => keys.length < certificates.length);
  const pair = server && certificatePairs(configFile, server.certificates, server.keys).at(-1);
  return pair && at(server.directive, missingKey(pair.certificatePath));
}

/**
 * As ngx_http_ssl_init: the default server of a TLS listener needs a certificate, which then serves for all; where it
 * rejects every handshake instead, each server there needs its own or rejects too.
 */
function missingCertificate(table: ListenerTable): Deployments['failure'] {
  for (const { tls, kind, defaultServer, servers } of table.listeners.values()) {
    if (!tls || kind !== 'http' || defaultServer.certificates.length > 0) continue;
    const bare = [defaultServer, ...servers].find((each) => each.certificates.length === 0 && !each.rejectHandshake);
    if (bare) return at(bare.directive, 'no "ssl_certificate" is defined for the "listen ... ssl" directive');
  }
  return undefined;
}

function at({ file, endLine }: Directive, detail: string): Deployments['failure'] {
  return { reason: 'syntax', detail: `${detail} in ${file}:${endLine}`.slice(0, 2000), file, line: endLine };
}
