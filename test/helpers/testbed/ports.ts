import { randomInt } from 'node:crypto';
import { createServer, type ListenOptions, type Server } from 'node:net';

export interface ReservedPort {
  port: number;
  release: () => void;
}

/**
 * A TCP port on 127.0.0.1 that nothing listens on and that no other sandbox on this machine will choose
 * before release(). It lies below Linux's ephemeral range (32768), so that no outgoing connection takes it
 * while a server restarts. The reservation is an abstract unix socket: the kernel drops it with the process.
 */
export async function reservePort(): Promise<ReservedPort> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(10_240, 32_768);
    const claim = await listen({ path: `\0certherd-port-${port}` });
    if (!claim) continue;
    const trial = await listen({ host: '127.0.0.1', port });
    if (trial) {
      await new Promise((resolve) => trial.close(resolve));
      return { port, release: () => void claim.close() };
    }
    claim.close();
  }
  throw new Error('no free port between 10240 and 32767');
}

function listen(options: ListenOptions): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(options, () => resolve(server.unref()));
  });
}
