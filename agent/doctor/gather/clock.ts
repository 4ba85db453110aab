import { type ClockKeeper, keeperAmong, synchronizedFile } from '@certherd/command-line/clock-keeper';
import { processIds } from '../../observe/nginx-process.ts';
import type { DoctorPorts } from '../doctor-ports.ts';

export function observeClock({ files, proc }: DoctorPorts): ClockKeeper {
  const name = keeperAmong(new Set(processIds(proc).map((pid) => proc.read(`/proc/${pid}/comm`)?.trim() ?? '')));
  const isSynchronized = files.linkChangedAt(synchronizedFile).ok;
  return {
    ...(name !== undefined && { name }),
    ...(name === 'systemd-timesyncd' && { synchronized: isSynchronized }),
    hidden: proc.read('/proc/1/stat') === undefined,
  };
}
