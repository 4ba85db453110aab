import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import type { Deployment, Listener } from '@certherd/protocol/snapshot';
import test, { type ExecutionContext } from 'ava';
import { observeNginx } from '../../../agent/observe/nginx-servers.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { configDirectory, nginxProgram, nginxVersion } from './real-nginx.ts';

test('what is told of a config is what a running nginx serves', async (t) => {
  const directory = configDirectory(t, { 'nginx.conf': '# rsa.pem is wanted' });
  const [shared, old, rejecting, plain] = await freePorts(4);
  const configFile = join(directory, 'nginx.conf');
  writeFileSync(configFile, configFor({ shared, old, rejecting, plain }));
  const { server, deployments } = observeNginx(systemFiles(), configFile);
  t.is(server.failure, undefined);
  await startNginx(t, directory);

  const seen = new Set<string>();
  for (const deployment of deployments)
    for (const listener of deployment.listeners)
      for (const name of deployment.serverNames) {
        const host = name.replace('*', 'any') || 'stranger.test';
        if (name === '' && !listener.defaultServer) continue;
        t.is(await servedAt(listener, host, deployment), fingerprintOf(deployment.certificatePath), deployment.id);
        seen.add(`${name} ${listener.port}`);
      }
  t.deepEqual(
    [...seen].sort(),
    [
      `heir.test ${shared}`,
      `*.wild.test ${shared}`,
      `pair.test ${shared}`,
      'heir.test 0',
      ` ${old}`,
      `behind.test ${old}`,
      `known.test ${rejecting}`,
    ].sort(),
  );

  for (const port of [shared, old]) {
    const chosen = deployments.filter(({ listeners }) =>
      listeners.some((each) => each.port === port && each.defaultServer),
    );
    const listener = chosen[0]?.listeners.find((each) => each.port === port);
    t.true(chosen.length > 0);
    for (const deployment of chosen)
      if (listener)
        t.is(await servedAt(listener, 'stranger.test', deployment), fingerprintOf(deployment.certificatePath));
  }
  const none = { address: '127.0.0.1', defaultServer: false, proxyProtocol: false };
  await t.throwsAsync(servedAt({ ...none, port: rejecting }, 'stranger.test'), { message: /unrecognized name/i });
  await t.throwsAsync(servedAt({ ...none, port: plain }, 'plain.test'), {
    message: /wrong version number|packet length/i,
  });
});

function configFor(ports: Record<'shared' | 'old' | 'rejecting' | 'plain', number>): string {
  const rsa = 'ssl_certificate rsa.pem; ssl_certificate_key rsa.key;';
  const site = 'ssl_certificate site.pem; ssl_certificate_key site.key;';
  const oldStyle = nginxVersion() < 1_025_001;
  return `include base/main.conf;
    http {
      include base/http.conf;
      server { listen 127.0.0.1:${ports.shared} ssl; listen unix:tls.sock ssl; server_name heir.test; }
      server { listen 127.0.0.1:${ports.shared}; server_name *.wild.test; ${rsa} }
      server { listen 127.0.0.1:${ports.shared} default_server; server_name pair.test; ${site} ${rsa} }
      server { ${oldStyle ? 'ssl on; listen' : 'listen'} 127.0.0.1:${ports.old}${oldStyle ? '' : ' ssl'}; ${rsa} }
      server { listen 127.0.0.1:${ports.old}; server_name behind.test; }
      server { listen 127.0.0.1:${ports.rejecting} ssl; ssl_reject_handshake on; }
      server { listen 127.0.0.1:${ports.rejecting}; server_name known.test; ${rsa} }
      server { listen 127.0.0.1:${ports.plain}; server_name plain.test; }
      ${site}
    }`;
}

async function freePorts(count: number): Promise<[number, number, number, number]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  const [a = 0, b = 0, c = 0, d = 0] = ports;
  return [a, b, c, d];
}

/** Ready once the master has written its pid file, which it does after it listens. */
async function startNginx(t: ExecutionContext, directory: string): Promise<void> {
  const args = ['-p', `${directory}/`, '-c', join(directory, 'nginx.conf'), '-e', join(directory, 'error.log')];
  const watcher = watch(directory);
  // nginx opens a relative unix socket in its working directory.
  const nginx = spawn(nginxProgram, [...args, '-g', 'daemon off;'], { stdio: 'ignore', cwd: directory });
  const ended = once(nginx, 'exit');
  t.teardown(async () => {
    nginx.kill('SIGTERM');
    await ended;
  });
  while (!existsSync(join(directory, 'nginx.pid'))) {
    await Promise.race([once(watcher, 'change'), ended]);
    if (nginx.exitCode !== null) throw new Error(readFileSync(join(directory, 'error.log'), 'utf8'));
  }
  watcher.close();
}

/** SHA-256 of the leaf that a listener presents to one name, for the key type of one deployment's certificate. */
async function servedAt(listener: Listener, servername: string, deployment?: Deployment): Promise<string> {
  const rsa = deployment?.certificatePath.endsWith('rsa.pem');
  const place: ConnectionOptions =
    listener.port === 0 && deployment
      ? { path: join(deployment.certificatePath, '..', listener.address.slice('unix:'.length)) }
      : { host: listener.address, port: listener.port };
  const sigalgs = rsa ? 'rsa_pss_rsae_sha256:RSA+SHA256' : 'ecdsa_secp256r1_sha256';
  const socket = connect({ ...place, servername, sigalgs, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerX509Certificate()?.fingerprint256 ?? 'none';
  } finally {
    socket.destroy();
  }
}

function fingerprintOf(path: string): string {
  return new X509Certificate(readFileSync(path)).fingerprint256;
}
