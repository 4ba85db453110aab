import type { Finding } from '@certherd/protocol/finding';
import type { Holding } from './holdings.ts';

/** What is presented counts for more than the file that it comes from. */
export function subjectsOf({ endpoints, files }: Holding): Finding['subject'][] {
  if (endpoints.length > 0) return endpoints.map((id) => ({ kind: 'endpoint', id }));
  return files.slice(0, 1).map((id) => ({ kind: 'file', id }));
}

/** As long as a finding's texts may be. */
export function clipped(text: string): string {
  return text.slice(0, 4000);
}
