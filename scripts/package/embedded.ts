import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Texts below deploy/ that the agent ships (shippedFile) and the packages install, by their path in the repository. */
export function deployTexts(top: string): Map<string, string> {
  return texts(top, /^deploy\/(?:config|man|systemd)\/[^/]+$/);
}

/** Maintainer scripts or scriptlets of a package, by the name that its format has for them. */
export function packageScripts(top: string, format: 'deb' | 'rpm', program: string): Map<string, string> {
  const own = texts(top, new RegExp(`^deploy/packages/${format}/${program}\\.[a-z]+$`));
  return new Map([...own].map(([path, text]) => [path.slice(path.lastIndexOf('.') + 1), text]));
}

function texts(top: string, pattern: RegExp): Map<string, string> {
  const below = readdirSync(join(top, 'deploy'), { recursive: true, encoding: 'utf8' }).map((path) => `deploy/${path}`);
  const paths = below.filter((path) => pattern.test(path)).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(top, path), 'utf8')]));
}
