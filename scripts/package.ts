import { statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Built, buildAll } from './package/build.ts';
import { identityOf } from './package/identity.ts';
import { readOptions, usage } from './package/options.ts';
import { smoke } from './package/smoke.ts';
import { missingTools } from './package/tools.ts';

// npm run package: see --help.

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const started = performance.now();
const options = readOptions(process.argv.slice(2), top);
if (options === undefined) process.stdout.write(usage);
else if (typeof options === 'string') {
  console.error(`package: ${options}; see npm run package -- --help`);
  process.exitCode = 2;
} else {
  try {
    await packageAll(options);
  } catch (error) {
    console.error(`package: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

async function packageAll(wanted: Exclude<typeof options, string | undefined>): Promise<void> {
  const missing = missingTools(wanted);
  if (missing.length > 0)
    throw new Error(`missing: ${missing.join(', ')}; scripts/setup package installs what is needed`);
  const identity = await identityOf(top, process.env);
  say(`version ${identity.version}, commit ${identity.commit}`);
  const built = await buildAll({ ...wanted, top, cache: join(top, '.cache/package'), identity, progress: say });
  for (const one of built) {
    const { what } = await smoke(one, identity);
    say(`${basename(one.binary)}: ${what}`);
  }
  const place = relative(process.cwd(), wanted.output) || '.';
  console.log(`\n${built.flatMap((one) => sizes(place, one)).join('\n')}\n${place}/SHA256SUMS`);
}

function say(line: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`package: ${seconds.padStart(6)} s  ${line}`);
}

function sizes(place: string, { binary, sbom, packages }: Built): string[] {
  return [binary, ...Object.values(packages), sbom].map((path) => {
    const megabytes = (statSync(path).size / 1e6).toFixed(1);
    return `${megabytes.padStart(7)} MB  ${place}/${basename(path)}`;
  });
}
