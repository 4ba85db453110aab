import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer, type Server as SecureServer } from 'node:https';
import type { WebSettings } from '../config-web.ts';
import { codeOf, messageOf, startFailure } from '../failure.ts';
import { type Clock, every, type Log } from '../ports.ts';

/** What browsers are shown, in PEM. */
export interface WebIdentity {
  certificate: string;
  key: string;
}

const lookMs = 60_000;

/** The certificate and key that the settings name, or our own; undefined: plain HTTP. Throws a start failure, one line. */
export function readWebIdentity(tls: WebSettings['tls'], own: WebIdentity): WebIdentity | undefined {
  if (tls === undefined) return undefined;
  return tls === 'own-key' ? own : readFiles(tls);
}

/** A server of HTTP, with TLS where there is an identity. */
export function createWebServer(
  identity: WebIdentity | undefined,
): (answer: Parameters<typeof createPlainServer>[1]) => Server | SecureServer {
  return (answer) => {
    const server = identity
      ? createServer({ cert: identity.certificate, key: identity.key, minVersion: 'TLSv1.2' }, answer)
      : createPlainServer(answer ?? (() => {}));
    // Longer than the proxies and browsers that use a connection again: they would meet its end.
    server.keepAliveTimeout = 72_000;
    server.requestTimeout = 30_000;
    return server;
  };
}

/** Follows the files: a certificate that was renewed is served within a minute, and one that cannot be read or does not fit its key is not. Returns what ends it. */
export function followWebFiles(
  server: Server | SecureServer,
  tls: WebSettings['tls'],
  { clock, log }: { clock: Clock; log: Log },
): () => void {
  if (tls === undefined || tls === 'own-key' || !('setSecureContext' in server)) return () => {};
  let seen = stampOf(tls);
  return every(clock, lookMs, () => {
    const stamp = stampOf(tls);
    if (stamp === seen) return;
    seen = stamp;
    try {
      const { certificate, key } = readFiles(tls);
      server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
      log.info({ file: tls.certificate }, 'the page is served with the renewed certificate');
    } catch (error) {
      log.error({ detail: messageOf(error) }, 'the renewed certificate of the page cannot be used: the old one stays');
    }
  });
}

function readFiles({ certificate, key }: { certificate: string; key: string }): WebIdentity {
  const [chain, privateKey] = [textOf('web_certificate', certificate), textOf('web_key', key)];
  let fits = false;
  try {
    fits = new X509Certificate(chain).checkPrivateKey(createPrivateKey(privateKey));
  } catch {
    throw startFailure(
      `${certificate}, ${key}: not a certificate and its key in PEM: correct web_certificate or web_key`,
    );
  }
  if (!fits) throw startFailure(`${key}: not the key of ${certificate}: correct web_certificate or web_key`);
  return { certificate: chain, key: privateKey };
}

function textOf(field: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw startFailure(
      `${path}: cannot be read (${codeOf(error) || messageOf(error)}): correct ${field}, or its rights`,
    );
  }
}

/** Differs once a file is another. */
function stampOf({ certificate, key }: { certificate: string; key: string }): string {
  return [certificate, key]
    .map((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : 'none';
    })
    .join(' / ');
}
