import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { type Authority, makeAuthority } from './authority.ts';
import { type Child, plainEnvironment } from './children.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

export interface PebbleOptions {
  /** Life of every certificate it issues, in seconds. */
  validitySeconds: number;
  /** Where it looks for http-01 answers, on 127.0.0.1. */
  httpPort: number;
  /** Several pebbles may share one, so that clients need to trust one CA file. */
  authority?: Authority;
  /** Names, with those below them, that its policy refuses. */
  blockedDomains?: string[];
  /** Reuses every valid authorization: an order needs no challenge then. */
  reusesAuthorizations?: boolean;
}

export interface Pebble {
  directoryUrl: string;
  /** Its DNS, as a resolver: "127.0.0.1:PORT". */
  dnsServer: string;
  /** Where it looks for http-01 answers. */
  httpPort: number;
  /** Where its DNS takes orders: POST /set-servfail, /add-caa, /clear-a and so on, with a JSON body. */
  dnsOrdersUrl: string;
  /** What an ACME client must trust to talk to directoryUrl, PEM. */
  caFile: string;
  authority: Authority;
  /** The root under which it issues, PEM. */
  rootPem: string;
  close: () => Promise<void>;
}

/**
 * Starts pebble, the ACME test CA, and pebble-challtestsrv, its DNS, which answers 127.0.0.1 for every name. Pebble
 * keeps nothing: accounts and orders end with it. Ready when its directory answers.
 */
export async function startPebble(sandbox: Sandbox, options: PebbleOptions): Promise<Pebble> {
  const authority = options.authority ?? (await makeAuthority(sandbox));
  const [directoryPort, managementPort, dnsPort, dnsManagementPort] = await fourPorts(sandbox);
  const folder = sandbox.folder(`pebble-${directoryPort}`);
  const configFile = join(folder, 'pebble.json');
  writeFileSync(
    configFile,
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${directoryPort}`,
        managementListenAddress: `127.0.0.1:${managementPort}`,
        certificate: authority.certificateFile,
        privateKey: authority.keyFile,
        httpPort: options.httpPort,
        tlsPort: 0,
        ocspResponderURL: '',
        externalAccountBindingRequired: false,
        certificateValidityPeriod: options.validitySeconds,
        domainBlocklist: options.blockedDomains ?? [],
      },
    }),
  );
  const dns = sandbox.start(
    'pebble-challtestsrv',
    [
      ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''],
      ['-dns01', `127.0.0.1:${dnsPort}`, '-management', `127.0.0.1:${dnsManagementPort}`],
    ].flat(),
    join(folder, 'dns.log'),
  );
  const reuse = options.reusesAuthorizations ? '100' : '0';
  const pebble = sandbox.start(
    'pebble',
    ['-config', configFile, '-dnsserver', `127.0.0.1:${dnsPort}`],
    join(folder, 'pebble.log'),
    { env: { ...plainEnvironment, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0', PEBBLE_AUTHZREUSE: reuse } },
  );
  const ca = readFileSync(authority.caFile, 'utf8');
  const hopeless = () => {
    const ended = [pebble, dns].find((child) => !child.running());
    return ended && `it ended: ${ended.output()}`;
  };
  const directoryUrl = `https://localhost:${directoryPort}/dir`;
  const rootUrl = `https://localhost:${managementPort}/roots/0`;
  await until('pebble answers', () => get(directoryUrl, ca), { hopeless });
  const rootPem = await until('pebble names its root', () => get(rootUrl, ca), { hopeless });
  const dnsOrdersUrl = `http://127.0.0.1:${dnsManagementPort}`;
  return {
    directoryUrl,
    dnsOrdersUrl,
    dnsServer: `127.0.0.1:${dnsPort}`,
    httpPort: options.httpPort,
    caFile: authority.caFile,
    authority,
    rootPem,
    close: () => endBoth(pebble, dns),
  };
}

async function fourPorts(sandbox: Sandbox): Promise<[number, number, number, number]> {
  return [await sandbox.port(), await sandbox.port(), await sandbox.port(), await sandbox.port()];
}

async function endBoth(pebble: Child, dns: Child): Promise<void> {
  await pebble.end();
  await dns.end();
}

/** Body of an answer with status 200; anything else rejects. */
function get(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ca, family: 4, agent: false, timeout: 2000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (body += part));
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(body) : reject(new Error(`${url}: ${answer.statusCode}`)),
      );
    });
    asked.on('timeout', () => asked.destroy(new Error(`${url}: no answer within 2 s`)));
    asked.on('error', reject);
    asked.end();
  });
}
