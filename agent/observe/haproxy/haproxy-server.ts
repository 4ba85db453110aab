import type { Deployment, Listener, Server } from '@certherd/protocol/snapshot';
import type { Bind } from '../../formats/haproxy-bind.ts';
import { type Place, readHaproxyConfig } from '../../formats/haproxy-config.ts';
import type { Files } from '../../ports.ts';
import { type ReadingBudget, tooSlow, unlimited } from '../reading-budget.ts';
import { certificatesOf, type LoadedCertificate } from './haproxy-certificates.ts';
import { firstFailure, mostConfigFiles, mostListeners, note, type Reading } from './haproxy-reading.ts';

export interface HaproxyObservation {
  server: Server;
  /**
   * One for each bind and certificate that it loads. `serverNames` is [""] where HAProxy takes the names from the
   * certificate itself; `configured`, `lineage` and `keyMatches` are not told here.
   */
  deployments: Deployment[];
}

/**
 * Reads HAProxy's config from its file, or from all "*.cfg" of a directory (absolute path), without asking HAProxy, so
 * that a broken config is readable too: `server.failure` then says what HAProxy would object to first, and the rest is
 * what could be read.
 */
export function observeHaproxy(
  files: Files,
  configFile: string,
  isSpent: ReadingBudget = unlimited,
): HaproxyObservation {
  const server: Server = { server: 'haproxy', configFile, configFiles: [] };
  const texts: { file: string; text: string }[] = [];
  for (const file of configFilesAt(files, configFile)) {
    if (isSpent()) {
      server.failure ??= tooSlow;
      break;
    }
    const content = files.read(file);
    if (content.ok) texts.push({ file, text: new TextDecoder().decode(content.value.bytes) });
    else server.failure ??= { ...content.failure, ...(file !== configFile && { file }) };
  }
  const config = readHaproxyConfig(texts, isSpent);
  const reading: Reading = {
    files,
    isSpent,
    config,
    configFiles: texts.map(({ file }) => file),
    lists: new Map(),
    stored: new Map(config.store.flatMap((each) => each.names.map((name) => [name, each]))),
    keyBeside: new Map(),
    inside: new Map(),
    loaded: 0,
    listeners: 0,
    failures: [],
  };
  for (const { detail, ...place } of config.faults) note(reading, detail, place);
  const binds = config.binds.filter(({ tls }) => tls).map((bind) => ({ bind, own: deploymentsOf(reading, bind) }));
  // HAProxy looks at this once all is read, and only where nothing was wrong until then.
  const bare = binds.find(({ bind, own }) => own.length === 0 && !bind.strictNames)?.bind;
  if (bare && reading.failures.length === 0) note(reading, "no SSL certificate specified for bind (use 'crt').", bare);
  server.configFiles = reading.configFiles;
  const first =
    server.failure ??
    (isSpent() ? tooSlow : undefined) ??
    firstFailure(
      reading,
      texts.map(({ file }) => file),
    );
  if (first) server.failure = first;
  const deployments = binds.flatMap(({ own }) => own);
  return { server, deployments };
}

/** `haproxy -f DIRECTORY` reads what ends in ".cfg" and is no hidden file, in the C locale's order. */
function configFilesAt(files: Files, configFile: string): string[] {
  const names = files.list(configFile);
  if (!names.ok) return [configFile];
  return names.value
    .filter((name) => name.endsWith('.cfg') && !name.startsWith('.'))
    .slice(0, mostConfigFiles)
    .map((name) => `${configFile.replace(/\/+$/, '')}/${name}`);
}

/** What the wire takes of each. */
const limits = { names: 10_000, nameLength: 1024, listeners: 1000, path: 4096 } as const;

function deploymentsOf(reading: Reading, bind: Bind & Place): Deployment[] {
  const loaded = certificatesOf(reading, bind);
  const asDefault = listenersOf(reading, bind, !bind.strictNames);
  const others = loaded.length > 1 ? asDefault.map((each) => ({ ...each, defaultServer: false })) : asDefault;
  const byPath = new Map<string, Deployment>();
  loaded.forEach((certificate, index) => {
    const deployment = deploymentOf(bind, certificate, index === 0 ? asDefault : others);
    const known = byPath.get(deployment.certificatePath);
    if (known)
      known.serverNames = [...new Set([...known.serverNames, ...deployment.serverNames])].slice(0, limits.names);
    else byPath.set(deployment.certificatePath, deployment);
  });
  return [...byPath.values()];
}

function deploymentOf(bind: Bind & Place, certificate: LoadedCertificate, listeners: Listener[]): Deployment {
  const certificatePath = certificate.certificatePath.slice(0, limits.path);
  const names = certificate.names.filter((name) => name.length <= limits.nameLength);
  return {
    id: `${bind.file}:${bind.line}:${certificatePath}`,
    server: 'haproxy',
    configFile: bind.file,
    line: bind.line,
    serverNames: names.length > 0 ? [...new Set(names)].slice(0, limits.names) : [''],
    listeners,
    certificatePath,
    keyPath: certificate.keyPath.slice(0, limits.path),
  };
}

/** A range of ports is cut at what the wire takes for one deployment. */
function listenersOf(reading: Reading, bind: Bind & Place, defaultServer: boolean): Listener[] {
  const listeners: Listener[] = [];
  const most = Math.min(limits.listeners, mostListeners - reading.listeners);
  for (const { address, firstPort, lastPort } of bind.addresses)
    for (let port = firstPort; port <= lastPort && listeners.length < most; port++)
      listeners.push({ address, port, defaultServer, proxyProtocol: bind.proxyProtocol });
  reading.listeners += listeners.length;
  if (listeners.length > 0 && reading.listeners === mostListeners)
    note(reading, `more than ${mostListeners} addresses and ports are bound`, bind, { reason: 'too-many-includes' });
  return listeners;
}
