import type { Failure } from '@certherd/protocol/failure';
import { objection, type ServerFailure } from '../../formats/apache-directive.ts';
import type { ConfigLine } from '../../formats/apache-lines.ts';
import type { ApacheModules } from '../../formats/apache-modules.ts';
import type { Files } from '../../ports.ts';
import { type ReadingBudget, tooSlow } from '../reading-budget.ts';

/** Bounds on what one config may make us read. `inclusions` counts a file or a macro each time it is brought in. */
export const apacheLimits = {
  depth: 128,
  directories: 20,
  sections: 100,
  files: 20_000,
  inclusions: 100_000,
  bytes: 64 * 1024 * 1024,
} as const;

export interface Macro {
  parameters: string[];
  lines: ConfigLine[];
  file: string;
}

/** What httpd keeps in mind while it reads: later lines depend on earlier ones, in whatever file they stand. */
export interface Reading {
  files: Files;
  isSpent: ReadingBudget;
  serverRoot: string;
  /** `Define`, envvars. */
  variables: Map<string, string>;
  /** Names that `<IfDefine>` finds. */
  defines: Set<string>;
  modules: ApacheModules;
  macros: Map<string, Macro>;
  lines: Map<string, { lines: ConfigLine[]; bytes: number }>;
  configFiles: string[];
  /** Files and macros that are being read, outermost first. */
  stack: string[];
  inclusions: number;
  bytes: number;
  /** A limit was met: nothing more is read. */
  full: boolean;
  failure?: ServerFailure;
}

export interface Place {
  file: string;
  line: number;
}

/** Only what httpd would meet first is kept: it would have stopped there. */
export function note(reading: Reading, detail: string, at: Place | undefined, reason?: Failure['reason']): void {
  if (reading.failure) return;
  reading.failure = at ? objection(detail, at, reason) : { reason: reason ?? 'syntax', detail: detail.slice(0, 2000) };
}

/** Counts one more inclusion of `name`, unless that would go beyond the limits or in a circle: the failure is then noted. */
export function mayEnter(reading: Reading, name: string, at: Place | undefined): boolean {
  if (reading.stack.includes(name)) {
    note(reading, `include cycle: ${[...reading.stack, name].join(' includes ')}`, at, 'include-cycle');
    return false;
  }
  const { depth, files, inclusions, bytes } = apacheLimits;
  const limit =
    reading.stack.length > depth
      ? `includes are nested more than ${depth} deep`
      : reading.configFiles.length >= files && !reading.lines.has(name)
        ? `more than ${files} files are included`
        : ++reading.inclusions > inclusions
          ? `files are included more than ${inclusions} times`
          : reading.bytes > bytes
            ? `more than ${bytes} bytes are included`
            : undefined;
  if (limit === undefined) return true;
  reading.full = true;
  note(reading, limit, at, 'too-many-includes');
  return false;
}

/** False once the reading has taken too long, or variables and macros have made too much of it: nothing more is read. */
export function mayGoOn(reading: Reading, at: Place): boolean {
  if (!reading.full && reading.isSpent()) {
    reading.full = true;
    note(reading, tooSlow.detail, at, tooSlow.reason);
  }
  if (!reading.full && reading.bytes > apacheLimits.bytes) {
    reading.full = true;
    note(reading, `more than ${apacheLimits.bytes} bytes are included`, at, 'too-many-includes');
  }
  return !reading.full;
}
