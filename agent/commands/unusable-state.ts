import { typed } from '../decide/command-line.ts';

/** Why nothing can be written in the state directory, and what to do. `detail` begins with the name that the system has for it. */
export function unusableState(directory: string, detail: string): string {
  const told = `${directory} cannot be written (${detail})`;
  if (/^(?:ENOSPC|EDQUOT)\b/.test(detail))
    return `${told}: make room (${typed(['df', '-h', directory])} shows how much there is), or set state_directory to another file system`;
  if (/^EROFS\b/.test(detail))
    return `${told}: set state_directory to a place that can be written, or remount that file system`;
  return `${told}: run as root, or set state_directory`;
}
