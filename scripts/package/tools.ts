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

/** What a program of that architecture is started by here: nothing, or qemu with the libraries of Debian's cross packages. Undefined: it cannot be. */
export function runnerFor(
  architecture: Architecture,
  isThere: (path: string) => boolean = existsSync,
): [] | [string, ...string[]] | undefined {
  if (architecture === process.arch) return [];
  const { qemu, gnu } = namesOf[architecture];
  const emulator = `/usr/bin/${qemu}`;
  return isThere(emulator) && isThere(`/usr/${gnu}/lib`) ? [emulator, '-L', `/usr/${gnu}`] : undefined;
}
