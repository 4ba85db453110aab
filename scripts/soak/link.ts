import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What lies between the agents and the collector, as TCP: it can be cut, and fall silent. */
export interface Link {
  authority: string;
  /** Ends every connection, and refuses new ones. */
  cut: () => void;
  /** Not a byte more passes on the connections of now, and neither end is told. New ones are as usual. */
  fallSilent: () => void;
  /** Whole again; what fell silent is gone. */
  mend: () => void;
  close: () => void;
}

export async function openLink(collector: () => string): Promise<Link> {
  const pairs = new Set<[Socket, Socket]>();
  const silent = new Set<Socket>();
  let isCut = false;
  const server = createServer({ allowHalfOpen: false }, (near) => {
    near.on('error', () => near.destroy());
    if (isCut) {
      near.destroy();
      return;
    }
    const [host = '', port = ''] = collector().split(':');
    const far = connect({ host, port: Number(port) });
    far.on('error', () => far.destroy());
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    const ended = (other: Socket) => () => {
      pairs.delete(pair);
      if (!silent.has(other)) other.destroy();
    };
    near.on('close', ended(far));
    far.on('close', ended(near));
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    authority: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    cut() {
      isCut = true;
      for (const socket of [...pairs].flat()) socket.destroy();
    },
    fallSilent() {
      for (const [near, far] of pairs) {
        near.unpipe(far).pause();
        far.unpipe(near).pause();
        silent.add(near).add(far);
      }
    },
    mend() {
      isCut = false;
      for (const socket of silent) socket.destroy();
      silent.clear();
    },
    close() {
      server.close();
      for (const socket of [...pairs].flat()) socket.destroy();
    },
  };
}
