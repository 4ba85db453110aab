/** One line of a crt-list: a certificate and the names that it is for. */
export interface CrtListEntry {
  path: string;
  /** Its own key file, which HAProxy 3.0 and later can be told in the brackets. */
  keyPath?: string;
  /** Names to serve it for, wildcards among them; empty for those in the certificate. */
  names: string[];
  /** Names that a wildcard does not stand for ("!name"). */
  exceptions: string[];
  line: number;
}

export interface CrtList {
  entries: CrtListEntry[];
  fault?: { detail: string; line: number };
}

/** Reads a crt-list: `FILE [OPTION...] NAME...`, as HAProxy's crtlist_parse_file does. Never throws. */
export function readCrtList(text: string): CrtList {
  const list: CrtList = { entries: [] };
  text.split('\n').forEach((content, index, all) => {
    const line = index + 1;
    if (content === '' || content.startsWith('#') || content.startsWith('\r')) return;
    if (line === all.length) list.fault ??= { detail: 'Missing LF on last line, file might have been truncated', line };
    const entry = entryOf(content, line);
    if (typeof entry === 'string') list.fault ??= { detail: entry, line };
    else if (entry) list.entries.push(entry);
  });
  return list;
}

function entryOf(content: string, line: number): CrtListEntry | string | undefined {
  const open = content.indexOf('[');
  const close = content.indexOf(']', open + 1);
  if (open < 0 && close >= 0) return "missing '['";
  const before = wordsIn(open < 0 ? content : content.slice(0, open));
  const options = open < 0 ? [] : wordsIn(content.slice(open + 1, close < 0 ? undefined : close));
  const filters = [...before.slice(1), ...(open < 0 || close < 0 ? [] : wordsIn(content.slice(close + 1)))];
  const [path] = before;
  if (path === undefined) return open < 0 ? undefined : 'file path expected in front of the options';
  const key = options[options.indexOf('key') + 1];
  return {
    path,
    ...(options.includes('key') && key !== undefined && { keyPath: key }),
    names: filters.filter((name) => !name.startsWith('!') && name !== '*'),
    exceptions: filters.filter((name) => name.startsWith('!')).map((name) => name.slice(1)),
    line,
  };
}

function wordsIn(text: string): string[] {
  return text.split(/[ \t\r]+/).filter((word) => word !== '');
}
