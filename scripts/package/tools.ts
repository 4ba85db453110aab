import { existsSync } from 'node:fs';
import { type Architecture, namesOf, type PackageFormat } from './targets.ts';

/** The absolute paths of programs that a build would start and that are not here. To be asked before minutes of work. */
export function missingTools(
  { architectures, formats }: { architectures: readonly Architecture[]; formats: readonly PackageFormat[] },
  isThere: (path: string) => boolean = existsSync,
): string[] {
  const makers = { deb: '/usr/bin/dpkg-deb', rpm: '/usr/bin/rpmbuild' } as const;
  const needed = [...architectures.map((one) => stripFor(one)), ...formats.map((format) => makers[format])];
  return needed.filter((path) => !isThere(path));
}

/** GNU strip knows only the architectures that it was built for. */
export function stripFor(architecture: Architecture): string {
  return architecture === process.arch ? '/usr/bin/strip' : `/usr/bin/${namesOf[architecture].gnu}-strip`;
}
