import type { OwnUse } from '../ports.ts';

export function ownUse(): OwnUse {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}
