import { act } from '../act/act.ts';
import { type Outcome, Request } from '../decide/action.ts';
import { checkedJson } from '../formats/checked-json.ts';
import { systemClock } from '../system/clock.ts';
import { systemDialer } from '../system/dialer.ts';
import { takeLock } from '../system/lock.ts';
import { systemProc } from '../system/proc.ts';
import { systemPrograms } from '../system/programs.ts';
import { type Context, exitCodes, writeError, writeLine } from './context.ts';

/** One request as a JSON line on standard input; JSON lines of progress and one outcome on standard output. */
export async function actCommand(context: Context): Promise<number> {
  const request = checkedJson(await firstLine(), Request);
  if (!request) {
    writeError(
      'standard input must be one JSON line: {"verb":"renew","lineage":NAME} or {"verb":"reload","server":"nginx"}',
    );
    return exitCodes.usage;
  }
  const outcome = await performHere(context, request, (line) => writeLine(JSON.stringify({ progress: line })));
  writeLine(JSON.stringify({ outcome }));
  return outcome.reason === 'done' ? exitCodes.ok : exitCodes.failed;
}

/** The same action in this very process, for the commands that a person starts. */
export function performHere(
  { config, files }: Pick<Context, 'config' | 'files'>,
  request: Request,
  progress: (line: string) => void,
): Promise<Outcome> {
  const ports = {
    clock: systemClock(),
    files,
    dial: systemDialer(),
    programs: systemPrograms(),
    proc: systemProc(),
    takeLock: () => takeLock(config.stateDirectory, 'action'),
  };
  return act(request, config, ports, progress);
}

async function firstLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > 8192) break;
  }
  return text.split('\n')[0] ?? '';
}
