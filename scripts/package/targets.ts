/** What is built, and for which machines. */
export const apps = ['agent', 'collector'] as const;
export type App = (typeof apps)[number];

export const architectures = ['x64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** What others call the same machine. */
export const namesOf = {
  x64: {
    debian: 'amd64',
    rpm: 'x86_64',
    gnu: 'x86-64-linux-gnu',
    qemu: 'qemu-x86_64',
    sysroot: '/usr/x86_64-linux-gnu',
  },
  arm64: {
    debian: 'arm64',
    rpm: 'aarch64',
    gnu: 'aarch64-linux-gnu',
    qemu: 'qemu-aarch64',
    sysroot: '/usr/aarch64-linux-gnu',
  },
} as const satisfies Record<Architecture, object>;

/** The program's name, which is also its package's. */
export type ProgramName = `certherd-${App}`;
export const programOf = (app: App): ProgramName => `certherd-${app}`;

export const packageFormats = ['deb', 'rpm'] as const;
export type PackageFormat = (typeof packageFormats)[number];
