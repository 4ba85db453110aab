import { keptProgram } from '../../install/layout.ts';
import type { DoctorPorts } from '../doctor-ports.ts';

/** An upgrade that was not brought to its end, or goes on now; undefined where there is neither. */
export interface UpgradeFacts {
  /** 'unknown': who upgrades is told to root alone. */
  isUnderWay: boolean | 'unknown';
  /** A package owns the program: it is upgraded by apt or dnf, and this is a leftover of before. */
  isPackaged: boolean;
}

export function observeUpgrade(ports: DoctorPorts): UpgradeFacts | undefined {
  const { files, ownUid } = ports;
  if (!files.resolve(keptProgram).ok) return undefined;
  return {
    isUnderWay: ports.isUpgrading() || (ownUid === 0 ? false : 'unknown'),
    // packages of both kinds bring completions, and `install` does not
    isPackaged: files.resolve('/usr/share/bash-completion/completions/certherd-agent').ok,
  };
}
