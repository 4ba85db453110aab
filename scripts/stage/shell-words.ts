/**
 * Splits a command line into its words by the shell's quoting rules (POSIX XCU 2.2): blanks part words, '…' keeps all,
 * "…" keeps all but \" \\ \$ \`, and \x is x. There is no shell here, so anything that needs one is refused: variables,
 * globs, pipes, redirections, several commands.
 */
export function shellWords(line: string): { ok: true; words: string[] } | { ok: false; why: string } {
  const words: string[] = [];
  const token = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/suy;
  let word: string | undefined;
  while (token.lastIndex < line.length) {
    const from = token.lastIndex;
    const found = token.exec(line);
    if (!found) return { ok: false, why: `a quote at character ${from + 1} has no end` };
    const [blank, single, double, escaped, bare] = found;
    const part = single ?? (double === undefined ? (escaped ?? bare) : withinDoubleQuotes(double));
    if (part === undefined && blank !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    const special = /[$`|&;<>()*?[\]#~!{}]/u.exec(bare ?? '') ?? /[$`]/u.exec(unescaped(double ?? ''));
    if (special) return { ok: false, why: `${JSON.stringify(special[0])} needs a shell` };
    word = (word ?? '') + (part ?? '');
  }
  if (word !== undefined) words.push(word);
  return { ok: true, words };
}

/** The argv of each command of a line that joins commands by && and needs no shell else. */
export function shellCommands(line: string): { ok: true; commands: string[][] } | { ok: false; why: string } {
  const commands: string[][] = [];
  for (const command of line.split(' && ')) {
    const read = shellWords(command);
    if (!read.ok) return read;
    commands.push(read.words);
  }
  return { ok: true, commands };
}

function withinDoubleQuotes(text: string): string {
  return text.replaceAll(/\\(["\\$`])/gu, '$1');
}

/** What is left to be special once escapes are taken away. */
function unescaped(text: string): string {
  return text.replaceAll(/\\./gsu, '');
}
