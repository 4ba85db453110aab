import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { elfHeaderBytes, processorOf } from '../../../agent/formats/elf.ts';

test('the program that runs this is for the processor that runs it', (t) => {
  const header = readFileSync(process.execPath).subarray(0, elfHeaderBytes);
  t.is(processorOf(header), process.arch === 'x64' || process.arch === 'arm64' ? process.arch : 'another');
});

test('scripts, objects, and what is cut off are no programs; 32 bits and big ends are for another processor', (t) => {
  const header = (...changed: [number, number][]) => {
    const bytes = new Uint8Array(elfHeaderBytes);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes.set([3, 0, 62, 0], 16);
    for (const [at, byte] of changed) bytes[at] = byte;
    return bytes;
  };
  t.is(processorOf(header()), 'x64');
  t.is(processorOf(header([16, 2], [18, 183])), 'arm64');
  t.is(processorOf(header([18, 243])), 'another', 'RISC-V');
  t.is(processorOf(header([4, 1])), 'another', '32 bits');
  t.is(processorOf(header([5, 2])), 'another', 'big-endian');
  t.is(processorOf(header([16, 1])), undefined, 'an object file');
  t.is(processorOf(header().subarray(0, 19)), undefined);
  t.is(processorOf(new TextEncoder().encode('#!/bin/sh\nexit 0\n#################')), undefined);
});

test('any bytes are read to their end without an exception', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        processorOf(bytes);
      }),
    ),
  );
});
