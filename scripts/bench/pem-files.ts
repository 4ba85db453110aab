import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { observeCertificateFile } from '../../agent/observe/certificate-file.ts';
import { lookMemory } from '../../agent/observe/look-memory.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { mint, mintKey } from '../../test/helpers/mint.ts';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import { type Bench, median } from './goal.ts';

const count = 5000;
const blocks = 1000;
const rounds = 7;

/**
 * 5,000 different PEM files, issued by a CA, half RSA and half ECDSA: read and parsed by the agent, and by a bare synchronous
 * loop of readFileSync and X509Certificate; then looked at again while they stand; then as what 1,000 server blocks name.
 */
export const pemFiles: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const paths = await writeFiles(sandbox.folder('certificates'));
    const files = systemFiles();
    const timed = (work: () => number): number => {
      const began = performance.now();
      const read = work();
      if (read !== count) throw new Error(`${read} of ${count} were read`);
      return performance.now() - began;
    };
    const look = (from: typeof files) =>
      timed(() => paths.filter((path) => observeCertificateFile(from, path).certificates.length === 1).length);
    const ours: number[] = [];
    const bare: number[] = [];
    const again: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(look(files));
      bare.push(timed(() => paths.filter((path) => new X509Certificate(readFileSync(path)).validTo !== '').length));
      // as if an hour had passed: what changed a moment ago is not kept
      const memory = lookMemory(files, { now: () => Date.now() + 3_600_000 });
      look(memory.files);
      memory.looked();
      again.push(look(memory.files));
      progress(
        `pem-files: round ${round + 1} of ${rounds}: ${Math.round(ours.at(-1) ?? 0)} ms, bare loop ${Math.round(bare.at(-1) ?? 0)} ms, again ${Math.round(again.at(-1) ?? 0)} ms`,
      );
    }
    const baseline = { what: 'readFileSync + X509Certificate', value: median(bare) };
    const note = `median of ${rounds}, best ${Math.min(...ours).toFixed(0)} against ${Math.min(...bare).toFixed(0)} ms`;
    return [
      {
        what: `${count} PEM files read and parsed`,
        unit: 'ms',
        ours: median(ours),
        baseline,
        goal: { of: 'ratio', below: 1 / 0.8 },
        note,
      },
      {
        what: 'the same files at the next look',
        unit: 'ms',
        ours: median(again),
        baseline,
        note: `median of ${rounds}`,
      },
      blocked(sandbox.directory, paths),
    ];
  } finally {
    await sandbox.close();
  }
};

/** How long everything else waits at most while a look reads all of it, in a process that did nothing before, as the daemon. */
function blocked(directory: string, paths: string[]) {
  const perBlock = count / blocks;
  const site = (_: unknown, index: number) =>
    `server { listen 127.0.0.1:21999 ssl; server_name shop-${index}.example.test;\n${paths
      .slice(index * perBlock, (index + 1) * perBlock)
      .map((path) => `  ssl_certificate ${path}; ssl_certificate_key ${path}.key;\n`)
      .join('')}}\n`;
  const configFile = join(directory, 'nginx.conf');
  writeFileSync(configFile, `events {}\nhttp {\n${Array.from({ length: blocks }, site).join('')}}\n`);
  const looks = fileURLToPath(new URL('./waits-in-looks.ts', import.meta.url));
  const ran = spawnSync(process.execPath, [looks, configFile, String(count), String(rounds)], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(ran.stderr);
  const delays = ran.stdout.trim().split(' ').map(Number);
  return {
    what: `${count} files of ${blocks} server blocks in one look: longest wait of the event loop`,
    unit: 'ms',
    ours: median(delays),
    baseline: { what: 'may take', value: 20 },
    goal: { of: 'ours' as const, below: 20 },
    note: `median of ${rounds} looks, worst ${Math.max(...delays).toFixed(0)} ms`,
  };
}

async function writeFiles(folder: string): Promise<string[]> {
  const issuer = await mint({ authority: true, subject: [['CN', 'Bench Intermediate']] });
  const keys = Array.from({ length: 40 }, (_, index) => mintKey(index % 2 ? 'rsa' : 'ec'));
  const paths: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const key = keys[index % keys.length];
    const leaf = await mint({ names: [`shop-${index}.example.test`], issuer, ...(key && { key }) });
    const path = join(folder, `${index}.pem`);
    writeFileSync(path, leaf.pem);
    writeFileSync(`${path}.key`, leaf.keyPem);
    paths.push(path);
  }
  return paths;
}
