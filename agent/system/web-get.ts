import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { failed, success } from '@certherd/protocol/failure';
import type { WebGet } from '../ports.ts';
import { failureReason } from '@certherd/handshake/dial/failure-reason';

const keptBytes = 64 * 1024;

/** Plain requests as a CA's validation sends them: whoever answers is heard, since only the answer is compared. */
export function systemWebGet(): WebGet {
  return ({ url, at, timeoutMs }) =>
    new Promise((resolve) => {
      const target = new URL(url);
      const name = target.hostname.replace(/^\[|\]$/g, '');
      const asked = (target.protocol === 'https:' ? https : http).request({
        host: at?.address ?? name,
        port: at?.port ?? target.port,
        path: `${target.pathname}${target.search}`,
        headers: { host: target.host, 'user-agent': 'certherd-agent', accept: '*/*' },
        agent: false,
        rejectUnauthorized: false,
        ...(isIP(name) === 0 && { servername: name }),
      });
      const late = () => end(failed('timed-out', `no answer within ${timeoutMs / 1000} s`));
      const deadline = setTimeout(late, timeoutMs);
      const end = (result: Awaited<ReturnType<WebGet>>) => {
        clearTimeout(deadline);
        resolve(result);
        asked.destroy();
      };
      asked.on('error', (error) => end(failed(failureReason(error), error.message)));
      // an answer that only changes the protocol ends without an error
      asked.once('close', () => end(failed('connection-reset', 'the server closed the connection')));
      asked.once('response', (answer) => {
        const parts: Buffer[] = [];
        let length = 0;
        const heard = () =>
          end(
            success({
              status: answer.statusCode ?? 0,
              ...(answer.headers.location !== undefined && { location: answer.headers.location }),
              body: Buffer.concat(parts).toString('latin1').slice(0, keptBytes),
            }),
          );
        answer.on('data', (part: Buffer) => {
          parts.push(part);
          length += part.length;
          if (length > keptBytes) heard();
        });
        answer.once('end', heard);
        answer.on('error', (error) => end(failed(failureReason(error), error.message)));
      });
      asked.end();
    });
}
