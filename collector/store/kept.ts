import type { Result } from '@certherd/protocol/failure';
import type { NotKept } from '../receive/records.ts';

/** A value that is durable, or the reason why it is not. */
export type Kept<T> = Result<T, NotKept>;

/** Of something that was to be kept behind what could not be. */
export const behindFailed: NotKept = { reason: 'write-failed', detail: 'what came before it could not be kept' };
