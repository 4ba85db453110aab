import { eachToken, type Fault, type Token } from './nginx-lexer.ts';

/** One directive as nginx would hand it to a module: quotes and escapes are gone, includes are not followed. */
export interface Directive {
  name: string;
  args: string[];
  /** Absolute path of the file that holds it. */
  file: string;
  /** Line of its name, counted from 1. */
  line: number;
  /** Line of its ";" or "{", which is the line that nginx names in its messages. */
  endLine: number;
  /** Index of its ";" or "{" in the file's text. */
  offset: number;
  /** The file's byte order mark stands before the name, so that nginx does not know the directive. */
  marked?: true;
  /** What stands between its braces. A Lua block is there and empty: its text is not nginx's. */
  block?: Directive[];
}

export interface ParsedFile {
  directives: Directive[];
  /** The first objection nginx would have to this file alone; what could be read is kept. */
  fault?: Fault;
}

/** Builds the tree of one file. Every nginx file must close the blocks that it opens, included ones too. Never throws. */
export function parseNginx(text: string, file: string): ParsedFile {
  const directives: Directive[] = [];
  const tree: Tree = { file, directives, current: directives, parents: [], words: [], skipped: 0, faults: [] };
  const fault = eachToken(text, (token) => place(tree, token));
  if (fault) tree.faults.unshift(fault);
  if (tree.parents.length > 0) tree.faults.push(endOfFile(text));
  const first = tree.faults.sort((a, b) => a.offset - b.offset)[0];
  return first ? { directives: tree.directives, fault: first } : { directives: tree.directives };
}

/** Far beyond any real config, and near enough that walking the tree cannot exhaust the stack. */
const maxDepth = 100;

interface Tree {
  file: string;
  directives: Directive[];
  /** What the block that is open holds so far. */
  current: Directive[];
  parents: Directive[][];
  words: Token[];
  /** Open braces that were too deep to keep. */
  skipped: number;
  faults: Fault[];
}

function place(tree: Tree, token: Token): void {
  if (token.kind === 'word') tree.words.push(token);
  else if (token.kind === 'close') closeBlock(tree, token);
  else {
    const directive = directiveOf(tree, token);
    tree.words = [];
    if (token.kind === 'open') openBlock(tree, token, directive);
    else if (tree.skipped === 0) tree.current.push(directive);
  }
}

function directiveOf(tree: Tree, last: Token): Directive {
  const args = tree.words.map((word) => word.text);
  const name = args.shift() ?? '';
  const directive: Directive = {
    name,
    args,
    file: tree.file,
    line: tree.words[0]?.line ?? last.line,
    endLine: last.line,
    offset: last.offset,
  };
  if (directive.name.startsWith('\ufeff')) {
    directive.name = directive.name.slice(1);
    directive.marked = true;
  }
  if (last.kind === 'lua') directive.block = [];
  return directive;
}

function openBlock(tree: Tree, token: Token, directive: Directive): void {
  if (tree.skipped > 0 || tree.parents.length === maxDepth) {
    const detail = `blocks are nested more than ${maxDepth} deep`;
    if (tree.skipped === 0) tree.faults.push({ detail, line: token.line, offset: token.offset });
    tree.skipped++;
    return;
  }
  const block: Directive[] = [];
  tree.current.push({ ...directive, block });
  tree.parents.push(tree.current);
  tree.current = block;
}

function closeBlock(tree: Tree, token: Token): void {
  if (tree.skipped > 0) {
    tree.skipped--;
    return;
  }
  const parent = tree.parents.pop();
  if (parent) tree.current = parent;
  else tree.faults.push({ detail: 'unexpected "}"', line: token.line, offset: token.offset });
}

function endOfFile(text: string): Fault {
  const line = text.split('\n').length;
  return { detail: 'unexpected end of file, expecting "}"', line, offset: text.length };
}
