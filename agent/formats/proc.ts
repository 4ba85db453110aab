/** One process as /proc/PID/stat tells of it (proc(5)). */
export interface ProcessStat {
  /** The program's name, 15 bytes at most. */
  name: string;
  parent: number;
  /** Milliseconds after boot. */
  startedAfterBoot: number;
}

/** Linux tells times in hundredths of a second (USER_HZ) on every architecture that Node runs on. */
const tickMs = 10;

/** The name stands in brackets and may hold brackets and spaces itself; fields are counted from the last one. */
export function readStat(text: string): ProcessStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const parent = Number(fields[1]);
  const ticks = Number(fields[19]);
  if (!Number.isInteger(parent) || !Number.isInteger(ticks)) return undefined;
  return { name: text.slice(open + 1, close), parent, startedAfterBoot: ticks * tickMs };
}

/**
 * When the machine was booted, milliseconds since 1970, by its uptime (to 10 ms). Undefined where btime of /proc/stat disagrees: then one
 * of the two belongs to a container and not to the machine, and no start time can be told.
 */
export function bootTime(uptime: string, stat: string, now: number): number | undefined {
  const seconds = Number(/^([\d.]+)/.exec(uptime)?.[1] ?? Number.NaN);
  const btime = Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? Number.NaN);
  const booted = now - seconds * 1000;
  return Math.abs(booted - btime * 1000) < 3000 ? booted : undefined;
}

export interface ListeningSocket {
  /** As addressKey() writes it. */
  key: string;
  port: number;
  inode: string;
}

/** Is every listening socket in this beginning of /proc/net/tcp or tcp6? The kernel writes them before all others (tcp_seq_start). */
export function isPastListening(text: string): boolean {
  const end = text.lastIndexOf('\n');
  const last = text.slice(text.lastIndexOf('\n', end - 1) + 1, Math.max(0, end));
  const state = /^\s*\d+: \S+ \S+ ([0-9A-F]{2}) /.exec(last)?.[1];
  return state !== undefined && state !== '0A';
}

/** Of a row in state LISTEN its local address, port and inode: what comes between are a queue, a timer, retransmits, user and timeout. */
const listening =
  /^ *\d+: ((?:[0-9A-F]{8}){1,4}):([0-9A-F]{4}) [0-9A-F:]+ 0A [0-9A-F:]+ [0-9A-F:]+ [0-9A-F]+ +\d+ +\d+ (\d+)/gm;

/** The sockets in state LISTEN of /proc/net/tcp or tcp6. Addresses there are 32-bit words, the first byte last. */
export function listeningSockets(text: string): ListeningSocket[] {
  return Array.from(text.matchAll(listening), ([, address = '', port = '', inode = '']) => ({
    key: address.replace(/(..)(..)(..)(..)/g, '$4$3$2$1').toLowerCase(),
    port: Number.parseInt(port, 16),
    inode,
  }));
}

/** An IP address as hexadecimal digits, 8 for IPv4 and 32 for IPv6; undefined for anything else. */
export function addressKey(address: string): string | undefined {
  if (/^\d+(?:\.\d+){3}$/.test(address))
    return address
      .split('.')
      .map((part) => hex(Number(part), 2))
      .join('');
  if (!address.includes(':') || !/^[0-9a-f:]+$/i.test(address)) return undefined;
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  const all = [...first, ...zeros, ...last];
  return all.length === 8 ? all.map((group) => hex(Number.parseInt(group, 16), 4)).join('') : undefined;
}

/** What an nginx process says of itself in its command line. */
export type NginxTitle =
  | { role: 'master'; command: string; config?: string; prefix?: string }
  | { role: 'worker'; shuttingDown: boolean };

/** nginx overwrites its arguments with a title; the rest of that memory is NUL or blank. */
export function nginxTitle(cmdline: string): NginxTitle | undefined {
  if (!cmdline.includes('nginx: ')) return undefined;
  const title = cmdline.replaceAll('\0', ' ').trim();
  const [, command] = /^nginx: master process (.+)$/.exec(title) ?? [];
  if (command !== undefined) {
    const config = optionOf(command, 'c');
    const prefix = optionOf(command, 'p');
    return { role: 'master', command, ...(config && { config }), ...(prefix && { prefix }) };
  }
  if (title === 'nginx: worker process') return { role: 'worker', shuttingDown: false };
  return title === 'nginx: worker process is shutting down' ? { role: 'worker', shuttingDown: true } : undefined;
}

/** "-c FILE" or "-cFILE"; what follows -g is config text, not options. */
function optionOf(command: string, letter: string): string | undefined {
  return new RegExp(` -${letter} ?([^ ]+)`).exec(command.replace(/ -g .*?(?= -[cpe] |$)/, ''))?.[1];
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
