import { typed } from '../../decide/command-line.ts';

/** How what only root may see is told. */
export const asRoot = 'sudo certherd-agent doctor';

/** How a person has the daemon start anew: by its unit, or by hand where it has none. */
export function restart(unit: string | undefined, pid?: number): string {
  if (unit !== undefined) return typed(['systemctl', 'restart', unit]);
  const stop = pid === undefined ? 'Stop the daemon' : `Stop it (${typed(['kill', String(pid)])})`;
  return `${stop} and start it again: certherd-agent run`;
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

/** "16 MiB", "640 KiB". */
export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)));
  return `${Math.floor(count / 1024 ** power)} ${units[power]}`;
}

/** "one, two and 3 more" */
export function listed(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** "1 file", "2 files" */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
