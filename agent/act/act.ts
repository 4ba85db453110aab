import type { Result } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import { isAllowed, notAllowed } from '../decide/allowed.ts';
import { redacted } from '../formats/redact.ts';
import type { Clock, Dialer, Files, Links, LogEnd, Proc, Programs, State } from '../ports.ts';
import { renewLineage } from './certbot.ts';
import { deploy } from './deploy.ts';
import { restoreLineage } from './restore.ts';
import type { Outcome, Request } from '../decide/action.ts';
import type { RehearsalPorts } from './rehearsal/check.ts';
import { rehearseLineage } from './rehearse.ts';
import { recordSteps, type Steps } from './steps.ts';
import { withinCaps } from './within-caps.ts';

/** What one action may ask of the machine. */
export interface ActPorts {
  clock: Clock;
  files: Files;
  dial: Dialer;
  programs: Programs;
  proc: Proc;
  logEnd: LogEnd;
  links: Links;
  /** HAProxy's master reloads on USR2; everything else is told through programs. */
  signal(pid: number, name: 'SIGUSR2'): Result<void>;
  /** What root alone may write where root acts: the ledger of renewals. */
  state: State;
  rehearsal: RehearsalPorts;
  /** Aborted once this process is to end: then nothing is waited for, and no renewal begins. */
  ending?: AbortSignal;
  /** One action at a time on a host: undefined where another one runs. */
  takeLock(): { release(): void } | undefined;
}

/** An action's end before its verb and steps are added. */
export type Ended = Pick<Outcome, 'reason' | 'detail' | 'retryAt'>;

/** Does one thing that the local policy allows, and says what happened. */
export async function act(
  request: Request,
  config: Config,
  ports: ActPorts,
  progress: (line: string) => void,
): Promise<Outcome> {
  const steps = recordSteps(ports.clock, progress);
  const ended = await guarded(request, config, ports, steps).catch(unforeseen);
  return { verb: request.verb, ...ended, steps: steps.done };
}

/** Whoever asked is answered, whatever happened: a full disk is met first where the lock is written. */
function unforeseen(error: unknown): Ended {
  const isFull = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  const said = redacted(error instanceof Error ? error.message : String(error)).slice(0, 600);
  return isFull
    ? { reason: 'disk-full', detail: `nothing was begun: ${said}` }
    : { reason: 'internal', detail: `a fault of certherd-agent, please report it: ${said}` };
}

async function guarded(request: Request, config: Config, ports: ActPorts, steps: Steps): Promise<Ended> {
  if (!isAllowed(request, config)) return { reason: 'not-allowed', detail: notAllowed(request, config) };
  const lock = ports.takeLock();
  if (!lock) return { reason: 'busy', detail: 'another action runs on this host' };
  try {
    return await perform(request, config, ports, steps);
  } finally {
    lock.release();
  }
}

async function perform(request: Request, config: Config, ports: ActPorts, steps: Steps): Promise<Ended> {
  switch (request.verb) {
    case 'renew':
      return withinCaps(request.lineage, config, ports, steps, () =>
        renewLineage(request.lineage, config, ports, steps),
      );
    case 'reload':
      return deploy(request.server, config, ports, steps);
    case 'restore':
      return restoreLineage(request.lineage, config, ports, steps);
    case 'rehearse':
      return rehearseLineage(request.lineage, config, ports, steps);
  }
}
