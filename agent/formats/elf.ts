/** For which processor a program is: `another` than these two, or undefined where the bytes begin no 64-bit ELF program. */
export type Processor = 'x64' | 'arm64' | 'another';

/** So many bytes at the beginning of a file are enough. */
export const elfHeaderBytes = 64;

/** Reads the header of an executable (elf(5)): magic, 64 bit, kind ET_EXEC or ET_DYN, machine. */
export function processorOf(bytes: Uint8Array): Processor | undefined {
  if (bytes.length < 20 || magic.some((byte, at) => bytes[at] !== byte)) return undefined;
  if (bytes[4] !== 2) return 'another';
  // Big-endian programs are for processors on which there is no agent.
  if (bytes[5] !== 1) return 'another';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = view.getUint16(16, true);
  if (kind !== 2 && kind !== 3) return undefined;
  return machines.get(view.getUint16(18, true)) ?? 'another';
}

const magic = [0x7f, 0x45, 0x4c, 0x46];
const machines = new Map<number, Processor>([
  [62, 'x64'],
  [183, 'arm64'],
]);
