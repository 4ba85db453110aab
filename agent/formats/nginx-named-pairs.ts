import type { Directive } from './nginx-parser.ts';

/** The directives by which one server block names its certificates: its own, or those of the block around it. */
export interface NamedPairs {
  server: Directive;
  certificates: Directive[];
  keys: Directive[];
  /** What else is said about a certificate of one issuer: ssl_trusted_certificate, ssl_stapling, ssl_stapling_file. */
  besides: Directive[];
}

/** For each server block of http, stream and mail (includes followed), in order, as nginx inherits them: each list as a whole. */
export function namedPairs(directives: readonly Directive[]): NamedPairs[] {
  const outer = directives.filter(({ name, block }) => block && ['http', 'stream', 'mail'].includes(name));
  return outer.flatMap(({ block: around = [] }) =>
    around
      .filter(({ name, block }) => name === 'server' && block)
      .map((server) => {
        const inherited = (name: string) => {
          const own = named(server.block ?? [], name);
          return own.length > 0 ? own : named(around, name);
        };
        return {
          server,
          certificates: inherited('ssl_certificate'),
          keys: inherited('ssl_certificate_key'),
          besides: ['ssl_trusted_certificate', 'ssl_stapling', 'ssl_stapling_file'].flatMap(inherited),
        };
      }),
  );
}

function named(block: readonly Directive[], wanted: string): Directive[] {
  return block.filter(({ name }) => name === wanted);
}
