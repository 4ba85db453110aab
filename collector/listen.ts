import type { Server } from 'node:net';
import { type Authority, formatAuthority } from './authority.ts';
import { codeOf, messageOf, startFailure } from './failure.ts';

/**
 * Connections that the system holds until it is their turn: Node takes one in each turn of its loop, which paces a fleet that comes back at once. With
 * more of them a busy collector would serve mostly those that gave up; whoever finds no room tries again by itself after 1, 3 and 7 s (decision 108).
 */
export const backlog = 128;

/** Listens, and returns the real address: port 0 becomes the one that was given. Rejects with one clear line. */
export function listen(server: Server, field: string, at: Authority): Promise<Authority> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(listenFailure(field, at, error));
    server.once('error', onError);
    server.listen({ port: at.port, host: at.host, backlog }, () => {
      server.off('error', onError);
      const bound = server.address();
      resolve(bound && typeof bound === 'object' ? { host: at.host, port: bound.port } : at);
    });
  });
}

/** Words why nothing could listen there, and which setting to change. */
export function listenFailure(field: string, at: Authority, error: Error): Error {
  const where = formatAuthority(at);
  const code = codeOf(error);
  if (code === 'EADDRINUSE')
    return startFailure(`${where}: another program listens there: stop it, or set ${field} to another port`);
  if (code === 'EACCES')
    return startFailure(`${where}: no permission to listen there: set ${field} to a port above 1023`);
  if (code === 'EADDRNOTAVAIL') return startFailure(`${where}: not an address of this machine: correct ${field}`);
  return startFailure(`${where}: cannot listen there (${messageOf(error)}): correct ${field}`);
}
