import type { LookPorts } from '../ports.ts';
import { bundledRoots } from './bundled-roots.ts';
import { systemClock } from './clock.ts';
import { systemDialer } from './dialer.ts';
import { systemFiles } from './files.ts';
import { systemLogEnd } from './log-end.ts';
import { systemPermissions } from './permissions.ts';
import { systemProc } from './proc.ts';

/** The real machine, for a look that changes nothing. */
export function systemLooking(): LookPorts {
  return {
    clock: systemClock(),
    files: systemFiles(),
    dial: systemDialer(),
    proc: systemProc(),
    logEnd: systemLogEnd(),
    permissions: systemPermissions(),
    bundledRoots,
  };
}
