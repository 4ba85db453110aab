import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { observeNginx } from '../../agent/observe/nginx-servers.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { mint } from '../../test/helpers/mint.ts';
import { openSandbox, type Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { type Bench, median } from './goal.ts';

const blocks = 1000;

/** A config of 1,000 TLS server blocks, a file each: read by us, and dumped by `nginx -T`, which reads and checks it too. */
export const nginxConfig: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const configFile = await writeConfig(sandbox);
    const files = systemFiles();
    const ours: number[] = [];
    for (let round = 0; round < 15; round += 1) {
      const began = performance.now();
      const { server, deployments } = observeNginx(files, configFile);
      ours.push(performance.now() - began);
      if (server.failure || deployments.length !== blocks)
        throw new Error(`${deployments.length} of ${blocks} were read`);
    }
    const theirs: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const began = performance.now();
      const ran = await sandbox.run('/usr/sbin/nginx', [
        '-T',
        '-q',
        '-p',
        sandbox.directory,
        '-c',
        configFile,
        '-e',
        join(sandbox.directory, 'error.log'),
      ]);
      theirs.push(performance.now() - began);
      if (ran.exit !== 0) throw new Error(`nginx -T refused the config: ${ran.stderr.slice(0, 500)}`);
      progress(`nginx-config: nginx -T took ${Math.round(theirs.at(-1) ?? 0)} ms`);
    }
    return [
      {
        what: `${blocks} server blocks in ${blocks + 1} files read`,
        unit: 'ms',
        ours: median(ours),
        baseline: { what: 'nginx -T', value: median(theirs) },
        goal: { of: 'ratio', below: 1 / 20 },
        note: `median of ${ours.length}, best ${Math.min(...ours).toFixed(0)} ms`,
      },
    ];
  } finally {
    await sandbox.close();
  }
};

async function writeConfig(sandbox: Sandbox): Promise<string> {
  const at = (name: string) => join(sandbox.directory, name);
  const leaf = await mint({ names: ['shop.example.test'] });
  writeFileSync(at('leaf.pem'), leaf.pem);
  writeFileSync(at('leaf.key'), leaf.keyPem);
  const sites = sandbox.folder('sites');
  for (let index = 0; index < blocks; index += 1) {
    writeFileSync(
      join(sites, `${index}.conf`),
      `server {\n  listen 127.0.0.1:21999 ssl;\n  server_name shop-${index}.example.test www.shop-${index}.example.test;\n` +
        `  ssl_certificate ${at('leaf.pem')};\n  ssl_certificate_key ${at('leaf.key')};\n` +
        `  location / { proxy_pass http://127.0.0.1:8080; proxy_set_header Host $host; }\n}\n`,
    );
  }
  writeFileSync(
    at('nginx.conf'),
    `pid ${at('nginx.pid')};\nerror_log ${at('error.log')};\nevents {}\nhttp {\n  access_log off;\n  server_names_hash_max_size 16384;\n  include sites/*.conf;\n}\n`,
  );
  return at('nginx.conf');
}
