/** What httpd knows of its modules while it reads: `LoadModule` adds to them, `<IfModule>` asks. */
export type ApacheModules = Set<string>;

/** The modules that Debian's and RHEL's httpd have built in, by both of their names. */
export function staticModules(): ApacheModules {
  return new Set(
    [
      ['core.c', 'core_module', 'mod_so.c', 'so_module', 'http_core.c', 'http_module'],
      ['mod_watchdog.c', 'watchdog_module', 'mod_log_config.c', 'log_config_module', 'mod_logio.c', 'logio_module'],
      ['mod_version.c', 'version_module', 'mod_unixd.c', 'unixd_module'],
    ].flat(),
  );
}

/** Notes `LoadModule NAME PATH` under the two names that `<IfModule>` accepts: the identifier and the source file. */
export function noteModule(modules: ApacheModules, name: string, path: string): void {
  modules.add(name);
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/\.so$/, '');
  // The source files of the MPMs are named otherwise than what they are built into.
  modules.add(`${file.replace(/^mod_mpm_/, '').replace(/^libphp.*$/, 'mod_php')}.c`);
}

/**
 * Does this config load its modules, as the distributions' do, so that one that it does not load is not there? A build
 * with everything inside has its MPM inside as well, and only the program itself could tell what else.
 */
export function loadsItsModules(modules: ApacheModules): boolean {
  return [...modules].some((name) => name.startsWith('mpm_'));
}

/** `<IfVersion>` is judged as any httpd of the 2.4 line would, the only one since 2012 that is kept up. */
export function versionFits(words: string[]): boolean {
  const [operator = '=', wanted = ''] = words.length > 1 ? words : ['=', words[0] ?? ''];
  const negated = operator.startsWith('!');
  const kind = negated ? operator.slice(1) : operator;
  const found = [2, 4, 60];
  if (kind === '~' || /^\/.*\/$/.test(wanted)) return !negated;
  const compared = compare(found, wanted.split('.').map(Number));
  const fits =
    kind === '>' ? compared > 0 : kind === '<' ? compared < 0 : kind === '>=' ? compared >= 0 : compared <= 0;
  const answer = kind === '=' || kind === '==' || kind === '' ? compared === 0 : fits;
  return answer !== negated;
}

/** Numbers that are not written do not count: 2.4 is every 2.4.x here. */
function compare(found: number[], wanted: number[]): number {
  const at = wanted.findIndex((part, index) => part !== found[index]);
  return at < 0 ? 0 : (found[at] ?? 0) - (wanted[at] ?? 0);
}
