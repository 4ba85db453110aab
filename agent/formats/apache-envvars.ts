/**
 * Reads the variables out of Debian's /etc/apache2/envvars as text; the shell is never run. Assignments of plain words,
 * quoted words and earlier variables are understood (`export NAME=VALUE`, `: ${NAME:=VALUE}`); of several for one name
 * the last counts, so that Debian's SUFFIX is that of a single instance. What a command would tell is left out.
 */
export function readEnvvars(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.length > longestLine) continue;
    const offered = /^\s*:\s+"?\$\{([A-Za-z_]\w*):?=([^}]*)\}/.exec(line);
    if (offered?.[1] !== undefined && !variables.has(offered[1])) assign(variables, offered[1], offered[2] ?? '');
    const given = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line);
    if (given?.[1] !== undefined) assign(variables, given[1], given[2] ?? '');
  }
  return variables;
}

/** Far beyond any real assignment. */
const longestLine = 8192;

function assign(variables: Map<string, string>, name: string, written: string): void {
  const value = shellWord(written, variables);
  if (value !== undefined) variables.set(name, value);
}

/** One word of sh without commands in it; undefined where only a shell could tell. */
function shellWord(text: string, variables: ReadonlyMap<string, string>): string | undefined {
  let word = '';
  let rest = text;
  while (rest !== '' && !/^[\s;#]/.test(rest)) {
    const part = /^'([^']*)'|^"((?:[^"\\`]|\\.)*)"|^((?:[^\s;#'"\\`]|\\.)+)/.exec(rest);
    if (!part) return undefined;
    const raw = part[2] ?? part[3];
    const value = raw === undefined ? part[1] : expanded(raw, variables);
    if (value === undefined) return undefined;
    word += value;
    rest = rest.slice(part[0].length);
  }
  return word;
}

function expanded(text: string, variables: ReadonlyMap<string, string>): string | undefined {
  let unknown = false;
  const value = text.replaceAll(
    /\\(.)|\$\{([A-Za-z_]\w*)(?::?-([^}$]*))?\}|\$([A-Za-z_]\w*)|\$[({]/g,
    (found, escaped: string | undefined, braced: string | undefined, otherwise: string | undefined, bare: string) => {
      if (escaped !== undefined) return escaped;
      const name = braced ?? bare;
      if (name === undefined) unknown ||= found !== '';
      return variables.get(name ?? '') ?? otherwise ?? '';
    },
  );
  return unknown ? undefined : value;
}
