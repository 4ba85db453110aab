import { connect } from 'node:net';
import type { Actor } from '../ports.ts';
import { hear, longestMs, unheard } from './act-answer.ts';

/**
 * Asks at the socket where systemd starts one `act` for each connection: one JSON line there, JSON lines back. `act` goes on
 * when this process ends. A socket that is missing, or closed to this user, is 'not-allowed' with what to do; a connection
 * that ends without an outcome is 'internal'.
 */
export function socketActor(path: string): Actor {
  return (request, progress) =>
    new Promise((resolve) => {
      const socket = connect(path);
      hear(socket, progress, resolve);
      let refusal: string | undefined;
      let isConnected = false;
      const deadline = setTimeout(() => socket.destroy(), longestMs);
      socket.once('connect', () => {
        isConnected = true;
        socket.end(`${JSON.stringify(request)}\n`);
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        refusal = error.code ?? error.message;
      });
      socket.once('close', () => {
        clearTimeout(deadline);
        // Without effect where the outcome was heard.
        resolve(
          isConnected
            ? unheard(request, 'internal', 'the connection ended without an outcome: journalctl -u "certherd-act@*"')
            : unheard(request, 'not-allowed', closedSocket(path, refusal)),
        );
      });
    });
}

function closedSocket(path: string, refusal = 'closed'): string {
  return `${path} cannot be used (${refusal}): systemctl enable --now certherd-act.socket, or run certherd-agent as root`;
}
