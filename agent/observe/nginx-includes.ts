import type { Failure, Result } from '@certherd/protocol/failure';
import type { Server } from '@certherd/protocol/snapshot';
import { fromConfigDirectory } from '../formats/nginx-certificates.ts';
import { hasWildcard } from '../formats/nginx-glob.ts';
import { type Directive, type ParsedFile, parseNginxSteps } from '../formats/nginx-parser.ts';
import { type Context, contextInside, duplicateFault, shapeFault } from '../formats/nginx-shape.ts';
import { atOnce, type Steps } from '../formats/steps.ts';
import type { Files } from '../ports.ts';
import { expandGlob, type GlobMatches } from './nginx-globs.ts';
import { type ReadingBudget, tooSlow, unlimited } from './reading-budget.ts';

export type ServerFailure = NonNullable<Server['failure']>;

export interface ConfigTree {
  /** All directives with each include replaced by what it brought in. */
  directives: Directive[];
  /** Every file that was read, once, in the order in which nginx opens them. */
  configFiles: string[];
  /** What nginx would meet first; everything that could be read is there nevertheless. */
  failure?: ServerFailure;
}

/** Bounds on what one config may make us read. `inclusions` counts a file each time it is included. */
export const includeLimits = { depth: 20, files: 20_000, inclusions: 100_000, bytes: 64 * 1024 * 1024 } as const;

/**
 * Reads a config file and all that it includes. A relative include belongs to the main file's directory (nginx's
 * conf prefix), a pattern that fits nothing is valid, and a named file that is missing is nginx's error. Once the budget is
 * spent nothing more is read, and the failure is 'too-slow'.
 */
export function readNginxConfig(files: Files, configFile: string, isSpent: ReadingBudget = unlimited): ConfigTree {
  return atOnce(readNginxSteps(files, configFile, isSpent));
}

/** As readNginxConfig, with a stop after each file and now and then inside a large one. */
export function* readNginxSteps(files: Files, configFile: string, isSpent: ReadingBudget): Steps<ConfigTree> {
  const directives: Directive[] = [];
  const reading: Reading = {
    files,
    isSpent,
    configFile,
    // A byte order mark stays: nginx trips over it.
    decoder: new TextDecoder('utf-8', { ignoreBOM: true }),
    parsed: new Map(),
    configFiles: [],
    stack: [],
    open: [{ paths: [configFile], next: 0, context: 'main', into: directives }],
    inclusions: 0,
    bytes: 0,
    full: false,
  };
  for (let steps = 1; !reading.full; steps++) {
    const inner = reading.open.at(-1);
    if (!inner) break;
    if ('directives' in inner) expandNext(reading, inner);
    else yield* readNext(reading, inner);
    if (steps % 100 === 0) yield;
  }
  const tree = { directives, configFiles: reading.configFiles };
  return reading.failure ? { ...tree, failure: reading.failure } : tree;
}

interface Reading {
  files: Files;
  isSpent: ReadingBudget;
  configFile: string;
  decoder: { decode(bytes: Uint8Array): string };
  parsed: Map<string, KnownFile>;
  configFiles: string[];
  /** Files that are being read, outermost first. */
  stack: string[];
  /** What they stopped in, outermost first. */
  open: (Include | Block)[];
  inclusions: number;
  bytes: number;
  /** A limit was met: nothing more is opened. */
  full: boolean;
  failure?: ServerFailure;
}

interface KnownFile extends ParsedFile {
  path: string;
  bytes: number;
}

/** Files to read in place of an include; those before `next` are done. */
interface Include {
  paths: string[];
  next: number;
  context: Context;
  /** Absent for the main file. */
  directive?: Directive;
  into: Directive[];
}

/** A block, or all of a file, whose directives before `next` are done. */
interface Block {
  file: KnownFile;
  directives: Directive[];
  next: number;
  context: Context;
  into: Directive[];
}

function* readNext(reading: Reading, include: Include): Steps<void> {
  const { context, directive, into } = include;
  const path = include.paths[include.next++];
  if (path === undefined) {
    reading.open.pop();
    return;
  }
  const limit = limitMet(reading, path);
  if (limit) {
    note(reading, limit, directive);
    return;
  }
  const known = yield* knownFile(reading, path);
  if (!known.ok) {
    if (known.failure.reason !== 'too-large' || context !== 'keys') note(reading, known.failure, directive);
    return;
  }
  reading.stack.push(path);
  const file = known.value;
  reading.open.push({ file, directives: file.directives, next: 0, context, into });
}

