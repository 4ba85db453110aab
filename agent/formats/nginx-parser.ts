import { eachToken, type Fault, type Token } from './nginx-lexer.ts';
import { atOnce, type Steps } from './steps.ts';

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
  return atOnce(parseNginxSteps(text, file));
}

/** As parseNginx, in steps for large files. */
export function* parseNginxSteps(text: string, file: string): Steps<ParsedFile> {
  const directives: Directive[] = [];
  const tree: Tree = {
    file,
    directives,
    current: directives,
    parents: [],
    words: [],
    count: 0,
    line: 0,
    skipped: 0,
    faults: [],
  };
  const fault = yield* eachToken(text, (kind, word, line, offset) => place(tree, kind, word, line, offset));
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
  /** The first `count` are the words of the directive that is being read; one list for all of them. */
  words: string[];
  count: number;
  /** Where the first of them stands. */
  line: number;
  /** Open braces that were too deep to keep. */
  skipped: number;
  faults: Fault[];
}

function place(tree: Tree, kind: Token['kind'], text: string, line: number, offset: number): void {
  if (kind === 'word') {
    if (tree.count === 0) tree.line = line;
    tree.words[tree.count++] = text;
  } else if (kind === 'close') closeBlock(tree, line, offset);
  else if (kind === 'open') openBlock(tree, line, offset);
  else {
    const directive = directiveOf(tree, line, offset, kind === 'lua' ? [] : undefined);
    if (tree.skipped === 0) tree.current.push(directive);
  }
}

function directiveOf(tree: Tree, endLine: number, offset: number, block: Directive[] | undefined): Directive {
  const { file, words, count } = tree;
  const name = count > 0 ? (words[0] ?? '') : '';
  const args = words.slice(1, count);
  const line = count > 0 ? tree.line : endLine;
  tree.count = 0;
  const directive: Directive = block
    ? { name, args, file, line, endLine, offset, block }
    : { name, args, file, line, endLine, offset };
  if (name.charCodeAt(0) === 0xfeff) {
    directive.name = name.slice(1);
    directive.marked = true;
  }
  return directive;
}

function openBlock(tree: Tree, line: number, offset: number): void {
  if (tree.skipped > 0 || tree.parents.length === maxDepth) {
    const detail = `blocks are nested more than ${maxDepth} deep`;
    if (tree.skipped === 0) tree.faults.push({ detail, line, offset });
    tree.skipped++;
    tree.count = 0;
    return;
  }
  const block: Directive[] = [];
  tree.current.push(directiveOf(tree, line, offset, block));
  tree.parents.push(tree.current);
  tree.current = block;
}

function closeBlock(tree: Tree, line: number, offset: number): void {
  if (tree.skipped > 0) {
    tree.skipped--;
    return;
  }
  const parent = tree.parents.pop();
  if (parent) tree.current = parent;
  else tree.faults.push({ detail: 'unexpected "}"', line, offset });
}

function endOfFile(text: string): Fault {
  const line = text.split('\n').length;
  return { detail: 'unexpected end of file, expecting "}"', line, offset: text.length };
}
