import { failed } from '@certherd/protocol/failure';
import type { LookPorts } from '../ports.ts';
import { systemAddresses } from './addresses.ts';
import { bundledRoots } from './bundled-roots.ts';
import { systemClock } from './clock.ts';
import { systemDialer } from '@certherd/handshake/dialer';
import { systemResolve } from '@certherd/handshake/outside/resolve';
import { systemFiles } from './files.ts';
import { systemLogEnd } from './log-end.ts';
import { systemPermissions } from './permissions.ts';
import { systemProc } from './proc.ts';
import { rootedFiles } from './rooted-files.ts';

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
    addresses: () => systemAddresses(),
    resolver: systemResolve,
    random: Math.random,
  };
}

/** Another tree in place of this host's: its files, and nothing that runs. Nobody is asked. */
export function treeLooking(root: string): LookPorts {
  const nothing = () => undefined;
  return {
    ...systemLooking(),
    ...rootedFiles(root),
    dial: () => Promise.resolve(failed('unreachable', 'nothing is asked for a tree of files')),
    proc: { list: nothing, read: nothing, readlink: nothing },
    addresses: () => [],
  };
}
