import type { Failure } from '@certherd/protocol/failure';
import type { Server } from '@certherd/protocol/snapshot';

/** One directive as httpd hands it to a module: variables are put in, includes and conditions are followed. */
export interface ApacheDirective {
  /** In lower case; a section's name stands without its "<". */
  name: string;
  /** As it is written, for messages. */
  written: string;
  args: string[];
  /** Absolute path of the file that holds it. */
  file: string;
  /** Its last line, which is the one that httpd names. */
  line: number;
  /** A section's opening line had no ">". */
  open?: true;
  block?: ApacheDirective[];
}

export type ServerFailure = NonNullable<Server['failure']>;

/** An objection of httpd's with its place, worded as httpd words it. */
export function objection(
  detail: string,
  { file, line }: { file: string; line: number },
  reason: Failure['reason'] = 'syntax',
): ServerFailure {
  return { reason, detail: `${detail} (line ${line} of ${file})`.slice(0, 2000), file, line };
}
