import type { ChangeFailure } from '../host-ports.ts';

/** One change of the host, as small as it can be taken back. */
export type Change =
  | { do: 'copy-program' }
  | { do: 'write'; path: string; text: string; mode: number }
  | { do: 'make-directory'; path: string; mode: number }
  | { do: 'make-account' }
  | { do: 'enrol' }
  | { do: 'reload-units' }
  | { do: 'switch-socket'; on: boolean }
  /** Enables it, starts it (again), and waits until it has looked. */
  | { do: 'start-agent' }
  | { do: 'stop-units' }
  | { do: 'remove'; path: string }
  | { do: 'remove-tree'; path: string }
  | { do: 'give-to-root'; path: string }
  | { do: 'remove-account' };

export interface Step {
  change: Change;
  /** What it does, beginning with a verb: "write /etc/certherd/agent.toml". */
  words: string;
  /** The host is so already, and nothing is to be done. */
  isDone: boolean;
}

/** Why nothing is begun: the host is not as it has to be. Nothing was changed. */
export type Obstacle =
  | { reason: 'not-root' }
  | { reason: 'no-systemd' }
  | { reason: 'not-a-single-binary' }
  | { reason: 'packaged'; by: 'apt' | 'dnf' }
  | { reason: 'not-installed' }
  /** Another program than this one is installed. */
  | { reason: 'other-program' }
  | { reason: 'install-under-way' }
  | { reason: 'upgrade-under-way' }
  | { reason: 'upgrade-interrupted' }
  | { reason: 'other-kind'; path: string; kind: 'file' | 'directory' | 'link' | 'other' }
  | { reason: 'other-owner'; path: string; uid: number }
  | { reason: 'open-to-others'; path: string; mode: number }
  | { reason: 'other-account'; why: string }
  | { reason: 'no-account-tool' }
  /** A unit of the same name that counts more than ours. */
  | { reason: 'hidden-unit'; path: string }
  | { reason: 'closed'; failure: ChangeFailure }
  | { reason: 'no-room'; directory: string; needed: number; free: number }
  | { reason: 'enrolled-elsewhere'; authority: string }
  | { reason: 'mode-line'; path: string };

export type Plan = { ok: true; value: Step[] } | { ok: false; failure: Obstacle };
