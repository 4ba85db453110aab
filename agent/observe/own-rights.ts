import { type Mount, type ProcessRights, readMounts, readProcessRights } from '../formats/own-process.ts';
import type { Proc } from '../ports.ts';

/** What this very process may do on the host, as the kernel tells it. */
export interface OwnRights extends ProcessRights {
  /** Mounts that only this process cannot write by: a sandbox's. */
  readOnlyMounts: Mount[];
  /** Other users' processes are hidden (hidepid, ProtectProc=). */
  processesHidden: boolean;
  /** The agent's own systemd service: "certherd-agent.service". */
  unit?: string;
}

/** Undefined where /proc cannot be read. */
export function observeOwnRights(proc: Proc): OwnRights | undefined {
  const rights = readProcessRights(proc.read('/proc/self/status') ?? '');
  if (!rights) return undefined;
  const [, unit] =
    /\/system\.slice\/(?:[^/\n]+\.slice\/)*(certherd[A-Za-z0-9@_.:-]*\.service)$/m.exec(
      proc.read('/proc/self/cgroup') ?? '',
    ) ?? [];
  return {
    ...rights,
    readOnlyMounts: readMounts(proc.read('/proc/self/mountinfo') ?? '').filter(
      ({ readOnly, writableElsewhere }) => readOnly && writableElsewhere,
    ),
    // every user may read this of every process that is not hidden, and there is always a first one
    processesHidden: proc.read('/proc/1/stat') === undefined,
    ...(unit && { unit }),
  };
}
