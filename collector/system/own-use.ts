/** What this process takes of the machine. */
export interface OwnUse {
  /** Of all threads, since its start. */
  cpuSeconds: number;
  residentBytes: number;
}

export function ownUse(): OwnUse {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}
