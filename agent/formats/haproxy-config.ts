import { type Bind, haproxyBind } from './haproxy-bind.ts';
import { conditionIn } from './haproxy-conditions.ts';
import { haproxyWords } from './haproxy-words.ts';

export interface Place {
  file: string;
  line: number;
}

/** A `crt-store` entry (HAProxy 3.0 and later). */
export interface StoredCertificate {
  /** "@STORE/NAME" or, in the store without a name, the bare one; NAME is the alias, else the path as written. */
  names: string[];
  path: string;
  keyPath?: string;
}

export interface HaproxyConfig {
  /** Every bind of a section that listens, in order. */
  binds: (Bind & Place)[];
  certificateBase?: string;
  keyBase?: string;
  /** `default-path`: what relative paths belong to. */
  relativeTo: { kind: 'current' | 'config' | 'parent' } | { kind: 'origin'; directory: string };
  /** Does HAProxy look for PATH.key, and does it first take ".crt" away? */
  extraKeys: boolean;
  withoutExtension: boolean;
  store: StoredCertificate[];
  /** In the order in which HAProxy would tell them. */
  faults: (Place & { detail: string })[];
}

/**
 * Reads config files in their order, as HAProxy's readcfgfile does; the sections that have no listeners are passed over.
 * `isSpent` is asked before each line: from its first true on nothing more is read.
 */
export function readHaproxyConfig(
  texts: { file: string; text: string }[],
  isSpent: () => boolean = () => false,
): HaproxyConfig {
  const config: HaproxyConfig = {
    binds: [],
    relativeTo: { kind: 'current' },
    extraKeys: true,
    withoutExtension: false,
    store: [],
    faults: [],
  };
  const variables = new Map<string, string>();
  for (const { file, text } of texts)
    readFile({ config, variables, section: '', unixPrefix: '', branches: [] }, file, text, isSpent);
  return config;
}

interface Reading {
  config: HaproxyConfig;
  variables: Map<string, string>;
  /** The keyword that opened the section. */
  section: string;
  unixPrefix: string;
  /** One for each `.if` that is open. */
  branches: Branch[];
  store?: { name: string; certificateBase?: string; keyBase?: string };
}

interface Branch {
  taking: boolean;
  /** A branch was taken, or none may be. */
  settled: boolean;
  otherwise: boolean;
}

function readFile(reading: Reading, file: string, text: string, isSpent: () => boolean): void {
  const lines = text.split('\n');
  for (const [index, content] of lines.entries()) {
    if (isSpent()) return;
    const place = { file, line: index + 1 };
    const { words, fault } = haproxyWords(content, reading.variables);
    const skipping = reading.branches.some(({ taking }) => !taking);
    if (fault !== undefined && !skipping) object(reading, place, fault);
    const [keyword = '', ...args] = words;
    if (keyword.startsWith('.')) macro(reading, place, keyword, args);
    else if (keyword !== '' && !skipping && fault === undefined) statement(reading, place, keyword, args);
  }
  const cut = lines.at(-1) !== '';
  const last = { file, line: Math.max(cut ? lines.length : lines.length - 1, 1) };
  if (cut) object(reading, last, 'Missing LF on last line, file might have been truncated');
  if (reading.branches.length > 0) object(reading, last, "non-terminated '.if' block.");
}

function object({ config }: Reading, place: Place, detail: string): void {
  config.faults.push({ ...place, detail });
}

/** HAProxy's own limit. */
const deepestNesting = 64;

function macro(reading: Reading, place: Place, keyword: string, args: string[]): void {
  const { branches } = reading;
  const current = branches.at(-1);
  const outside = branches.slice(0, -1).every(({ taking }) => taking);
  if (keyword === '.if' && branches.length === deepestNesting)
    object(reading, place, `too many nested '.if', max is ${deepestNesting}`);
  else if (keyword === '.if') {
    const reached = branches.every(({ taking }) => taking);
    const holds = reached && evaluate(reading, place, args, keyword);
    branches.push({ taking: holds, settled: holds || !reached, otherwise: false });
  } else if (keyword === '.elif' || keyword === '.else') {
    if (!current || current.otherwise) object(reading, place, `lone '${keyword}' with no matching '.if'.`);
    else {
      const holds = !current.settled && outside && (keyword === '.else' || evaluate(reading, place, args, keyword));
      current.taking = holds;
      current.settled ||= holds;
      current.otherwise = keyword === '.else';
    }
  } else if (keyword === '.endif') {
    if (!branches.pop()) object(reading, place, "lone '.endif' with no matching '.if'.");
  } else if (keyword === '.alert' && branches.every(({ taking }) => taking)) object(reading, place, args.join(' '));
  else if (!['.notice', '.warning', '.diag', '.alert'].includes(keyword))
    object(reading, place, `unknown directive '${keyword}'.`);
}

