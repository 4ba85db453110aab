import fs from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { agentPath } from '@certherd/protocol/session';
import { protocolVersion } from '@certherd/protocol/version';
import type { ExecutionContext } from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { pinOfCertificate } from '../../collector/receive/tls-identity.ts';
import { makeAuthority } from './testbed/authority.ts';
import type { Sandbox } from './testbed/sandbox.ts';

/**
 * A proxy that ends TLS before a collector and keeps every frame that passes, in the clear. With `version` either end takes the other for one
 * that speaks nothing newer: what a hello says of versions is not signed.
 */
export interface WireTap {
  /** The same invitation by way of the proxy, whose key it pins. */
  through: (join: string) => string;
  /** Texts as they passed. */
  fromAgents: string[];
  fromCollector: string[];
}

export async function startWireTap(t: ExecutionContext, sandbox: Sandbox, version = protocolVersion): Promise<WireTap> {
  const lowered = (text: string) =>
    /^{"type":"(?:challenge|hello)"/.test(text) ? text.replace(/"maxVersion":\d+/, `"maxVersion":${version}`) : text;
  const { certificateFile, keyFile } = await makeAuthority(sandbox);
  const cert = fs.readFileSync(certificateFile, 'utf8');
  const server = createServer({ cert, key: fs.readFileSync(keyFile) });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  let behind = '';
  const fromAgents: string[] = [];
  const fromCollector: string[] = [];
  sockets.on('connection', (agent) => {
    const collector = new WebSocket(`wss://${behind}${agentPath}`, {
      rejectUnauthorized: false,
      perMessageDeflate: false,
    });
    const early: string[] = [];
    agent.on('error', () => {}).on('close', () => collector.close());
    collector.on('error', () => {}).on('close', () => agent.close());
    collector.on('open', () => {
      for (const text of early.splice(0)) collector.send(text);
    });
    agent.on('message', (bytes: Buffer) => {
      const text = lowered(bytes.toString());
      fromAgents.push(text);
      if (collector.readyState === WebSocket.OPEN) collector.send(text);
      else early.push(text);
    });
    collector.on('message', (bytes: Buffer) => {
      const text = lowered(bytes.toString());
      fromCollector.push(text);
      agent.send(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const one of sockets.clients) one.terminate();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    fromAgents,
    fromCollector,
    through(join) {
      const [, authority = '', token = ''] = /^certherd:\/\/([^/]+)\/[\w-]+\.([\w-]+)$/.exec(join) ?? [];
      behind = authority;
      return `certherd://127.0.0.1:${port}/${pinOfCertificate(cert)}.${token}`;
    },
  };
}
