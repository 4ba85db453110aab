import type { Failure } from '@certherd/protocol/failure';
import type { Server } from '@certherd/protocol/snapshot';
import { fromConfigDirectory } from '../formats/nginx-certificates.ts';
import { hasWildcard } from '../formats/nginx-glob.ts';
import { type Directive, type ParsedFile, parseNginx } from '../formats/nginx-parser.ts';
import { type Context, contextInside, shapeFault } from '../formats/nginx-shape.ts';
import type { Files } from '../ports.ts';
import { expandGlob } from './nginx-globs.ts';

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
 * conf prefix), a pattern that fits nothing is valid, and a named file that is missing is nginx's error.
 */
export function readNginxConfig(files: Files, configFile: string): ConfigTree {
  const reading: Reading = {
    files,
    configFile,
    parsed: new Map(),
    configFiles: [],
    stack: [],
    inclusions: 0,
    bytes: 0,
    full: false,
  };
  const directives: Directive[] = [];
  readFile(reading, configFile, 'main', undefined, directives);
  const tree = { directives, configFiles: reading.configFiles };
  return reading.failure ? { ...tree, failure: reading.failure } : tree;
}

interface Reading {
  files: Files;
  configFile: string;
  parsed: Map<string, ParsedFile & { bytes: number }>;
  configFiles: string[];
  /** Files that are being read, outermost first. */
  stack: string[];
  inclusions: number;
  bytes: number;
  /** A limit was met: nothing more is opened. */
  full: boolean;
  failure?: ServerFailure;
}

function readFile(
  reading: Reading,
  path: string,
  context: Context,
  include: Directive | undefined,
  into: Directive[],
): void {
  const limit = limitMet(reading, path);
  if (limit) {
    note(reading, limit, include);
    return;
  }
  const parsed = parsedFile(reading, path);
  if (!parsed.ok) {
    if (parsed.failure.reason !== 'too-large' || context !== 'keys') note(reading, parsed.failure, include);
    return;
  }
  reading.stack.push(path);
  expand(reading, path, parsed.value, parsed.value.directives, context, into);
  noteFault(reading, path, parsed.value, Infinity);
  reading.stack.pop();
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
  return undefined;
}

function tooMany(reading: Reading, detail: string): Failure {
  reading.full = true;
  return { reason: 'too-many-includes', detail };
}

type FileRead = { ok: true; value: ParsedFile } | { ok: false; failure: Failure };

function parsedFile(reading: Reading, path: string): FileRead {
  let file = reading.parsed.get(path);
  if (!file) {
    const content = reading.files.read(path);
    if (!content.ok) return content;
    // A byte order mark stays: nginx trips over it.
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content.value.bytes);
    file = { ...parseNginx(text, path), bytes: content.value.bytes.length };
    reading.parsed.set(path, file);
    reading.configFiles.push(path);
  }
  reading.bytes += file.bytes;
  if (reading.bytes > includeLimits.bytes)
    return { ok: false, failure: tooMany(reading, `more than ${includeLimits.bytes} bytes are included`) };
  return { ok: true, value: file };
}

function expand(
  reading: Reading,
  path: string,
  file: ParsedFile,
  directives: Directive[],
  context: Context,
  into: Directive[],
): void {
  for (const directive of directives) {
    if (reading.full) return;
    noteFault(reading, path, file, directive.offset);
    const fault = shapeFault(directive, context);
    if (fault) note(reading, { reason: 'syntax', detail: fault }, directive);
    if (directive.name === 'include' && !fault) includeFiles(reading, directive, context, into);
    else if (directive.block) {
      const block: Directive[] = [];
      expand(reading, path, file, directive.block, contextInside(directive, context), block);
      into.push({ ...directive, block });
    } else into.push(directive);
  }
}

function includeFiles(reading: Reading, include: Directive, context: Context, into: Directive[]): void {
  const [name = ''] = include.args;
  const path = fromConfigDirectory(reading.configFile, name);
  if (!hasWildcard(path)) {
    readFile(reading, path, context, include, into);
    return;
  }
  const found = expandGlob(reading.files, path);
  if (found.failure) note(reading, found.failure, include);
  for (const each of found.paths) {
    if (reading.full) return;
    readFile(reading, each, context, include, into);
  }
}

/** Notes the file's own objection if nginx would have met it before `offset`. */
function noteFault(reading: Reading, path: string, { fault }: ParsedFile, offset: number): void {
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
