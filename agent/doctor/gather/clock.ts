import type { DoctorPorts } from '../doctor-ports.ts';
import { processIds } from '../../observe/nginx-process.ts';

/** Who keeps this host's clock, by files and processes: no program is asked. */
export interface ClockKeeper {
  /** "systemd-timesyncd", "chronyd" …; absent where none is seen. */
  name?: string;
  /** timesyncd alone leaves a file that says so. */
  synchronized?: boolean;
  /** Processes of others are hidden from this user. */
  hidden: boolean;
  now: number;
}

const keepers = ['systemd-timesyn', 'chronyd', 'ntpd', 'ntpsec', 'openntpd', 'timemaster', 'ptp4l', 'phc2sys'];

export function observeClock({ files, proc, clock }: DoctorPorts): ClockKeeper {
  const names = new Set(processIds(proc).map((pid) => proc.read(`/proc/${pid}/comm`)?.trim()));
  const found = keepers.find((name) => names.has(name));
  const name = found === 'systemd-timesyn' ? 'systemd-timesyncd' : found;
  const synchronized =
    name === 'systemd-timesyncd' ? files.linkChangedAt('/run/systemd/timesync/synchronized').ok : undefined;
  return {
    ...(name !== undefined && { name }),
    ...(synchronized !== undefined && { synchronized }),
    hidden: proc.read('/proc/1/stat') === undefined,
    now: clock.now(),
  };
}
