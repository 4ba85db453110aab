import fs from 'node:fs';
import path from 'node:path';
import { optionsOf as agentOptions } from '../../agent/commands/command.ts';
import { agentProgram } from '../../agent/commands/program.ts';
import { optionsOf as collectorOptions } from '../../collector/commands/command-table.ts';
import { collectorProgram } from '../../collector/commands/program.ts';
import type { CommandEntry, OptionEntry } from '../../command-line/command.ts';
import { runCommandLine } from '../../command-line/program.ts';
import test from 'ava';
import { contents, kinds } from '../helpers/documented-kinds.ts';
import { codeBlocks, codeSpans, documentedPages, pageText, stagesOf, top } from '../helpers/documented-lines.ts';

const blocks = codeBlocks();
const kindOf = (text: string) => kinds.find(({ line }) => line.test(text));
const commandBlocks = blocks.filter(([first]) => first && kindOf(first.text));
const lines = commandBlocks.flat();

test('every block of code in the docs holds commands of a listed kind, or is no command at all', (t) => {
  t.true(lines.length > 80, `${lines.length} command lines`);
  for (const { place, text } of lines) t.truthy(kindOf(text), `${place}: list it in documented-kinds.ts: ${text}`);
  for (const block of blocks.filter((each) => !commandBlocks.includes(each))) {
    const [first] = block;
    t.true(
      contents.some(({ begins }) => begins.test(first?.text ?? '')),
      `${first?.place}: neither a listed command nor contents: ${first?.text}`,
    );
    for (const { place, text } of block) t.falsy(kindOf(text), `${place}: a command among other things: ${text}`);
  }
  for (const page of documentedPages)
    t.notRegex(pageText(page), /^\s*```/m, `${page}: fenced blocks are not looked into`);
});

test('each kind has a line, and what is not run here has a reason, and a test where there is one', (t) => {
  for (const kind of kinds) {
    const own = lines.filter(({ text }) => kindOf(text) === kind);
    t.true(own.length > 0, `no line is of the kind ${kind.line}`);
    t.is(kind.how === 'elsewhere', kind.why !== undefined, String(kind.line));
    if (kind.shownBy !== undefined) t.true(fs.existsSync(path.join(top, kind.shownBy)), kind.shownBy);
  }
  const counted = (how: string) => lines.filter(({ text }) => kindOf(text)?.how === how).length;
  t.log(`${counted('run')} lines are run here, ${counted('guest')} in a guest, ${counted('elsewhere')} elsewhere`);
});

const programs = {
  'certherd-agent': {
    entries: agentProgram.commands as readonly CommandEntry[],
    flagsOf: flagsFrom(agentProgram.commands, agentOptions),
    understands: (argv: string[]) => runCommandLine(agentProgram, '0', argv, () => {}),
  },
  'certherd-collector': {
    entries: collectorProgram.commands as readonly CommandEntry[],
    flagsOf: flagsFrom(collectorProgram.commands, collectorOptions),
    understands: (argv: string[]) => runCommandLine(collectorProgram, '0', argv, () => {}),
  },
};
const names = Object.keys(programs) as (keyof typeof programs)[];

test('the command line itself understands every line that the docs have of ours', async (t) => {
  let understood = 0;
  for (const { place, text } of blocks.flat()) {
    const [, name, rest] = /^(?:npx |\.\/|ssh \S+ \S*\/)?(certherd-agent|certherd-collector) (.+)$/.exec(text) ?? [];
    const program = names.find((each) => each === name);
    if (!program || rest === undefined) continue;
    t.is(await programs[program].understands(stagesOf(rest)[0] ?? []), 'ran', `${place}: ${text}`);
    understood += 1;
  }
  t.true(understood > 25, `${understood} lines`);
});

test('every command and option that a sentence names exists', (t) => {
  let named = 0;
  for (const { place, text } of codeSpans()) {
    const [, program, rest = text] = /^(?:npx )?(certherd-agent|certherd-collector) (.+)$/.exec(text) ?? [];
    const asked = names.filter((name) => program === undefined || name === program);
    const known = asked.flatMap((name) => {
      const entry = entryOf(name, rest);
      return entry ? [programs[name].flagsOf(entry)] : [];
    });
    // Without the program's name only what has an option is surely meant as a command.
    if (program === undefined && (known.length === 0 || !rest.includes(' --'))) continue;
    t.true(known.length > 0, `${place}: there is no such command: ${text}`);
    for (const [flag] of rest.matchAll(/(?<=\s)--[a-z-]+/g))
      t.true(
        known.some((flags) => flags.includes(flag)),
        `${place}: ${flag} does not exist: ${text}`,
      );
    named += 1;
  }
  t.true(named > 30, `${named} commands`);
});

test('the tables of commands in README are the commands that there are', (t) => {
  for (const name of names) {
    const [, table = ''] = pageText('README.md').split(`| \`${name}\` | |`);
    const told = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `([a-z-]+(?: [a-z][a-z-]*)?)[^`]*` \|/gm)];
    // act is the agent's own, and no person's.
    const expected = programs[name].entries.map((entry) => entry.name).filter((each) => each !== 'act');
    const found = told.map(([, each = '']) => each);
    t.deepEqual(found.toSorted(byText), expected.toSorted(byText));
  }
});

test('package files are named with the version that is built', (t) => {
  const { version } = JSON.parse(fs.readFileSync(path.join(top, 'package.json'), 'utf8')) as { version: string };
  const files = documentedPages.flatMap((page) => [
    ...pageText(page).matchAll(/certherd-(?:agent|collector)[_-](\d[\w.]*?)[_-]\w+\.(?:deb|x86_64\.rpm)/g),
  ]);
  t.true(files.length > 3);
  for (const [file, named] of files) t.is(named, version, file);
});

const byText = (one: string, other: string) => one.localeCompare(other);

function entryOf(name: keyof typeof programs, words: string): CommandEntry | undefined {
  return programs[name].entries.find((entry) => `${words} `.startsWith(`${entry.name} `));
}

function flagsFrom<Entry extends CommandEntry>(
  entries: readonly Entry[],
  optionsOf: (entry: Entry) => OptionEntry[],
): (entry: CommandEntry) => string[] {
  const flags = new Map(entries.map((entry) => [entry.name, optionsOf(entry).map(({ flag }) => flag)]));
  return ({ name }) => [...(flags.get(name) ?? []), '--help'];
}
