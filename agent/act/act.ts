import type { Config } from '../config.ts';
import type { Clock, Dialer, Files, Proc, Programs } from '../ports.ts';
import { renewLineage } from './certbot.ts';
import { reloadNginx } from './nginx.ts';
import type { Outcome, Request } from '../decide/action.ts';
import { recordSteps, type Steps } from './steps.ts';

/** What one action may ask of the machine. */
export interface ActPorts {
  clock: Clock;
  files: Files;
  dial: Dialer;
  programs: Programs;
  proc: Proc;
  /** One action at a time on a host: undefined where another one runs. */
  takeLock(): { release(): void } | undefined;
}

/** An action's end before its verb and steps are added. */
export type Ended = Pick<Outcome, 'reason' | 'detail'>;

/** Does one thing that the local policy allows, and says what happened. */
export async function act(
  request: Request,
  config: Config,
  ports: ActPorts,
  progress: (line: string) => void,
): Promise<Outcome> {
  const steps = recordSteps(ports.clock, progress);
  const ended = await guarded(request, config, ports, steps);
  return { verb: request.verb, ...ended, steps: steps.done };
}

async function guarded(request: Request, config: Config, ports: ActPorts, steps: Steps): Promise<Ended> {
  const allowed = request.verb === 'renew' ? config.mode === 'renew' : config.mode !== 'observe';
  if (!allowed) return { reason: 'not-allowed', detail: notAllowed(request, config) };
  const lock = ports.takeLock();
  if (!lock) return { reason: 'busy', detail: 'another action runs on this host' };
  try {
    return request.verb === 'renew'
      ? await renewLineage(request.lineage, config, ports, steps)
      : await reloadNginx(config, ports, steps);
  } finally {
    lock.release();
  }
}

function notAllowed(request: Request, { mode, path = '/etc/certherd/agent.toml' }: Config): string {
  const needed = request.verb === 'renew' ? '"renew"' : '"deploy" or "renew"';
  return `mode is "${mode}": to allow ${request.verb}, set mode = ${needed} in ${path}`;
}
