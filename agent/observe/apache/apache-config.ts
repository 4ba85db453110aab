import type { ApacheDirective, ServerFailure } from '../../formats/apache-directive.ts';
import { type ConfigLine, takeWord, withVariables, wordsOf } from '../../formats/apache-lines.ts';
import { type ApacheModules, staticModules } from '../../formats/apache-modules.ts';
import type { Files } from '../../ports.ts';
import { conditionHolds } from './apache-conditions.ts';
import { includeFiles } from './apache-includes.ts';
import { directiveAtOnce } from './apache-at-once.ts';
import { type ReadingBudget, unlimited } from '../reading-budget.ts';
import { apacheLimits, mayEnter, mayGoOn, note, type Reading } from './apache-reading.ts';

export interface ApacheTree {
  /** All directives with includes, conditions and macros replaced by what they brought in. */
  directives: ApacheDirective[];
  /** Every file that was read, once, in the order in which httpd opens them. */
  configFiles: string[];
  serverRoot: string;
  modules: ApacheModules;
  /** What httpd would meet first while it reads; everything that could be read is there nevertheless. */
  failure?: ServerFailure;
}

/** Reads a config file and all that it includes, with the variables of its envvars, as httpd's own reading pass does. */
export function readApacheConfig(
  files: Files,
  configFile: string,
  environment: ReadonlyMap<string, string> = new Map(),
  isSpent: ReadingBudget = unlimited,
): ApacheTree {
  const directory = configFile.slice(0, configFile.lastIndexOf('/'));
  const reading: Reading = {
    files,
    isSpent,
    // What the distributions build in: /etc/apache2 beside apache2.conf, /etc/httpd above conf/httpd.conf.
    serverRoot: directory.endsWith('/conf') ? directory.slice(0, -'/conf'.length) : directory,
    variables: new Map(environment),
    defines: new Set(),
    modules: staticModules(),
    macros: new Map(),
    lines: new Map(),
    configFiles: [],
    stack: [],
    inclusions: 0,
    bytes: 0,
    full: false,
  };
  const directives: ApacheDirective[] = [];
  includeFiles(reading, configFile, { optional: false, at: undefined }, (file, lines) =>
    readLines(reading, file, lines, directives),
  );
  const { configFiles, serverRoot, modules, failure } = reading;
  return { directives, configFiles, serverRoot, modules, ...(failure && { failure }) };
}

/** A section that is open in the file that is being read. */
interface Open {
  written: string;
  line: number;
  into: ApacheDirective[];
  /** A condition that holds: httpd does not mind if it is never closed. */
  transparent: boolean;
}

/** Every file must close the sections that it opens. */
function readLines(reading: Reading, file: string, lines: ConfigLine[], into: ApacheDirective[]): void {
  const open: Open[] = [];
  for (let index = 0; index < lines.length && !reading.full; index++) {
    const current = lines[index];
    if (!current) continue;
    const { word, rest } = takeWord(current.text);
    const name = withVariables(word, reading.variables);
    const at = { file, line: current.line };
    if (!mayGoOn(reading, at)) break;
    const target = open.at(-1)?.into ?? into;
    if (name.startsWith('</')) closeSection(reading, open, name, at);
    else if (name.startsWith('<')) index = openSection(reading, { open, target, lines, index, file }, name, rest);
    else if (name !== '') {
      const args = wordsOf(rest, reading.variables);
      reading.bytes += args.reduce((sum, arg) => sum + arg.length, 0);
      const answer = directiveAtOnce(reading, name.toLowerCase(), args, at);
      if (answer.kind === 'include')
        includeFiles(reading, answer.path, { optional: answer.optional, at }, (each, more) =>
          readLines(reading, each, more, target),
        );
      else if (answer.kind === 'macro') {
        if (!mayEnter(reading, answer.name, at)) continue;
        reading.stack.push(answer.name);
        readLines(reading, answer.file, answer.lines, target);
        reading.stack.pop();
      } else if (answer.kind === 'later')
        target.push({ name: name.toLowerCase(), written: name, args, file, line: current.line });
    }
  }
  const unclosed = open.find(({ transparent }) => !transparent);
  if (unclosed) note(reading, `<${unclosed.written}> was not closed.`, { file, line: unclosed.line });
}

