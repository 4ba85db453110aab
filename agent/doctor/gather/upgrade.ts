import { keptProgram } from '../../install/layout.ts';
import type { DoctorPorts } from '../doctor-ports.ts';

/** An upgrade that was not brought to its end, or goes on now; undefined where there is neither. */
export interface UpgradeFacts {
  /** 'unknown': who upgrades is told to root alone. */
  isUnderWay: boolean | 'unknown';
  /** A Debian package owns the program: it is upgraded by apt, and this is a leftover of before. */
  isPackaged: boolean;
}

export function observeUpgrade(ports: DoctorPorts): UpgradeFacts | undefined {
  const { files, ownUid } = ports;
  if (!files.resolve(keptProgram).ok) return undefined;
  return {
    isUnderWay: ports.isUpgrading() || (ownUid === 0 ? false : 'unknown'),
    isPackaged: files.resolve('/var/lib/dpkg/info/certherd-agent.list').ok,
  };
}
