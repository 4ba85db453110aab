/**
 * Does this text (a unit's ExecStart, a crontab's command, a whole script) renew the lineages under `configDirectory`?
 * certbot without --config-dir works on /etc/letsencrypt. "letsencrypt" and "certbot-auto" are its older names.
 */
export function renewsWithCertbot(text: string, configDirectory: string): boolean {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.slice(0, longestLine))
    .filter((line) => !/^\s*#/.test(line) && renews(line))
    .some((line) => {
      const [, named] = /--config-dir(?:=|\s)\s*["']?([^\s"']+)/.exec(line) ?? [];
      return plain(named ?? '/etc/letsencrypt') === plain(configDirectory);
    });
}

/** Any local user may write a crontab: a line of a mebibyte is not worth reading. */
const longestLine = 4096;

function renews(line: string): boolean {
  if (/(?:^|[\s/"'])certbot\.renew(?:["'\s]|$)/.test(line)) return true;
  const call = /(?:^|[\s/"'`(;&|])(?:certbot|certbot-auto|letsencrypt|letsencrypt-auto)["']?\s/.exec(line);
  return call !== null && /\b(?:renew|certonly)\b/.test(line.slice(call.index));
}

function plain(path: string): string {
  return path.replace(/\/+$/, '');
}

/** Debian's cron job steps back where systemd runs: `! -d /run/systemd/system` (its timer takes over). */
export function stepsBackForSystemd(command: string): boolean {
  return /!\s+-d\s+\/run\/systemd\/system\b/.test(command);
}
