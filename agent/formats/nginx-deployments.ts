import type { Deployment, Server } from '@certherd/protocol/snapshot';
import { certificatePairs, missingKey, textWithoutPrefix } from './nginx-certificates.ts';
import { deploymentLimits, mergedDeployments } from './merged-deployments.ts';
import { listenersOf, type ListenerTable, listenerTable } from './nginx-listeners.ts';
import type { Directive } from './nginx-parser.ts';
import { impossibleName } from './nginx-server-names.ts';
import { type ServerBlock, serverBlocks } from './nginx-server-blocks.ts';
import { atOnce, type Steps } from './steps.ts';

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
  return atOnce(nginxDeploymentSteps(directives, configFile));
}

/** As nginxDeployments, in steps for thousands of servers. */
export function* nginxDeploymentSteps(directives: Directive[], configFile: string): Steps<Deployments> {
  const { servers, excess } = withinLimits(yield* serverBlocks(directives));
  yield;
  const table = listenerTable(servers);
  const deployments = mergedDeployments();
  for (const [index, server] of servers.entries()) {
    for (const deployment of deploymentsOf(server, table, configFile)) deployments.add(deployment);
    if (index % 50 === 0) yield;
  }
  const failure =
    conflictIn(table) ??
    missingSection(directives, configFile) ??
    missingKeyIn(servers, configFile) ??
    textIn(servers) ??
    impossibleName(table) ??
    missingCertificate(table) ??
    excess;
  return { deployments: deployments.all(), ...(failure && { failure }) };
}

/** Bound on the addresses and ports of all `listen` directives together, a range counted as the 1,000 that are looked at. */
const mostListeners = 100_000;

/** Servers beyond the limit keep their names and certificates, and listen nowhere. */
function withinLimits(servers: ServerBlock[]): { servers: ServerBlock[]; excess?: Deployments['failure'] } {
  let left: number = mostListeners;
  let excess: Deployments['failure'];
  const bounded = servers.map((server) => {
    const wanted = server.listens.reduce(
      (sum, { firstPort, lastPort }) => sum + Math.min(lastPort - firstPort + 1, 1000),
      0,
    );
    if (wanted <= left) {
      left -= wanted;
      return server;
    }
    const listens = server.listens.filter(({ firstPort, lastPort }) => {
      left -= Math.min(lastPort - firstPort + 1, 1000);
      return left >= 0;
    });
    if (listens.length === server.listens.length) return server;
    const { file, endLine: line } = server.directive;
    const detail = `more than ${mostListeners} addresses and ports are listened on (${file}:${line})`.slice(0, 2000);
    excess ??= { reason: 'too-many-includes', detail, file, line };
    return { ...server, listens };
  });
  return { servers: bounded, ...(excess && { excess }) };
}

function deploymentsOf(server: ServerBlock, table: ListenerTable, configFile: string): Deployment[] {
  const listeners = server.rejectHandshake ? [] : listenersOf(table, server).slice(0, deploymentLimits.listeners);
  if (listeners.length === 0 && !server.ownCertificates) return [];
  const { file, line } = server.directive;
  const serverNames = namesOf(server);
  return certificatePairs(configFile, server.certificates, server.keys).map((pair) => {
    const { certificatePath, keyPath, failure } = pair;
    const id = `${file}:${line}:${certificatePath}`;
    const place = { id, server: 'nginx' as const, configFile: file, line };
    const deployment: Deployment = { ...place, serverNames, listeners, certificatePath, keyPath };
    if (failure) deployment.failure = failure;
    return deployment;
  });
}

/** A name too long for the wire is too long for DNS as well; only a regular expression can be so and work. */
function namesOf({ names: all }: ServerBlock): string[] {
  const [only = ''] = all;
  if (all.length === 1 && only.length <= deploymentLimits.nameLength) return all;
  const names = all.filter((name) => name.length <= deploymentLimits.nameLength).slice(0, deploymentLimits.names);
  return names.length > 0 ? [...new Set(names)] : [''];
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

/** nginx would print the text itself. */
function textIn(servers: ServerBlock[]): Deployments['failure'] {
  for (const { certificates, keys, directive } of servers) {
    const words = certificates.map((certificate, index) => textWithoutPrefix(certificate, keys[index])).find(Boolean);
    if (words !== undefined) return at(directive, words);
  }
  return undefined;
}

/**
 * As ngx_http_ssl_init and ngx_stream_ssl_init: the default server of a TLS (or QUIC) listener needs a certificate,
 * which then serves for all; where it rejects every handshake instead, each server there needs its own or rejects too.
 */
function missingCertificate(table: ListenerTable): Deployments['failure'] {
  for (const { tls, kind, datagram, defaultServer, servers } of table.listeners.values()) {
    const parameter = datagram && kind === 'http' ? 'quic' : 'ssl';
    if ((!tls && parameter === 'ssl') || kind === 'mail' || defaultServer.certificates.length > 0) continue;
    const bare = [defaultServer, ...servers].find((each) => each.certificates.length === 0 && !each.rejectHandshake);
    if (bare) return at(bare.directive, `no "ssl_certificate" is defined for the "listen ... ${parameter}" directive`);
  }
  return undefined;
}

function at({ file, endLine }: Directive, detail: string): Deployments['failure'] {
  return { reason: 'syntax', detail: `${detail} in ${file}:${endLine}`.slice(0, 2000), file, line: endLine };
}
