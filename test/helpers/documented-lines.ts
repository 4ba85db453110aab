import fs from 'node:fs';
import path from 'node:path';

/** One line of an indented code block. */
export interface DocumentedLine {
  /** Page and line, as an editor opens it. */
  place: string;
  /** Without indentation and without the remark behind it. */
  text: string;
}

export const top = path.resolve(import.meta.dirname, '../..');
const folders = ['.', 'docs', 'deploy/ansible'];

/** The pages that people type from; decisions tell why, and the change log tells what was. */
export const documentedPages: readonly string[] = folders.flatMap((folder) =>
  fs
    .readdirSync(path.join(top, folder))
    .filter((name) => name.endsWith('.md') && name !== 'CHANGELOG.md')
    .map((name) => path.join(folder, name)),
);

export function pageText(page: string): string {
  return fs.readFileSync(path.join(top, page), 'utf8');
}

/** Every code block: lines that are indented by four more than what they stand in, up to an empty line. */
export function codeBlocks(): DocumentedLine[][] {
  return documentedPages.flatMap((page) => {
    const blocks: DocumentedLine[][] = [];
    let before = '';
    for (const [index, line] of pageText(page).split('\n').entries()) {
      const isCode = /^ {4,}\S/.test(line);
      if (isCode && before.trim() === '') blocks.push([]);
      // What follows a paragraph or a list directly continues it.
      const isInBlock = isCode && (before.trim() === '' || isLastLine(blocks, page, index));
      if (isInBlock) blocks.at(-1)?.push({ place: `${page}:${index + 1}`, text: withoutRemark(line.trim()) });
      before = line;
    }
    return blocks;
  });
}

/** What stands between backticks outside of code blocks, with its place. */
export function codeSpans(): DocumentedLine[] {
  return documentedPages.flatMap((page) =>
    pageText(page)
      .split('\n')
      .flatMap((line, index) =>
        / {4,}\S/.test(line.slice(0, 5))
          ? []
          : [...line.matchAll(/`([^`]+)`/g)].map(([, text = '']) => ({ place: `${page}:${index + 1}`, text })),
      ),
  );
}

function isLastLine(blocks: readonly DocumentedLine[][], page: string, index: number): boolean {
  return blocks.at(-1)?.at(-1)?.place === `${page}:${index}`;
}

/** "certherd-agent check    # as root" without what is behind the command. */
function withoutRemark(line: string): string {
  return line.replace(/\s{2,}# .*$/, '');
}

/** A command line as its programs and their words; files that it reads or writes by < and > are left out. */
export function stagesOf(line: string): string[][] {
  const stages: string[][] = [[]];
  let isFile = false;
  for (const [token] of line.matchAll(/'[^']*'|"(?:\\.|[^"\\])*"|[|<>]|[^\s'"|<>]+/g)) {
    if (token === '|') stages.push([]);
    else if (token === '<' || token === '>') isFile = true;
    else if (isFile) isFile = false;
    else stages.at(-1)?.push(token.replace(/^(['"])(.*)\1$/, '$2'));
  }
  return stages;
}
