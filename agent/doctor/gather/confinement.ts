import { type Confinement, readConfinement } from '../../formats/security-module.ts';
import type { Proc } from '../../ports.ts';

/** What confines a process besides its account and its unit; undefined where nothing does, or that is not told. */
export function observeConfinement(proc: Proc, process: number | 'self'): Confinement | undefined {
  return readConfinement(proc.read(`/proc/${process}/attr/current`), proc.read('/sys/fs/selinux/enforce'));
}
