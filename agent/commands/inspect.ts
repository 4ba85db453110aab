import { resolve } from 'node:path';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Failure, FailureReason } from '@certherd/protocol/failure';
import { type Bundle, readBundle } from '../formats/bundle.ts';
import { keyBelongsTo } from '../formats/private-key.ts';
import type { Clock, Files } from '../ports.ts';
import { type Inspection, viewOf } from './inspect-view.ts';
import { printable, printableJson } from '@certherd/command-line/printable';

export interface InspectOptions {
  json: boolean;
  /** A file whose first line is tried as password of PKCS#12 files, after an empty one. */
  passwordFile?: string;
}

export interface InspectPorts {
  files: Files;
  clock: Clock;
  write(text: string): void;
  writeError(text: string): void;
  colour: boolean;
  /** Width of the terminal in characters. */
  columns: number;
}

/** `inspect --json`, version 1: one entry for each file named, in order, whether it could be read or not. */
export interface InspectJson {
  version: 1;
  files: { path: string; format: Bundle['format']; certificates: Certificate[]; keys: number; failure?: Failure }[];
}

/**
 * Says what is in certificate files: PEM, DER, PKCS#7, PKCS#12. Gives the exit code: 0 when all was read, 1 when any file, or any
 * part of one, could not be; each of those gets one line that says what to do next.
 */
export async function inspectCommand(
  paths: readonly string[],
  options: InspectOptions,
  ports: InspectPorts,
): Promise<number> {
  const passwords = passwordsOf(options, ports);
  const inspections: Inspection[] = [];
  for (const path of paths) inspections.push(await inspectFile(path, passwords.values, ports.files));

  if (options.json) ports.write(`${printableJson(jsonOf(inspections))}\n`);
  else for (const inspection of inspections) show(inspection, options, ports);
  return passwords.ok && inspections.every(({ failure }) => failure === undefined) ? 0 : 1;
}

async function inspectFile(path: string, passwords: readonly string[], files: Files): Promise<Inspection> {
  const content = files.read(resolve(path));
  if (!content.ok) return { path, format: 'unknown', certificates: [], keys: 0, failure: content.failure };
  const { bytes } = content.value;
  try {
    return { path, ...(await openFile(bytes, passwords)) };
  } finally {
    // it may hold a key
    bytes.fill(0);
  }
}

async function openFile(bytes: Uint8Array, passwords: readonly string[]): Promise<Omit<Inspection, 'path'>> {
  const bundle = readBundle(bytes);
  if (bundle.format === 'pkcs7' || bundle.format === 'pkcs12') {
    // node-forge is only loaded where a container has to be read
    const { readPkcs7, readPkcs12 } = await import('../formats/container.ts');
    return bundle.format === 'pkcs7' ? readPkcs7(bytes) : readPkcs12(bytes, passwords);
  }
  const answers = bundle.keys > 0 ? bundle.certificates.map(({ der }) => keyBelongsTo(bytes, der)) : [];
  if (!answers.some(({ ok }) => ok)) return bundle;
  return { ...bundle, keyOf: answers.findIndex((answer) => answer.ok && answer.value) };
}

function jsonOf(inspections: readonly Inspection[]): InspectJson {
  return {
    version: 1,
    files: inspections.map(({ path, format, certificates, keys, failure }) => ({
      path,
      format,
      certificates: certificates.map(({ certificate }) => certificate),
      keys,
      ...(failure ? { failure } : {}),
    })),
  };
}

function show(inspection: Inspection, options: InspectOptions, ports: InspectPorts): void {
  const { certificates, keys, failure, path } = inspection;
  if (certificates.length > 0 || keys > 0) ports.write(viewOf(inspection, ports));
  if (!failure) return;
  // a failure of the file itself names it already
  const what = failure.detail.startsWith(resolve(path)) ? failure.detail : `${path}: ${failure.detail}`;
  ports.writeError(`${printable(what)}; ${nextStep(failure.reason, keys, options)}\n`);
}

function passwordsOf(options: InspectOptions, ports: InspectPorts): { ok: boolean; values: string[] } {
  if (options.passwordFile === undefined) return { ok: true, values: [''] };
  const content = ports.files.read(resolve(options.passwordFile));
  if (!content.ok) {
    const { detail, reason } = content.failure;
    ports.writeError(`--password-file: ${printable(detail)}; ${nextStep(reason, 0, options)}\n`);
    return { ok: false, values: [''] };
  }
  const [line = ''] = Buffer.from(content.value.bytes).toString('utf8').split(/\r?\n/, 1);
  content.value.bytes.fill(0);
  return { ok: true, values: ['', line] };
}

/** What a person does about it. */
function nextStep(reason: FailureReason, keys: number, options: InspectOptions): string {
  switch (reason) {
    case 'not-found':
      return 'check the path';
    case 'permission-denied':
      return 'run it as a user who may read the file, for instance with sudo';
    case 'not-a-regular-file':
      return 'name a file, not a directory, pipe or device';
    case 'too-large':
      return 'a certificate file is rarely over 100 KiB: is it the right one?';
    case 'empty':
      return 'restore it from a backup, or issue the certificate anew';
    case 'no-certificate':
      return keys > 0 ? 'name the certificate file that belongs to it' : 'is it the right file?';
    case 'password-needed':
      return options.passwordFile === undefined
        ? 'put its password into a file and add --password-file FILE'
        : 'check the password in the file that --password-file names';
    case 'too-many-certificates':
      return 'split the file to see the rest';
    case 'malformed':
      return 'copy it again from where it was issued';
    default:
      return 'convert it with openssl and try again';
  }
}
