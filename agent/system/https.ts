import https from 'node:https';
import { createSecureContext } from 'node:tls';
import { failed, type FailureReason, type Result, success } from '@certherd/protocol/failure';
import type { HttpsAnswer, OpenHttps } from '../ports.ts';
import { agentVersion } from '../version.ts';

/** Renewal information and ACME directories are below 2 KiB. */
const mostBytes = 65_536;
const wholeMs = 20_000;

/** One connection that is kept between questions. HTTPS_PROXY and NO_PROXY count where `environment` has them. */
export function httpsOpener(environment: NodeJS.ProcessEnv, deadlineMs = wholeMs): OpenHttps {
  return (roots) => {
    // made once: reading all roots takes 10 ms
    const secureContext = createSecureContext({ ca: [...roots], minVersion: 'TLSv1.2' });
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1, secureContext, proxyEnv: environment });
    let closed = false;
    return {
      get: (address) => (closed ? Promise.resolve(failed('unreachable', 'closed')) : get(agent, address, deadlineMs)),
      close: () => {
        closed = true;
        agent.destroy();
      },
    };
  };
}

function get(agent: https.Agent, address: string, deadlineMs: number): Promise<Result<HttpsAnswer>> {
  return new Promise((resolve) => {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (url?.protocol !== 'https:') {
      resolve(failed('unsupported', `${address} is no https:// address`));
      return;
    }
    const headers = { accept: 'application/json', 'user-agent': `certherd-agent/${agentVersion}` };
    const asked = https.request(url, { agent, headers });
    const end = (result: Result<HttpsAnswer>) => {
      clearTimeout(deadline);
      resolve(result);
      if (!result.ok) asked.destroy();
    };
    const deadline = setTimeout(
      () => end(failed('timed-out', `no whole answer from ${url.host} within ${deadlineMs / 1000} s`)),
      deadlineMs,
    );
    asked.on('error', (error: NodeJS.ErrnoException) => end(failed(reasonOf(error), `${url.host}: ${error.message}`)));
    asked.on('response', (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('error', (error) => end(failed('unreachable', `${url.host}: ${error.message}`)));
      response.on('data', (part: Buffer) => {
        length += part.length;
        if (length > mostBytes) end(failed('too-large', `${url.host} answers with more than ${mostBytes} bytes`));
        else parts.push(part);
      });
      response.on('end', () => {
        const { 'retry-after': retryAfter, date } = response.headers;
        const body = Buffer.concat(parts).toString('utf8');
        const headers = { ...(retryAfter !== undefined && { retryAfter }), ...(date !== undefined && { date }) };
        end(success({ status: response.statusCode ?? 0, body, ...headers }));
      });
    });
    asked.end();
  });
}

function reasonOf({ code = '' }: NodeJS.ErrnoException): FailureReason {
  return code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL') || /CERT|SIGNED|ISSUER/.test(code)
    ? 'handshake-failed'
    : 'unreachable';
}