function closeSection(reading: Reading, open: Open[], name: string, at: { file: string; line: number }): void {
  const last = open.at(-1);
  const closed = name.replace(/>$/, '');
  if (!last) note(reading, `${closed}> without matching <${closed.slice(2)}> section`, at);
  else if (!name.endsWith('>')) note(reading, `${closed}> directive missing closing '>'`, at);
  else if (closed.slice(2).toLowerCase() !== last.written.toLowerCase())
    note(reading, `Expected </${last.written}> but saw ${closed}>`, at);
  open.pop();
}

interface Around {
  open: Open[];
  target: ApacheDirective[];
  lines: ConfigLine[];
  index: number;
  file: string;
}

/** Answers with the index of the last line that it has taken. */
function openSection(reading: Reading, around: Around, name: string, rest: string): number {
  const { open, target, lines, index, file } = around;
  const written = name.slice(1).replace(/>$/, '');
  const section = written.toLowerCase();
  const line = lines[index]?.line ?? 1;
  const end = rest.lastIndexOf('>');
  const unfinished = end < 0 && !name.endsWith('>');
  const args = wordsOf(end < 0 ? rest : rest.slice(0, end), reading.variables);

  if (section === 'macro') return defineMacro(reading, around, args);
  const holds = conditionHolds(reading, section, args);
  if (holds !== undefined) {
    const missing = unfinished ? "directive missing closing '>'" : 'directive requires additional arguments';
    if (unfinished || args.length === 0) note(reading, `<${written}> ${missing}`, { file, line });
    if (!holds) return passOver(reading, around, written);
    open.push({ written, line, into: target, transparent: true });
    return index;
  }
  const block: ApacheDirective[] = [];
  if (open.length < apacheLimits.sections)
    target.push({ name: section, written, args, file, line, block, ...(unfinished && { open: true }) });
  else note(reading, `sections are nested more than ${apacheLimits.sections} deep`, { file, line });
  open.push({ written, line, into: block, transparent: false });
  return index;
}

/** As ap_soak_end_container: what is inside is not read, but sections in it must match. The place is the opening line's. */
function passOver(reading: Reading, { lines, index, file }: Around, outermost: string): number {
  const names = [outermost];
  const place = { file, line: lines[index]?.line ?? 1 };
  for (let at = index + 1; at < lines.length; at++) {
    const { word } = takeWord(lines[at]?.text ?? '');
    const closed = /^<\/([^>]*)/.exec(word)?.[1];
    if (closed !== undefined) {
      const expected = names.pop() ?? '';
      if (closed.toLowerCase() !== expected.toLowerCase())
        note(reading, `Expected </${expected}> but saw </${closed}>`, place);
      if (names.length === 0) return at;
    } else if (word.startsWith('<')) names.push(word.slice(1).replace(/>$/, ''));
  }
  note(reading, `Expected </${names.at(-1) ?? ''}> before end of configuration`, place);
  return lines.length;
}

/** `<Macro NAME PARAMETER...>` keeps its lines for `Use` (mod_macro). */
function defineMacro(reading: Reading, { lines, index, file }: Around, args: string[]): number {
  const [name = '', ...parameters] = args;
  let end = index + 1;
  while (end < lines.length && !/^<\/macro>/i.test(lines[end]?.text ?? '')) end++;
  const line = lines[index]?.line ?? 1;
  if (name === '') note(reading, '<Macro> macro definition without name', { file, line });
  if (end === lines.length) note(reading, 'Expected </Macro> before end of configuration', { file, line });
  reading.macros.set(name.toLowerCase(), { parameters, lines: lines.slice(index + 1, end), file });
  return end;
}
