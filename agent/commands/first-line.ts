import process from 'node:process';

/**
 * The first line of standard input, without its end. Whoever writes it is not waited for longer than `withinMs`, nor read further than
 * `longest` characters: then, and where nothing comes, it is ''.
 */
export async function firstLine(longest: number, withinMs: number): Promise<string> {
  const tooLate = setTimeout(() => process.stdin.destroy(), withinMs);
  let text = '';
  try {
    process.stdin.setEncoding('utf8');
    for await (const chunk of process.stdin) {
      text += String(chunk);
      if (text.includes('\n') || text.length > longest) break;
    }
  } catch {
    return '';
  } finally {
    clearTimeout(tooLate);
  }
  const [line = ''] = text.split('\n');
  return line.length > longest ? '' : line;
}
