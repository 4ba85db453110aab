import { typed } from '../../decide/command-line.ts';
import type { Installation } from '../gather/installation.ts';

/** How what only root may see is told: of the same settings. */
export function asRoot(named: string | undefined): string {
  return `sudo ${withSettings('doctor', named)}`;
}

/** "certherd-agent run", with the settings file where one was named. */
export function withSettings(command: string, named: string | undefined): string {
  return typed(['certherd-agent', command, ...(named === undefined ? [] : ['--config', named])]);
}

/** How a person has the daemon start anew: by its unit, or by hand where it has none. */
export function restart({ daemon, service, named }: Installation): string {
  const unit = daemon ? daemon.unit : service?.name;
  if (unit !== undefined) return typed(['systemctl', 'restart', unit]);
  const stop = daemon === undefined ? 'Stop the daemon' : `Stop it (${typed(['kill', String(daemon.pid)])})`;
  return `${stop} and start it again: ${withSettings('run', named)}`;
}

/** A drop-in of the operator's own: what to write into it, and how it comes into force. */
export function dropIn(
  unit: string,
  lines: readonly string[],
  after: string = typed(['systemctl', 'restart', unit]),
): string {
  const then = after === '' ? '' : `; then: ${after}`;
  return `In "${typed(['systemctl', 'edit', unit])}" put under [Service]: ${lines.join(', ')}${then}`;
}
