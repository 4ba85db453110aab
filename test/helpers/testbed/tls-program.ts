import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Minted } from '../mint.ts';
import type { Child } from './children.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

/** A TLS server in Python that shares its port: several may listen at one port, each at addresses of its own or all together. */
const program = `
import socket, ssl, sys, threading
address, port, certificate, key = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind((address, port))
listener.listen(128)
print("listening", flush=True)
def serve(connection):
    try:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1)
    except OSError:
        pass
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
`;

/** Starts it at one address with a certificate of its own; ready when it listens. */
export async function tlsProgram(
  sandbox: Sandbox,
  at: { address: string; port: number },
  leaf: Pick<Minted, 'pem' | 'keyPem'>,
): Promise<Child> {
  const name = `program-${at.address.replaceAll(':', '-')}-${at.port}`;
  const [certificate, key] = [join(sandbox.directory, `${name}.pem`), join(sandbox.directory, `${name}.key`)];
  writeFileSync(certificate, leaf.pem);
  writeFileSync(key, leaf.keyPem, { mode: 0o600 });
  const child = sandbox.start(
    '/usr/bin/python3',
    ['-c', program, at.address, String(at.port), certificate, key],
    join(sandbox.directory, `${name}.log`),
  );
  await until('the other program listens', () => child.output().includes('listening'), {
    hopeless: () => (child.running() ? undefined : `it ended: ${child.output()}`),
  });
  return child;
}
