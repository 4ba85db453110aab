import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type App, apps, type Architecture, architectures, type PackageFormat, packageFormats } from './targets.ts';

/** What the command line asks for. */
export interface PackageOptions {
  apps: readonly App[];
  architectures: readonly Architecture[];
  formats: readonly PackageFormat[];
  compression: 'small' | 'quick';
  output: string;
}

export const usage = `usage: npm run package -- [--only APP] [--arch ARCH] [--format deb|rpm | --no-packages] [--quick] [--output DIR]

Builds certherd-agent and certherd-collector as single executables for Linux with Node inside, .deb and .rpm packages of
them, an SBOM (CycloneDX) of each and SHA256SUMS, and runs each binary. The same commit gives the same bytes.

  --only APP      agent or collector (default: both)
  --arch ARCH     x64 or arm64 (default: both); may be given twice
  --format F      deb or rpm (default: both); may be given twice
  --no-packages   binaries only
  --quick         packages of 45 MB in seconds, in place of 27 MB in minutes
  --output DIR    where to (default: build)
  --help          this text

Needs: binutils, dpkg-deb, for .rpm the package rpm; for the other architecture binutils-aarch64-linux-gnu and, to run its
binary, qemu-user, libc6-arm64-cross and libstdc++6-arm64-cross. scripts/setup package installs them on Debian and Ubuntu.
`;

/** Reads argv; a text is what is wrong with it, `undefined` asks for the usage. */
export function readOptions(argv: readonly string[], top: string): PackageOptions | string | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string', multiple: true },
        arch: { type: 'string', multiple: true },
        format: { type: 'string', multiple: true },
        'no-packages': { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        output: { type: 'string', default: 'build' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    return {
      apps: chosen('--only', values.only, apps),
      architectures: chosen('--arch', values.arch, architectures),
      formats: values['no-packages'] ? [] : chosen('--format', values.format, packageFormats),
      compression: values.quick ? 'quick' : 'small',
      output: resolve(top, values.output),
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function chosen<T extends string>(
  flag: string,
  words: readonly string[] | undefined,
  known: readonly T[],
): readonly T[] {
  for (const word of words ?? [])
    if (!known.some((one) => one === word))
      throw new Error(`${flag}: ${known.join(' or ')}, not ${JSON.stringify(word)}`);
  return words === undefined ? known : known.filter((one) => words.includes(one));
}