function limitMet(reading: Reading, path: string): Failure | undefined {
  if (reading.stack.includes(path))
    return { reason: 'include-cycle', detail: `include cycle: ${[...reading.stack, path].join(' includes ')}` };
  if (reading.stack.length > includeLimits.depth)
    return tooMany(reading, `includes are nested more than ${includeLimits.depth} deep`);
  if (reading.configFiles.length >= includeLimits.files && !reading.parsed.has(path))
    return tooMany(reading, `more than ${includeLimits.files} files are included`);
  if (++reading.inclusions > includeLimits.inclusions)
    return tooMany(reading, `files are included more than ${includeLimits.inclusions} times`);
  if (reading.isSpent()) {
    reading.full = true;
    return tooSlow;
  }
  return undefined;
}

function tooMany(reading: Reading, detail: string): Failure {
  reading.full = true;
  return { reason: 'too-many-includes', detail };
}

function* knownFile(reading: Reading, path: string): Steps<Result<KnownFile>> {
  let file = reading.parsed.get(path);
  if (!file) {
    const content = reading.files.read(path);
    if (!content.ok) return content;
    const { bytes } = content.value;
    const parsed = yield* parseNginxSteps(reading.decoder.decode(bytes), path);
    file = { ...parsed, path, bytes: bytes.length };
    reading.parsed.set(path, file);
    reading.configFiles.push(path);
  }
  reading.bytes += file.bytes;
  if (reading.bytes > includeLimits.bytes)
    return { ok: false, failure: tooMany(reading, `more than ${includeLimits.bytes} bytes are included`) };
  return { ok: true, value: file };
}

function expandNext(reading: Reading, block: Block): void {
  const { file, context, into } = block;
  const directive = block.directives[block.next++];
  if (!directive) {
    reading.open.pop();
    if (block.directives !== file.directives) return;
    noteFault(reading, file, Infinity);
    reading.stack.pop();
    return;
  }
  noteFault(reading, file, directive.offset);
  // only the first objection is kept, and looking for a second one of 10,000 siblings each time would take for ever
  const fault =
    shapeFault(directive, context) ?? (reading.failure ? undefined : duplicateFault(directive, into, context));
  if (fault) note(reading, { reason: 'syntax', detail: fault }, directive);
  if (directive.name === 'include' && !fault) include(reading, directive, context, into);
  else if (directive.block) {
    const inside = contextInside(directive, context);
    const expanded: Directive[] = [];
    into.push({ ...directive, block: expanded });
    reading.open.push({ file, directives: directive.block, next: 0, context: inside, into: expanded });
  } else into.push(directive);
}

function include(reading: Reading, directive: Directive, context: Context, into: Directive[]): void {
  const [name = ''] = directive.args;
  const path = fromConfigDirectory(reading.configFile, name);
  const found: GlobMatches = hasWildcard(path) ? expandGlob(reading.files, path, reading.isSpent) : { paths: [path] };
  if (found.failure === tooSlow) reading.full = true;
  if (found.failure) note(reading, found.failure, directive);
  reading.open.push({ paths: found.paths, next: 0, context, directive, into });
}

/** Notes the file's own objection if nginx would have met it before `offset`. */
function noteFault(reading: Reading, { path, fault }: KnownFile, offset: number): void {
  if (fault && fault.offset <= offset)
    note(reading, { reason: 'syntax', detail: fault.detail }, place(path, fault.line));
}

function place(file: string, line: number): Pick<Directive, 'file' | 'endLine'> {
  return { file, endLine: line };
}

/** Only what nginx would meet first is kept: it would have stopped there. */
function note(reading: Reading, failure: Failure, at: Pick<Directive, 'file' | 'endLine'> | undefined): void {
  if (reading.failure) return;
  if (!at) reading.failure = failure;
  else
    reading.failure = {
      reason: failure.reason,
      detail: located(failure, `${at.file}:${at.endLine}`).slice(0, 2000),
      file: at.file,
      line: at.endLine,
    };
}

/** nginx's own messages end in its own way. */
function located({ reason, detail }: Failure, where: string): string {
  return reason === 'syntax' ? `${detail} in ${where}` : `${detail} (${where})`;
}
