import type { Outcome, Request } from './act/request.ts';
import type { Failure, Result } from '@certherd/protocol/failure';

/** Time, as a parameter: wall clock for what is written down, timers on the monotonic clock. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Milliseconds on a clock that never jumps. */
  monotonic(): number;
  /** Runs `task` once after `ms`; the returned function cancels it. */
  after(ms: number, task: () => void): () => void;
}

export interface FileContent {
  bytes: Uint8Array;
  /** Milliseconds since 1970. */
  modifiedAt: number;
  /** Permission bits, as 0o640. */
  mode: number;
}

/** Reads only; every answer is a value. Paths are absolute. */
export interface Files {
  /** A regular file of at most 1 MiB, links followed, opened without blocking (a FIFO is a failure, not a hang). */
  read(path: string): Result<FileContent>;
  /** Names in a directory, sorted by code unit. */
  list(path: string): Result<string[]>;
  /** Where a path leads once all links are followed. */
  resolve(path: string): Result<string>;
  /** When the name itself last changed: for a link, the link and not what it leads to. Milliseconds since 1970. */
  linkChangedAt(path: string): Result<number>;
}

export interface Handshake {
  /** DER of the leaf first, then the chain as served. */
  chain: Uint8Array[];
  /** "TLSv1.3" */
  tlsVersion: string;
}

export interface DialTarget {
  /** IP address, or "unix:/path" with port 0. */
  address: string;
  port: number;
  serverName: string;
  /** Offer only signature algorithms of this family. */
  algorithm: 'ecdsa' | 'rsa' | 'ed25519';
  /** Send a PROXY protocol header first. */
  proxyProtocol: boolean;
  timeoutMs: number;
}

/** One TLS handshake; the connection is closed at once, no byte of application data is sent. */
export type Dialer = (target: DialTarget) => Promise<Result<Handshake>>;

/** Runs one action in a process of its own; progress lines arrive as they happen. */
export type Actor = (request: Request, progress: (line: string) => void) => Promise<Outcome>;

export interface Log {
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** Everything that the stages may ask of the machine. */
export interface Ports {
  clock: Clock;
  files: Files;
  dial: Dialer;
  act: Actor;
  log: Log;
}

export type { Failure };
