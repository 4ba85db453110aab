import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { observeCertificateFile } from '../../agent/observe/certificate-file.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { mint } from '../../test/helpers/mint.ts';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import { type Bench, median } from './goal.ts';

const count = 5000;
const distinct = 100;

/** 5,000 PEM files read and parsed by the agent, and by a bare synchronous loop of readFileSync and X509Certificate. */
export const pemFiles: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const minted = await Promise.all(
      Array.from({ length: distinct }, (_, index) =>
        mint({ names: [`shop-${index}.example.test`], key: index % 2 ? 'rsa' : 'ec' }),
      ),
    );
    const paths = Array.from({ length: count }, (_, index) => join(sandbox.folder('certificates'), `${index}.pem`));
    for (const [index, path] of paths.entries()) writeFileSync(path, minted[index % distinct]?.pem ?? '');
    const files = systemFiles();
    const timed = (work: () => number): number => {
      const began = performance.now();
      const read = work();
      if (read !== count) throw new Error(`${read} of ${count} were read`);
      return performance.now() - began;
    };
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      ours.push(
        timed(() => paths.filter((path) => observeCertificateFile(files, path).certificates.length === 1).length),
      );
      bare.push(timed(() => paths.filter((path) => new X509Certificate(readFileSync(path)).validTo !== '').length));
      progress(
        `pem-files: round ${round + 1} of 7: ${Math.round(ours.at(-1) ?? 0)} ms, bare loop ${Math.round(bare.at(-1) ?? 0)} ms`,
      );
    }
    return [
      {
        what: `${count} PEM files read and parsed`,
        unit: 'ms',
        ours: median(ours),
        baseline: { what: 'readFileSync + X509Certificate', value: median(bare) },
        goal: { of: 'ratio', below: 1 / 0.8 },
        note: `median of ${ours.length}`,
      },
    ];
  } finally {
    await sandbox.close();
  }
};
