import { type Config, modeOf } from '../config.ts';
import type { Request } from './action.ts';

/** Does the local policy allow this? A reload is the host's, or any one lineage's that asks for more; everything else one lineage's. */
export function isAllowed(request: Request, config: Config): boolean {
  if (request.verb === 'reload')
    return [config, ...config.lineages.values()].some(({ mode = 'observe' }) => mode !== 'observe');
  const mode = modeOf(config, request.lineage);
  return request.verb === 'restore' ? mode !== 'observe' : mode === 'renew';
}

/** What a person would have to change, for a request that is not allowed. */
export function notAllowed(request: Request, config: Config): string {
  const needed = ['renew', 'rehearse'].includes(request.verb) ? '"renew"' : '"deploy" or "renew"';
  const mode = request.verb === 'reload' ? config.mode : modeOf(config, request.lineage);
  return `mode is "${mode}": to allow ${request.verb}, set mode = ${needed} in ${config.path ?? '/etc/certherd/agent.toml'}`;
}
