import { nameOf } from '../formats/accounts.ts';
import type { Unfit } from '../install/candidate.ts';
import * as layout from '../install/layout.ts';
import type { StepFailure } from '../install/perform.ts';
import type { Obstacle } from '../install/step.ts';
import type { ChangeFailure } from '../host-ports.ts';
import { printable } from '@certherd/command-line/printable';
import { programName } from './command-table.ts';

/** In one line: why nothing was begun, and what to do. `passwd` is the text of /etc/passwd. */
export function obstacleWords(obstacle: Obstacle, ownPath: string, passwd: string): string {
  switch (obstacle.reason) {
    case 'not-root':
      return 'this needs root: type it again with sudo';
    case 'no-systemd':
      return `systemd does not run here, and the agent is kept running by it; to look once: ${programName} check`;
    case 'not-a-single-binary':
      return 'this runs from its sources, and cannot copy itself: take the single binary of a release, or a package';
    case 'packaged':
      return obstacle.by === 'apt'
        ? 'a package owns the agent of this host: use apt install, apt upgrade or apt remove certherd-agent'
        : 'a package owns the agent of this host: use dnf install, dnf upgrade or dnf remove certherd-agent';
    case 'not-installed':
      return 'certherd-agent is not installed here: the new version puts itself there with FILE install';
    case 'other-program':
      return `another version is installed: ${printable(ownPath)} upgrade ${printable(ownPath)}`;
    case 'install-under-way':
      return 'another install is under way: wait for its end';
    case 'upgrade-under-way':
      return 'an upgrade is under way: wait for its end';
    case 'upgrade-interrupted':
      return `an upgrade was interrupted here: bring it to its end first with ${programName} upgrade`;
    case 'other-kind':
      return `${obstacle.path} is ${kindWords[obstacle.kind]}, and not of this install: move it away, and type this again`;
    case 'other-owner':
      return `${obstacle.path} belongs to ${printable(nameOf(passwd, obstacle.uid))}: move it away, or chown it to root`;
    case 'open-to-others':
      return `others may write in ${obstacle.path} (mode ${obstacle.mode.toString(8)}): chmod go-w ${obstacle.path}`;
    case 'other-account':
      return `there is an account ${layout.account} that is not the agent's: ${printable(obstacle.why)}. Rename or remove it`;
    case 'no-account-tool':
      return `neither systemd-sysusers nor useradd is here to make the account ${layout.account}`;
    case 'hidden-unit':
      return `${obstacle.path} would hide the agent's own unit: remove it (settings of yours belong into ${obstacle.path}.d)`;
    case 'closed':
      return changeWords(obstacle.failure);
    case 'no-room':
      return `${obstacle.directory} has ${mebibytes(obstacle.free)} MiB left, and ${mebibytes(obstacle.needed)} are needed: make room`;
    case 'enrolled-elsewhere':
      return `this host is enrolled with ${printable(obstacle.authority)} already: leave --join out, or move it with ${programName} enroll --replace JOIN`;
    case 'mode-line':
      return `the line of mode in ${obstacle.path} cannot be changed with certainty: change it by hand, and leave --mode out`;
  }
}

/** What the system refused, and what that means to root. */
export function changeWords({ reason, detail }: ChangeFailure): string {
  const told = printable(detail);
  switch (reason) {
    case 'disk-full':
      return `no room is left (${told}): make room, and type this again`;
    case 'read-only':
      return `a read-only file system (${told}): change the image that this host is made from, or remount it writable for a moment`;
    case 'permission-denied':
      return told.endsWith('EPERM')
        ? `the system refuses it even to root (${told}): an immutable file (lsattr), SELinux or AppArmor (journalctl -k --grep=denied)`
        : `the system refuses it even to root (${told}): SELinux or AppArmor (journalctl -k --grep=denied)`;
    case 'io-error':
      return told;
  }
}

export function stepFailureWords(why: StepFailure): string {
  switch (why.reason) {
    case 'program-failed':
      return printable(why.detail);
    case 'not-healthy':
      return `${printable(why.detail)}: journalctl -u ${layout.agentUnit} tells why`;
    case 'not-enrolled':
      return why.detail;
    default:
      return changeWords(why);
  }
}

export function unfitWords(unfit: Unfit, file: string): string {
  const name = printable(file);
  switch (unfit.reason) {
    case 'not-there':
      return `${name} cannot be read`;
    case 'not-a-program':
      return `${name} is no Linux program, or not all of one`;
    case 'other-processor':
      return `${name} is for another processor than this host's (${process.arch})`;
    case 'a-collector':
      return `${name} is a certherd-collector: an agent is upgraded with an agent`;
    case 'not-an-agent':
      return `${name} does not say that it is a certherd-agent`;
    case 'old-libc':
      return `${name} does not start here: it needs glibc ${printable(unfit.needs)}, which this host's system does not have`;
    case 'does-not-start':
      return `${name} does not start here: ${printable(unfit.detail)}`;
  }
}

const kindWords = { file: 'a file', directory: 'a directory', link: 'a link', other: 'no file' } as const;

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
