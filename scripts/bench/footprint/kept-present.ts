import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const pageBytes = 4096;
const mostAtOnce = 256;

/**
 * Reads all memory that this process has, from outside of it: a machine whose hypervisor takes away what is left alone for minutes
 * then finds it in use. It wakes no thread of the process and brings nothing into memory. Returns the bytes that were read.
 */
export function readMemoryOf(pid: number): number {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const pages = openSync(`/proc/${pid}/pagemap`, 'r');
  try {
    const buffer = Buffer.allocUnsafe(mostAtOnce * pageBytes);
    let bytes = 0;
    for (const mapping of mappingsOf(pid))
      for (const { first, count } of presentRuns(pages, mapping))
        bytes += readUnlessGone(memory, buffer.subarray(0, count * pageBytes), first * pageBytes);
    return bytes;
  } finally {
    closeSync(pages);
    closeSync(memory);
  }
}

/** The process goes on, and may have given back what its mappings told a moment ago: the kernel says EIO then (proc(5)). */
function readUnlessGone(memory: number, into: Buffer, position: number): number {
  try {
    return readSync(memory, into, 0, into.length, position);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EIO') return 0;
    throw error;
  }
}

/** In numbers of pages. What the kernel maps in itself ([vdso] and the like) is nobody's memory, and what cannot be read is left out. */
function mappingsOf(pid: number): { first: number; count: number }[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').trimEnd().split('\n');
  return lines.flatMap((line) => {
    const [, from = '', to = '', name = ''] = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
    if (from === '' || name.startsWith('[v')) return [];
    const first = Number.parseInt(from, 16) / pageBytes;
    return [{ first, count: Number.parseInt(to, 16) / pageBytes - first }];
  });
}

/** Pages that are in memory, those beside each other in one go: bit 63 of the eight bytes that pagemap has for each (proc(5)). */
function* presentRuns(
  pagemap: number,
  mapping: { first: number; count: number },
): Generator<{ first: number; count: number }> {
  const entries = Buffer.allocUnsafe(mostAtOnce * 8);
  for (let done = 0; done < mapping.count; done += mostAtOnce) {
    const wanted = Math.min(mostAtOnce, mapping.count - done);
    const got = readSync(pagemap, entries, 0, wanted * 8, (mapping.first + done) * 8) / 8;
    for (let at = 0; at < got; at += 1) {
      const from = at;
      while (at < got && (entries[at * 8 + 7] ?? 0) & 0x80) at += 1;
      if (at > from) yield { first: mapping.first + done + from, count: at - from };
    }
  }
}
