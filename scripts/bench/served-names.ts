import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mint } from '../../test/helpers/mint.ts';
import { handshake } from '../../test/helpers/testbed/handshake.ts';
import { type Nginx, startNginx } from '../../test/helpers/testbed/nginx.ts';
import type { Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { until } from '../../test/helpers/testbed/until.ts';

/** One loop iteration costs the same whatever the name, so that a sample says it for all. */
export const loopSample = 50;

/** So many names on a real nginx, each with an ECDSA certificate of its own. */
export async function servedNames(sandbox: Sandbox, count: number): Promise<{ nginx: Nginx; port: number }> {
  const port = await sandbox.port();
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
  const folder = sandbox.folder('leaves');
  for (let index = 0; index < count; index += 1) {
    const leaf = await mint({ names: [nameOf(index)] });
    writeFileSync(join(folder, `${index}.pem`), leaf.pem);
    writeFileSync(join(folder, `${index}.key`), leaf.keyPem);
  }
  nginx.writeSite('all', Array.from({ length: count }, (_, index) => blockOf(index, port, folder)).join(''));
  const reloaded = await nginx.reload();
  if (reloaded.exit !== 0) throw new Error(`nginx refuses the sites: ${reloaded.stderr}`);
  await until('the last site is served', () => handshake(port, nameOf(count - 1), 'ecdsa'));
  return { nginx, port };
}

/** Milliseconds that `openssl s_client | openssl x509` would take for so many names, one after the other. */
export async function opensslLoop(sandbox: Sandbox, port: number, count: number, flags: string[]): Promise<number> {
  const began = performance.now();
  for (let index = 0; index < loopSample; index += 1) {
    const place = ['-connect', `127.0.0.1:${port}`, '-servername', nameOf(index)];
    const asked = await sandbox.run('/usr/bin/openssl', ['s_client', ...place, ...flags]);
    if (!asked.stdout.includes('BEGIN CERTIFICATE')) throw new Error(`openssl saw no certificate: ${asked.stderr}`);
    const pem = join(sandbox.directory, 'seen.pem');
    writeFileSync(pem, asked.stdout);
    const read = await sandbox.run('/usr/bin/openssl', ['x509', '-in', pem, '-noout', '-fingerprint', '-enddate']);
    if (read.exit !== 0) throw new Error(read.stderr);
  }
  return ((performance.now() - began) / loopSample) * count;
}

/** What has openssl load no CA. */
export const withoutAuthorities = ['-no-CAfile', '-no-CApath', '-no-CAstore'];

export function nameOf(index: number): string {
  return `shop-${index}.example.test`;
}

function blockOf(index: number, port: number, folder: string): string {
  const file = join(folder, String(index));
  return `server { listen 127.0.0.1:${port} ssl; ssl_protocols TLSv1.2 TLSv1.3; server_name ${nameOf(index)}; ssl_certificate ${file}.pem; ssl_certificate_key ${file}.key; }\n`;
}
