import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App } from '../package/targets.ts';

const units = fileURLToPath(new URL('../../deploy/systemd', import.meta.url));

/** What the packages' unit tells glibc, and its malloc first of all (mallopt(3)): a process cannot set it for itself. */
export function unitEnvironment(app: App): Record<string, string> {
  const unit = readFileSync(join(units, `certherd-${app}.service`), 'utf8');
  return Object.fromEntries(
    [...unit.matchAll(/((?:MALLOC|GLIBC)_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
  );
}
