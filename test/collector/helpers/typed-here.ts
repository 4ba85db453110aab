import { messageOf } from '../../../collector/failure.ts';
import { runProgram } from '../../../collector/commands/program.ts';
import type { Clock } from '../../../collector/ports.ts';
import { systemClock } from '../../../collector/system/clock.ts';

interface Typed {
  code: number;
  /** Lines joined, without the last line's end. */
  out: string;
  err: string;
}

/** A command of the collector in this process: what it printed and complained, and its exit code. Usage errors of the parser itself are not caught. */
export async function typedHere(
  argv: readonly string[],
  {
    clock = systemClock,
    ended = () => new Promise<void>(() => {}),
    said = () => {},
  }: Partial<{
    clock: Clock;
    ended: () => Promise<void>;
    /** Each line as it is printed. */
    said: (line: string) => void;
  }> = {},
): Promise<Typed> {
  const out: string[] = [];
  const err: string[] = [];
  const console = {
    print(line: string) {
      out.push(line);
      said(line);
    },
    complain: (line: string) => void err.push(line),
    confirm: async () => undefined,
    secret: async () => undefined,
    clock,
    ended,
  };
  const code = await runProgram(argv, console).catch((error: unknown) => {
    err.push(messageOf(error));
    return 1;
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}