function evaluate(reading: Reading, place: Place, args: string[], keyword: string): boolean {
  const answer = conditionIn(args.join(' '), reading.variables);
  if (!answer.ok) object(reading, place, `unparsable conditional expression '${args.join(' ')}' in '${keyword}'`);
  return answer.ok && answer.value;
}

const proxies: ReadonlySet<string> = new Set(['frontend', 'listen', 'backend']);
const listening: ReadonlySet<string> = new Set(['frontend', 'listen', 'peers', 'log-forward']);
const sections: ReadonlySet<string> = new Set(
  [
    'global defaults frontend listen backend peers log-forward crt-store userlist mailers resolvers cache program ring',
    'http-errors fcgi-app namespace_list log-profile traces acme',
  ].flatMap((line) => line.split(' ')),
);

function statement(reading: Reading, place: Place, keyword: string, args: string[]): void {
  const [first, second] = args;
  if (sections.has(keyword)) {
    reading.section = keyword;
    if (proxies.has(keyword) && first === undefined) object(reading, place, `'${keyword}' expects an <id> argument`);
    if (proxies.has(keyword) && second?.includes(':'))
      object(reading, place, "please use the 'bind' keyword for listening addresses.");
    if (keyword === 'crt-store') reading.store = { name: first ?? '' };
  } else if (reading.section === '') object(reading, place, `unknown keyword '${keyword}' out of section.`);
  else if (reading.section === 'global') globalStatement(reading, place, keyword, args);
  else if (reading.section === 'crt-store') storeStatement(reading, keyword, args);
  else if (keyword === 'bind' && reading.section === 'defaults')
    object(reading, place, "'bind' not allowed in 'defaults' section.");
  else if (keyword === 'bind' && listening.has(reading.section)) {
    const bind = haproxyBind(args, reading.unixPrefix);
    reading.config.binds.push({ ...bind, ...place });
    if (bind.fault !== undefined) object(reading, place, bind.fault);
  }
}

function globalStatement(reading: Reading, place: Place, keyword: string, args: string[]): void {
  const { config, variables } = reading;
  const [first, second] = args;
  if (keyword === 'crt-base' || keyword === 'key-base') {
    const field = keyword === 'crt-base' ? 'certificateBase' : 'keyBase';
    if (first === undefined)
      object(reading, place, `global statement '${keyword}' expects a directory path as an argument.`);
    else if (config[field] !== undefined) object(reading, place, `'${keyword}' already specified.`);
    else config[field] = first;
  } else if (keyword === 'setenv' && first !== undefined) variables.set(first, second ?? '');
  else if (keyword === 'presetenv' && first !== undefined && !variables.has(first)) variables.set(first, second ?? '');
  else if (keyword === 'unsetenv') for (const name of args) variables.delete(name);
  else if (keyword === 'unix-bind' && args.includes('prefix'))
    reading.unixPrefix = args[args.indexOf('prefix') + 1] ?? '';
  else if (keyword === 'ssl-load-extra-files') config.extraKeys = args.includes('all') || args.includes('key');
  else if (keyword === 'ssl-load-extra-del-ext') config.withoutExtension = true;
  else if (keyword === 'default-path' && first === 'origin')
    config.relativeTo = { kind: 'origin', directory: second ?? '' };
  else if (keyword === 'default-path' && (first === 'config' || first === 'parent' || first === 'current'))
    config.relativeTo = { kind: first };
}

function storeStatement({ config, store }: Reading, keyword: string, args: string[]): void {
  if (!store) return;
  if (keyword === 'crt-base' && args[0] !== undefined) store.certificateBase = args[0];
  else if (keyword === 'key-base' && args[0] !== undefined) store.keyBase = args[0];
  if (keyword !== 'load') return;
  const value = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
  const path = value('crt');
  if (path === undefined) return;
  const names = [path, value('alias')].flatMap((name) => (name === undefined ? [] : [`@${store.name}/${name}`]));
  const key = value('key');
  config.store.push({
    names,
    path: below(store.certificateBase ?? config.certificateBase, path),
    ...(key !== undefined && { keyPath: below(store.keyBase ?? config.keyBase, key) }),
  });
}

/** A path below the base that is set for it, where there is one and the path is relative. */
export function below(base: string | undefined, path: string): string {
  return base === undefined || path.startsWith('/') ? path : `${base}/${path}`;
}
