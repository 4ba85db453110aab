import Type from 'typebox';
import { Check } from 'typebox/value';
import { act } from '../act/act.ts';
import type { Outcome } from '../decide/action.ts';
import { systemClock } from '../system/clock.ts';
import { systemDialer } from '../system/dialer.ts';
import { takeLock } from '../system/lock.ts';
import { systemPrograms } from '../system/programs.ts';
import { type Context, exitCodes, writeError, writeLine } from './context.ts';

const closed = { additionalProperties: false };
const lineageName = Type.String({ minLength: 1, maxLength: 255, pattern: '^(?!-)(?!\\.{1,2}$)[^/\\x00-\\x1f]+$' });
const RequestShape = Type.Union([
  Type.Object({ verb: Type.Literal('renew'), lineage: lineageName }, closed),
  Type.Object({ verb: Type.Literal('reload'), server: Type.Literal('nginx') }, closed),
]);

/** One request as a JSON line on standard input; JSON lines of progress and one outcome on standard output. */
export async function actCommand(context: Context): Promise<number> {
  const text = await firstLine();
  const request = parsed(text);
  if (!Check(RequestShape, request)) {
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
  { config, files }: Context,
  request: Parameters<typeof act>[0],
  progress: (line: string) => void,
): Promise<Outcome> {
  const ports = {
    clock: systemClock(),
    files,
    dial: systemDialer(),
    programs: systemPrograms(),
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
