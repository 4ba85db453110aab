import { redacted } from './redact.ts';

/** What nginx tells of its own life in an error log; everything else in there is about requests. */
export type LogEvent =
  /** The master was told to read its config again (only written where the log's level is notice or lower). */
  | { kind: 'reconfiguring' }
  /** A master started this worker (level notice): what it loaded before that is in service. */
  | { kind: 'worker-started'; worker: number }
  /** A worker takes no new connections and ends with its last one (level notice). */
  | { kind: 'shutting-down' }
  /** bind(2) was refused: `errno` is 98 (in use), 13 (not permitted), 99 (no such address). */
  | { kind: 'bind-failed'; address: string; errno: number }
  /** The end of five tries to bind: the config that asked for it was given up. */
  | { kind: 'still-unbound' }
  /** A certificate or key could not be loaded, or the two do not belong together. */
  | { kind: 'certificate-refused'; path?: string }
  /** A file could not be opened: at a reload, or when logs are reopened. */
  | { kind: 'open-failed'; path: string }
  /** Logs are being reopened (level notice). */
  | { kind: 'reopening' }
  /** Any other refusal of a config, with the place that nginx names; `missing` is a file that it names there and did not find. */
  | { kind: 'config-refused'; path?: string; line?: number; missing?: string };

export interface LogEntry {
  /** Milliseconds since 1970, cut to the second by nginx, which may be up to 3 s early: it keeps one time while it retries. */
  at: number;
  level: string;
  pid: number;
  /** nginx's own words, secrets removed, 1000 characters at most. */
  words: string;
  event: LogEvent;
}

const line = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) \[(\w+)\] (\d+)#\d+: (?:\*\d+ )?(.*)$/;
const mostEntries = 2000;

/**
 * The entries of an error log's end that tell of nginx itself, in the order of writing. Times are read in this host's zone, as nginx
 * writes them; a log whose last entry would then be younger than its file was written in another zone, and nothing is told.
 */
export function readErrorLog(text: string, modifiedAt: number): LogEntry[] {
  const entries: LogEntry[] = [];
  let last = 0;
  for (const written of text.split('\n')) {
    const [, year, month, day, hour, minute, second, level = '', pid, words = ''] = line.exec(written) ?? [];
    if (year === undefined) continue;
    const at = new Date(+year, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)).getTime();
    last = Math.max(last, at);
    const told = redacted(words);
    const event = eventOf(level, told);
    if (event) entries.push({ at, level, pid: Number(pid), words: told.slice(0, 1000), event });
  }
  return last > modifiedAt + 2000 ? [] : entries.slice(-mostEntries);
}

function eventOf(level: string, words: string): LogEvent | undefined {
  if (level === 'emerg') return refusalOf(words);
  if (level !== 'notice') return undefined;
  if (/^signal \d+ \(SIGHUP\) received.*reconfiguring$|^reconfiguring$/.test(words)) return { kind: 'reconfiguring' };
  if (words.startsWith('gracefully shutting down')) return { kind: 'shutting-down' };
  if (words.startsWith('reopening logs')) return { kind: 'reopening' };
  const [, worker] = /^start worker process (\d+)$/.exec(words) ?? [];
  return worker === undefined ? undefined : { kind: 'worker-started', worker: Number(worker) };
}

function refusalOf(words: string): LogEvent {
  const [, address, errno] = /^bind\(\) to (.+) failed \((\d+):/.exec(words) ?? [];
  if (address !== undefined) return { kind: 'bind-failed', address, errno: Number(errno) };
  if (words.startsWith('still could not bind')) return { kind: 'still-unbound' };
  const [, path] = /"([^"]+)"/.exec(words) ?? [];
  if (/^cannot load certificate|^SSL_CTX_|^PEM_|^SSL_|^d2i_|key values mismatch/.test(words)) {
    return path?.startsWith('/') ? { kind: 'certificate-refused', path } : { kind: 'certificate-refused' };
  }
  const place = placeOf(words);
  const missing = path !== undefined && /^open\(\) "[^"]+" failed \(2: /.test(words) ? { missing: path } : {};
  if (place) return { kind: 'config-refused', ...place, ...missing };
  if (words.startsWith('open() ') && path !== undefined) return { kind: 'open-failed', path };
  return { kind: 'config-refused' };
}

/** "… in /FILE:LINE". Looked for from both ends: one pattern for both takes the square of a line's length. */
function placeOf(words: string): { path: string; line: number } | undefined {
  const [tail, number] = /:(\d+)$/.exec(words) ?? [];
  const from = words.indexOf(' in /') + ' in '.length;
  if (tail === undefined || from < ' in '.length) return undefined;
  const path = words.slice(from, -tail.length);
  return path.length > 1 ? { path, line: Number(number) } : undefined;
}
