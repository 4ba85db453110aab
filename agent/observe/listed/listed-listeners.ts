import type { Deployment } from '@certherd/protocol/snapshot';
import type { Config, ConfiguredListener } from '../../config.ts';

/**
 * A deployment for each listener that the settings list: `configFile` is the settings file, `line` that of the table. Several
 * tables of the same address and port are several certificates of one server, as several pairs in one server block are: they
 * have the line of the first. `keyPath` is "" where no key is named, and then no key is compared; `serverNames` is [""] where
 * no name is. `configured`, `lineage` and `keyMatches` are not told here.
 */
export function listedDeployments({ path = '', listeners }: Pick<Config, 'path' | 'listeners'>): Deployment[] {
  const byId = new Map<string, Deployment>();
  for (const listener of listeners) {
    const line = firstOfPlace(listener, listeners).line;
    const id = `${path}:${line}:${listener.certificate}`;
    const own = deploymentOf(listener, { id, configFile: path, line });
    const known = byId.get(id);
    if (!known) byId.set(id, own);
    // the same certificate once more: for other names, or in a list that stands on one line
    else {
      known.serverNames = [...new Set([...known.serverNames, ...own.serverNames])];
      known.listeners = [...known.listeners, ...own.listeners.filter(isNewTo(known))];
    }
  }
  return [...byId.values()];
}

function deploymentOf(
  { address, port, startTls, serverNames, certificate, key, proxyProtocol }: ConfiguredListener,
  place: Pick<Deployment, 'id' | 'configFile' | 'line'>,
): Deployment {
  return {
    ...place,
    server: 'other',
    serverNames: serverNames.length > 0 ? [...new Set(serverNames)] : [''],
    // whoever answers there answers for every name
    listeners: [{ address, port, defaultServer: true, proxyProtocol, ...(startTls && { startTls }) }],
    certificatePath: certificate,
    keyPath: key ?? '',
  };
}

function firstOfPlace(listener: ConfiguredListener, listeners: readonly ConfiguredListener[]): ConfiguredListener {
  return listeners.find(({ address, port }) => address === listener.address && port === listener.port) ?? listener;
}

function isNewTo({ listeners }: Deployment) {
  return (one: { address: string; port: number }) =>
    !listeners.some(({ address, port }) => address === one.address && port === one.port);
}
