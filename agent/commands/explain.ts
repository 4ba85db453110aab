import { FindingCode } from '@certherd/protocol/finding';
import { Check } from 'typebox/value';
import { exitCodes, writeError, writeLine } from './context.ts';
import { type Explanation, explanations } from './explanations.ts';
import { type Terminal, terminalOf } from '@certherd/command-line/terminal';

/** What a finding code means, where it comes from and what to do; without a code, the list of all. */
export function explainCommand(code: string | undefined, options: { json: boolean }): number {
  const { colours } = terminalOf(process.stdout, process.env);
  if (code === undefined) {
    const width = Math.max(...Object.keys(explanations).map((known) => known.length));
    const rows = Object.entries(explanations).map(
      ([known, { meaning }]) => `${colours.bold(known.padEnd(width))}  ${meaning}`,
    );
    writeLine(options.json ? JSON.stringify({ version: 1, findings: explanations }, null, 2) : rows.join('\n'));
    return exitCodes.ok;
  }
  if (!Check(FindingCode, code)) {
    writeError(`there is no finding ${JSON.stringify(code)}: certherd-agent explain lists them all`);
    return exitCodes.usage;
  }
  writeLine(
    options.json
      ? JSON.stringify({ version: 1, code, ...explanations[code] }, null, 2)
      : worded(code, explanations[code], colours),
  );
  return exitCodes.ok;
}

function worded(
  code: string,
  { severity, meaning, causes, remedy }: Explanation,
  { bold, dim }: Terminal['colours'],
): string {
  const rows = [
    ['severity', severity],
    ['meaning', meaning],
    ['causes', causes],
    ['remedy', remedy],
  ] as const;
  return [bold(code), ...rows.map(([name, text]) => `${dim(name.padEnd(9))} ${text}`)].join('\n');
}
