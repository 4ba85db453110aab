import { userInfo } from 'node:os';

/** Who asks, for the history: the account, and behind sudo the person's own. */
export function account({ SUDO_USER }: Readonly<Record<string, string | undefined>>): string {
  const name = ownName();
  return SUDO_USER && SUDO_USER !== name ? `${SUDO_USER} (as ${name})` : name;
}

/** A container's own uid has no name. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
