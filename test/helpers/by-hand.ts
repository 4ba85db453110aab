import fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { startHost, type TestHost } from './host.ts';
import { mintChain } from './mint.ts';
import { handshake } from './testbed/handshake.ts';
import { site } from './testbed/nginx.ts';
import { until } from './testbed/until.ts';

/** The name of the site whose certificate nobody renews. */
export const handName = 'hand.example.test';

/** A host with a second site, whose certificate somebody installed by hand: `pair` is where, `leaf` what is served. */
export async function startByHand(t: ExecutionContext) {
  const host = await startHost(t);
  const { root, leaf, fullchain } = await mintChain({ names: [handName, 'old.example.test'] });
  const roots = path.join(host.sandbox.directory, 'pebble-root.pem');
  fs.appendFileSync(roots, root.pem);
  const directory = host.sandbox.folder('by-hand');
  const pair = { certificate: path.join(directory, 'hand.pem'), key: path.join(directory, 'hand.key') };
  fs.writeFileSync(pair.certificate, fullchain);
  fs.writeFileSync(pair.key, leaf.keyPem, { mode: 0o600 });
  // what people write: comments, tabs, CRLF, and bytes that are no UTF-8
  const text = site({ serverNames: [handName], port: host.tlsPort, pairs: [pair] })
    .replace('  ssl_certificate ', '\tssl_certificate   # by hand\r\n\t  ')
    .replace('server {', 'server { # \u00e4 ssl_certificate');
  const config = host.nginx.writeSite('hand', text);
  fs.writeFileSync(config, Buffer.from(text, 'latin1'), { mode: 0o640 });
  fs.chmodSync(config, 0o640);
  await host.nginx.reloadWhole();
  const byHand = leaf.x509.fingerprint256.replaceAll(':', '').toLowerCase();
  await until('the site is served', async () => (await served(host)) === byHand);
  const settings = fs.readFileSync(host.configFile, 'utf8');
  fs.writeFileSync(
    host.configFile,
    settings.replace('[certbot]\n', `[certbot]\nstaging_server = "${host.pebble.directoryUrl}"\n`),
  );
  return { host, pair, byHand, config, original: fs.readFileSync(config) };
}

/** SHA-256 of the leaf that clients of the site are shown. */
export const served = async (host: TestHost) => (await handshake(host.tlsPort, handName, 'ecdsa')).fingerprint;

/** Every file below these directories with its bytes, owner and mode; links as links. */
export function treeOf(...directories: string[]): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const directory of directories)
    for (const entry of fs.readdirSync(directory, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      const { mode, uid, gid, mtimeMs } = fs.lstatSync(file);
      const content = entry.isFile()
        ? fs.readFileSync(file, 'base64')
        : entry.isSymbolicLink()
          ? fs.readlinkSync(file)
          : '';
      tree[file] = `${mode} ${uid} ${gid} ${entry.isDirectory() ? '' : mtimeMs} ${content}`;
    }
  return tree;
}

/** Directories in which adoptions were kept. */
export const adoptions = (host: TestHost) => {
  const directory = path.join(host.sandbox.directory, 'state/adoptions');
  return fs.existsSync(directory) ? fs.readdirSync(directory).map((place) => path.join(directory, place)) : [];
};

/** agent.toml with another nginx binary than before. */
export function useNginx(host: TestHost, from: string, to: string): void {
  const settings = fs.readFileSync(host.configFile, 'utf8');
  fs.writeFileSync(host.configFile, settings.replace(`binary = "${from}"`, `binary = "${to}"`));
}

/** A program that first does this, and then is the real one. */
export function script(file: string, before: string, real: string): void {
  fs.writeFileSync(file, `#!/bin/sh\n${before}\nexec ${real} "$@"\n`, { mode: 0o755 });
}
