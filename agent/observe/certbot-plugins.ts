import { basename, dirname, join } from 'node:path';
import { certbotPluginsIn } from '../formats/certbot-plugins.ts';
import type { Files } from '../ports.ts';

/**
 * Names of the plugins that this certbot would find, read from the Python packages beside it: certbot's own answer
 * (`certbot plugins`) takes the lock of its directories. Undefined where its packages are in no place that is known.
 */
export function observeCertbotPlugins(files: Files, binary: string): Set<string> | undefined {
  const resolved = files.resolve(binary);
  if (!resolved.ok) return undefined;
  const names = new Set(packageDirectories(files, resolved.value).flatMap((directory) => pluginsIn(files, directory)));
  // certbot brings webroot itself: without it these are another Python's packages
  return names.has('webroot') ? names : undefined;
}

/** The version of this certbot, as its Python package tells it; undefined where that is in no place that is known. */
export function observeCertbotVersion(files: Files, binary: string): string | undefined {
  const resolved = files.resolve(binary);
  const names = resolved.ok
    ? packageDirectories(files, resolved.value).flatMap((directory) => namesIn(files, directory))
    : [];
  const versions = names.map((name) => /^certbot-(\d[\w.]*?)(?:-py[\d.]+)?\.(?:dist|egg)-info$/.exec(name)?.[1]);
  return versions.find((version) => version !== undefined);
}

/** Debian's and Red Hat's places, the virtual environment that the program stands in, and snap's with its plugin snaps. */
function packageDirectories(files: Files, program: string): string[] {
  const prefixes = basename(program) === 'snap' ? snaps(files) : [dirname(dirname(program))];
  return [...prefixes, ...(prefixes.includes('/usr') ? ['/usr/local'] : [])].flatMap((prefix) =>
    ['lib', 'lib64'].flatMap((lib) =>
      namesIn(files, join(prefix, lib))
        .filter((name) => /^python3(?:\.\d+)?$/.test(name))
        .flatMap((python) => ['site-packages', 'dist-packages'].map((packages) => join(prefix, lib, python, packages))),
    ),
  );
}

function snaps(files: Files): string[] {
  return namesIn(files, '/snap')
    .filter((name) => /^certbot(?:-|$)/.test(name))
    .map((name) => join('/snap', name, 'current'));
}

function pluginsIn(files: Files, directory: string): string[] {
  const packages = namesIn(files, directory).filter((name) => /\.(?:dist|egg)-info$/.test(name));
  return packages.flatMap((name) => {
    const content = files.read(join(directory, name, 'entry_points.txt'));
    return content.ok ? certbotPluginsIn(new TextDecoder().decode(content.value.bytes)) : [];
  });
}

function namesIn(files: Files, directory: string): string[] {
  const names = files.list(directory);
  return names.ok ? names.value : [];
}
