import { fromServerRoot } from '../../formats/apache-deployments.ts';
import type { ConfigLine } from '../../formats/apache-lines.ts';
import { noteModule } from '../../formats/apache-modules.ts';
import { note, type Place, type Reading } from './apache-reading.ts';

export type Answer =
  | { kind: 'done' }
  /** A directive that httpd hands to its module once all is read. */
  | { kind: 'later' }
  | { kind: 'include'; path: string; optional: boolean }
  | { kind: 'macro'; name: string; file: string; lines: ConfigLine[] };

const done: Answer = { kind: 'done' };

/** Carries out a directive that httpd obeys while it still reads (EXEC_ON_READ), since what follows depends on it. */
export function directiveAtOnce(reading: Reading, name: string, args: string[], at: Place): Answer {
  const [first = '', second] = args;
  switch (name) {
    case 'include':
    case 'includeoptional':
      if (args.length !== 1) return refuse(reading, `${name} takes one argument`, at);
      return { kind: 'include', path: fromServerRoot(reading.serverRoot, first), optional: name === 'includeoptional' };
    case 'serverroot':
      if (args.length !== 1) return refuse(reading, 'ServerRoot takes one argument', at);
      reading.serverRoot = fromServerRoot(reading.serverRoot, first);
      return done;
    case 'define':
      return define(reading, args, at);
    case 'undefine':
      reading.variables.delete(first);
      reading.defines.delete(first);
      return done;
    case 'loadmodule':
      if (second === undefined || args.length > 2) return refuse(reading, 'LoadModule takes two arguments', at);
      noteModule(reading.modules, first, second);
      return done;
    case 'error':
      return refuse(reading, args.join(' '), at);
    case 'use':
      return useMacro(reading, args, at);
    default:
      return { kind: 'later' };
  }
}

function refuse(reading: Reading, detail: string, at: Place): Answer {
  note(reading, detail, at);
  return done;
}

function define(reading: Reading, args: string[], at: Place): Answer {
  const [name, value] = args;
  if (name === undefined || args.length > 2) return refuse(reading, 'Define takes 1-2 arguments', at);
  if (name.includes(':')) return refuse(reading, 'Variable name must not contain colon', at);
  reading.defines.add(name);
  if (value !== undefined) reading.variables.set(name, value);
  return done;
}

function useMacro(reading: Reading, [name = '', ...values]: string[], at: Place): Answer {
  const macro = reading.macros.get(name.toLowerCase());
  if (!macro) return refuse(reading, `macro '${name}' undefined`, at);
  if (values.length !== macro.parameters.length)
    return refuse(reading, `macro '${name}' used with ${values.length} arguments, not ${macro.parameters.length}`, at);
  const length = macro.lines.reduce((sum, { text }) => sum + text.length, 0);
  reading.bytes += length;
  // each place of the text is compared with each parameter
  if (length * values.length > mostComparisons) return refuse(reading, `macro '${name}' is too large`, at);
  const lines = macro.lines.map(({ text, line }) => ({ text: replaced(text, macro.parameters, values), line }));
  return { kind: 'macro', name: `macro ${name.toLowerCase()}`, file: macro.file, lines };
}

/** Some 0.2 s; real macros take a few thousand. */
const mostComparisons = 10_000_000;

/** mod_macro replaces text, not words, and of two parameters that begin alike the longer one. */
function replaced(text: string, parameters: string[], values: string[]): string {
  const byLength = parameters.map((parameter, index) => ({ parameter, value: values[index] ?? '' }));
  byLength.sort((a, b) => b.parameter.length - a.parameter.length);
  let result = '';
  for (let at = 0; at < text.length; ) {
    const found = byLength.find(({ parameter }) => parameter !== '' && text.startsWith(parameter, at));
    result += found ? found.value : text.charAt(at);
    at += found ? found.parameter.length : 1;
  }
  return result;
}
